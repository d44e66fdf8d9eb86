import SweepCore

extension NewRowReader {
    /// Whether a file's name is that of a picture, so that it is meant as one whatever it holds.
    static func isNamedAsPicture(_ file: String) -> Bool {
        let name = file.lowercased()
        return [".png", ".jpg", ".jpeg"].contains { name.hasSuffix($0) }
    }

    /// Reads one picture.
    func readPicture(_ bytes: [UInt8], problems: inout ProblemList) -> NewRows? {
        guard let fitting = fitting("a picture", problems: &problems) else { return nil }
        do throws(DataProblem) {
            let pixels = try fitting.pixels(bytes, file: file)
            return NewRows(features: pixels.map { Float($0) }, rowCount: 1, names: [file])
        } catch {
            problems.add(error)
            return nil
        }
    }

    /// Reads the pictures of a folder: those in its subfolders where it has any, as in training, else those in it; each in the
    /// order of the names' bytes. What begins with a point does not count.
    func readFolder(_ path: String, problems: inout ProblemList) -> NewRows? {
        let before = problems.count
        guard let fitting = fitting("a folder", problems: &problems),
            let subfolders = ImageFolderReader.names(path, file, ofFolders: true, problems: &problems),
            let own = ImageFolderReader.names(path, file, ofFolders: false, problems: &problems)
        else { return nil }
        var names = subfolders.isEmpty ? own : []
        if !subfolders.isEmpty, let beside = own.first(where: Self.isNamedAsPicture) {
            problems.add(
                DataProblem(
                    .picture,
                    file: file,
                    wrong: "pictures stand both in the folder and in its subfolders",
                    found: "'\(beside)' and '\(subfolders[0])'",
                    allowed: "pictures alone, or subfolders with pictures"
                )
            )
            return nil
        }
        for folder in subfolders {
            let inner = ImageFolderReader.names(
                path + "/" + folder,
                file + "/" + folder,
                ofFolders: false,
                problems: &problems
            )
            names += (inner ?? []).map { folder + "/" + $0 }
        }
        guard problems.count == before else { return nil }
        guard !names.isEmpty else {
            problems.add(
                DataProblem(
                    .empty,
                    file: file,
                    wrong: "the folder has no pictures",
                    allowed: "PNG or JPEG files, or subfolders with them"
                )
            )
            return nil
        }
        let files = names.map { PictureFitting.File(path: path + "/" + $0, name: file + "/" + $0) }
        guard let features = fitting.read(files, of: file, problems: &problems) else { return nil }
        return NewRows(features: Array(features), rowCount: names.count, names: names)
    }

    /// What makes pictures the model's images; nil when the model reads none, and then it is reported.
    private func fitting(_ found: String, problems: inout ProblemList) -> PictureFitting? {
        guard let image = expectation.image, image.height * image.width * image.channels == columns.count else {
            problems.add(
                DataProblem(
                    .picture,
                    file: file,
                    wrong: "the model was not trained on images",
                    found: found,
                    allowed: "a file with its \(columns.count) column\(columns.count == 1 ? "" : "s")"
                )
            )
            return nil
        }
        guard image.channels == 1 || image.channels == 3 else {
            problems.add(
                DataProblem(
                    .picture,
                    file: file,
                    wrong: "the images that the model was trained on are no pictures",
                    found: "\(image.channels) channels",
                    allowed: "an array of rows × \(image.height) × \(image.width) × \(image.channels)"
                )
            )
            return nil
        }
        let fit: ImageFolder.Fit? = if case .pictures(let fit) = expectation.form { fit } else { nil }
        return PictureFitting(shape: image, fit: fit, limits: limits)
    }
}
