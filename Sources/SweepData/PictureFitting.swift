import SweepCore

/// Brings pictures to the size and the channels of a model's images.
struct PictureFitting {
    let shape: ImageShape
    /// How a picture of another size is fitted; nil: it is a mistake.
    let fit: ImageFolder.Fit?
    let limits: FileBytes.Limits

    /// A picture file.
    struct File {
        let path: String
        /// What messages call it.
        let name: String
    }

    /// The pixels of a file's content, row after row, the channels of a pixel together; throws a mistake of `file`.
    func pixels(_ bytes: [UInt8], file: String) throws(DataProblem) -> [UInt8] {
        let picture = try Picture(bytes: bytes, channels: shape.channels, file: file)
        if let fit { return picture.fitted(height: shape.height, width: shape.width, fit) }
        guard picture.height == shape.height, picture.width == shape.width else {
            throw DataProblem(
                .picture,
                file: file,
                wrong: "the picture has another size than the images that the model was trained on",
                found: "\(picture.height) × \(picture.width)",
                allowed: "\(shape.height) × \(shape.width)"
            )
        }
        return picture.pixels
    }

    /// The values of all files, one after the other; nil when any of them is wrong, and then it is reported.
    ///
    /// `folder` is what messages call where they are. Their size is compared with the limit before the first is read.
    func read(_ files: [File], of folder: String, problems: inout ProblemList) -> FeatureCells? {
        let before = problems.count
        let rowSize = shape.height * shape.width * shape.channels
        // The side has a limit, and so has the number of files: no product overflows.
        guard files.count * rowSize * MemoryLayout<Float>.stride <= limits.unpacked else {
            problems.add(
                DataProblem(
                    .tooLarge,
                    file: folder,
                    wrong: "the pictures are too many for their size",
                    found: "\(files.count) of \(shape.height) × \(shape.width) × \(shape.channels)",
                    allowed: "at most \(limits.unpacked) bytes, 4 a value"
                )
            )
            return nil
        }
        let values: FeatureMemory
        do throws(NoRoom) {
            values = try FeatureMemory(count: files.count * rowSize, mappedAbove: limits.resident)
        } catch {
            problems.add(DataProblem(noRoom: error, file: folder))
            return nil
        }
        var next = values.floats
        var faults = 0
        for file in files {
            do throws(DataProblem) {
                let bytes = try FileBytes.read(path: file.path, name: file.name, limits: limits)
                for pixel in try pixels(bytes, file: file.name) {
                    next.pointee = Float(pixel)
                    next += 1
                }
            } catch {
                problems.add(error)
                faults += 1
                // A folder of something else would give a mistake a file.
                if faults == DataProblems.limitOfAKind { break }
            }
        }
        return problems.count == before ? FeatureCells(values) : nil
    }
}
