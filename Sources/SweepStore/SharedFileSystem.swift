import Glibc

/// A file system that several machines may share.
///
/// There a directory's lock is worth what the file system makes of it (an NFS that was mounted without locks lets a second coordinator in
/// from another machine), and each commit waits for the network.
package struct SharedFileSystem: Hashable, Sendable {
    /// Its usual name.
    package let name: String

    /// The one that the kernel calls `type`; nil for every other: those of one machine, and FUSE's, which may be anything.
    package init?(type: some StringProtocol) {
        switch type {
        case "nfs", "nfs4": name = "NFS"
        case "cifs", "smb3": name = "SMB"
        case "afs": name = "AFS"
        case "ceph": name = "Ceph"
        case "lustre": name = "Lustre"
        case "gpfs": name = "GPFS"
        case "beegfs": name = "BeeGFS"
        default: return nil
        }
    }

    /// The one that holds `path`, which is absolute and has no links in it, as `mounts` tells, the text of `/proc/self/mountinfo`
    /// (proc_pid_mountinfo(5)); nil where that is of one machine.
    package init?(holding path: String, mounts: String) {
        var found: (depth: Int, type: Substring)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            // Behind the fields that may be there or not stands a dash, and behind it the type.
            guard fields.count > 5, let dash = fields.dropFirst(6).firstIndex(of: "-"), dash + 1 < fields.count else {
                continue
            }
            let point = Self.unescaped(fields[4])
            let isAbove = point == "/" || path == point || path.hasPrefix(point + "/")
            // What was mounted later at the same place hides what was there.
            if isAbove, point.utf8.count >= found?.depth ?? 0 { found = (point.utf8.count, fields[dash + 1]) }
        }
        guard let found else { return nil }
        self.init(type: found.type)
    }

    /// The one that holds what is at `path`; nil where that is of one machine, or not there, or not known.
    package init?(holding path: String) {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        guard let file = try? FileSystem.open("/proc/self/mountinfo", O_RDONLY) else { return nil }
        var text: [UInt8] = []
        // The kernel tells no size. A machine of very many mounts has some hundred KiB.
        while text.count < 16 << 20, let piece = try? file.read(upTo: 1 << 16), !piece.isEmpty { text += piece }
        self.init(holding: String(cString: resolved), mounts: String(decoding: text, as: UTF8.self))
    }

    /// A field with its blanks, tabs, line ends and backslashes, which are written as three octal digits behind a backslash.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
