import Glibc

/// Why a key file or a list of allowed keys cannot be used, said for the person who has to mend it.
package struct KeyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Sendable, Equatable {
        /// There is no such file.
        case missing
        /// It is a symbolic link to a file that is not there.
        case dangling
        /// A file of that name is there already, and is left alone.
        case exists
        /// Others than its owner may read it (or, of a list of allowed keys, write it). The mode's permission bits.
        case exposed(mode: UInt32)
        /// It is a folder, a socket, a device; or far larger than such a file can be.
        case notAKeyFile
        /// Its text has mistakes: all of them.
        case malformed([KeyMistake])
        /// A call of the system failed.
        case system(operation: String, code: Int32)
    }

    package let reason: Reason
    /// The file.
    package let path: String

    package init(_ reason: Reason, path: String) {
        self.reason = reason
        self.path = path
    }

    package var description: String {
        switch reason {
        case .missing:
            return "\(path): there is no such file; `sweepd keys new` makes keys"
        case .dangling:
            return "\(path): is a link to a file that is not there; make that file, or remove the link"
        case .exists:
            return "\(path): exists already; keys are never written over, choose another name or remove it first"
        case .exposed(let mode):
            let octal = String(mode, radix: 8)
            return
                "\(path): its permissions (0\(octal)) let others in; only its owner may have access: chmod 600 \(path)"
        case .notAKeyFile:
            return "\(path): is no file of keys"
        case .malformed(let mistakes):
            return mistakes.map { "\(path):\($0.line): \($0.text)" }.joined(separator: "\n")
        case .system(let operation, let code):
            return "\(path): cannot \(operation): \(String(cString: strerror(code)))"
        }
    }
}

/// A mistake in a file of keys.
package struct KeyMistake: Sendable, Equatable {
    /// From 1.
    package let line: Int
    /// What was found, and what is allowed.
    ///
    /// Never repeats a secret.
    package let text: String

    package init(line: Int, text: String) {
        self.line = line
        self.text = text
    }
}
