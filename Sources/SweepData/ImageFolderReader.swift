internal import Glibc
import SweepCore

/// Reads a folder of pictures: a subfolder a class, each picture fitted to one size.
///
/// Classes are the subfolders' names and rows the files in them, both in the order of their names' bytes; what begins with a
/// point does not count, nor do files beside the subfolders.
struct ImageFolderReader {
    let folder: ImageFolder
    /// Where the folder is.
    let path: String
    let limits: FileBytes.Limits

    /// Files and subfolders of a folder: more are a mistake, and would not fit in memory.
    private static let greatestCount = 10_000_000

    /// The table of all pictures; nil when anything is wrong, and then `problems` has it.
    func read(problems: inout ProblemList) -> RawTable? {
        let before = problems.count
        guard let classes = Self.names(path, folder.path, ofFolders: true, problems: &problems) else { return nil }
        if classes.isEmpty {
            problems.add(
                DataProblem(
                    .empty,
                    file: folder.path,
                    wrong: "the folder has no subfolders",
                    allowed: "a subfolder a class, with PNG or JPEG files in it"
                )
            )
        }
        var files: [(name: String, label: String)] = []
        for label in classes {
            let (place, name) = (path + "/" + label, folder.path + "/" + label)
            let own = Self.names(place, name, ofFolders: false, problems: &problems) ?? []
            if own.isEmpty {
                problems.add(
                    DataProblem(
                        .empty,
                        file: name,
                        wrong: "the subfolder has no files",
                        allowed: "PNG or JPEG files"
                    )
                )
            }
            files += own.map { (label + "/" + $0, label) }
        }
        let shape = ImageShape(height: folder.height, width: folder.width, channels: folder.channels)
        let fitting = PictureFitting(shape: shape, fit: folder.fit, limits: limits)
        let features = fitting.read(
            files.map { PictureFitting.File(path: path + "/" + $0.name, name: folder.path + "/" + $0.name) },
            of: folder.path,
            problems: &problems
        )
        guard problems.count == before, let features else { return nil }
        return RawTable(
            file: folder.path,
            columns: RawColumn.pixels(shape),
            isNamed: false,
            targetName: "folder",
            features: features,
            targets: files.map { .text($0.label) },
            image: shape
        )
    }

    /// The sorted names in a folder, of its subfolders or of all else; nil when it cannot be read, and then it is reported.
    static func names(
        _ path: String,
        _ name: String,
        ofFolders: Bool,
        problems: inout ProblemList
    ) -> [String]? {
        func failed(_ wrong: String) {
            problems.add(
                DataProblem(.unreadable, file: name, wrong: wrong, allowed: "a folder that this user may read")
            )
        }
        guard let directory = opendir(path) else {
            failed("the folder cannot be opened: \(String(cString: strerror(errno)))")
            return nil
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard bytes.first != UInt8(ascii: ".") else { continue }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                failed("a name in the folder is not UTF-8")
                return nil
            }
            var status = stat()
            guard stat(path + "/" + text, &status) == 0 else {
                failed("'\(text)' cannot be read: \(String(cString: strerror(errno)))")
                continue
            }
            if (status.st_mode & S_IFMT == S_IFDIR) == ofFolders { names.append(text) }
            guard names.count <= Self.greatestCount else {
                failed("there are more than \(Self.greatestCount) files")
                return nil
            }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
