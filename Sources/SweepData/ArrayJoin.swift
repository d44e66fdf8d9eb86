import SweepCore

/// An array of numbers in a file, the last dimension running fastest.
protocol NumberArray: Sendable {
    /// The size of each dimension, none 0; the first counts the rows.
    var sizes: [Int] { get }
    /// Whether elements can be NaN or infinite.
    var canBeMissing: Bool { get }
    /// Writes all elements, rounded to the nearest float, which may be infinite.
    func write(to output: UnsafeMutablePointer<Float>)
    /// The element at an index, in the order of the file.
    subscript(index: Int) -> Double { get }
}

extension NumberArray {
    var elementCount: Int { sizes.reduce(1, *) }
    /// The elements of a row.
    var rowSize: Int { sizes.dropFirst().reduce(1, *) }
    /// `10000 × 28 × 28`.
    var shape: String { sizes.map { String($0) }.joined(separator: " × ") }

    /// All elements as floats, beyond `resident` bytes in a file; `file` is what a full disk is told of.
    func cells(resident: Int, file: String) throws(DataProblem) -> FeatureCells {
        do throws(NoRoom) {
            let memory = try FeatureMemory(count: elementCount, mappedAbove: resident)
            write(to: memory.floats)
            return FeatureCells(memory)
        } catch { throw DataProblem(noRoom: error, file: file) }
    }
}

/// Joins an array of features (MNIST: images) with one of labels.
struct ArrayJoin {
    /// What mistakes of the arrays' shapes are.
    let kind: DataProblem.Kind
    /// Whether a missing feature (NaN) is a mistake; not so when the sweep imputes.
    let allowsMissing: Bool
    /// Bytes of elements beyond which they are held in a file.
    var resident = ResidentLimit.bytes

    /// The table of both arrays; nil when anything is wrong, and then `problems` has it. An array that could not be read is
    /// nil, and reported already.
    ///
    /// Features: n × d, or n × height × width, or n × height × width × channels; labels: n, or n × 1.
    func join(
        features: (array: (any NumberArray)?, file: String),
        labels: (array: (any NumberArray)?, file: String),
        problems: inout ProblemList
    ) -> RawTable? {
        let before = problems.count
        check(features, labels, problems: &problems)
        guard problems.count == before, let pixels = features.array, let classes = labels.array else { return nil }
        let values: FeatureCells
        do throws(DataProblem) { values = try pixels.cells(resident: resident, file: features.file) } catch {
            problems.add(error)
            return nil
        }
        checkFinite(values, pixels, file: features.file, problems: &problems)
        let targets = (0..<classes.elementCount).map { classes[$0] }
        for (row, target) in targets.enumerated() where !Float(target).isFinite {
            problems.add(.target, file: labels.file) {
                DataProblem(
                    .target,
                    file: labels.file,
                    wrong: "the target of row \(row) is not a finite number",
                    found: "\(target)",
                    allowed: "finite numbers"
                )
            }
        }
        guard problems.count == before else { return nil }
        let image =
            pixels.sizes.count >= 3
            ? ImageShape(
                height: pixels.sizes[1],
                width: pixels.sizes[2],
                channels: pixels.sizes.count == 4 ? pixels.sizes[3] : 1
            ) : nil
        return RawTable(
            file: labels.file,
            columns: image.map(RawColumn.pixels) ?? (0..<pixels.rowSize).map { RawColumn(name: "column_\($0)") },
            isNamed: false,
            targetName: "label",
            features: values,
            targets: targets.map { .number($0) },
            image: image
        )
    }

    private func check(
        _ features: (array: (any NumberArray)?, file: String),
        _ labels: (array: (any NumberArray)?, file: String),
        problems: inout ProblemList
    ) {
        if let pixels = features.array, !(2...4 ~= pixels.sizes.count) {
            problems.add(
                DataProblem(
                    kind,
                    file: features.file,
                    wrong: "the features have a wrong number of dimensions",
                    found: pixels.shape,
                    allowed: "rows × columns, rows × height × width, or rows × height × width × channels"
                )
            )
        }
        if let pixels = features.array, pixels.sizes.count == 4, pixels.sizes[3] > ImageShape.greatestChannels {
            problems.add(
                DataProblem(
                    kind,
                    file: features.file,
                    wrong: "the images have too many channels",
                    found: "\(pixels.sizes[3])",
                    allowed: "at most \(ImageShape.greatestChannels), as the last dimension"
                )
            )
        }
        guard let classes = labels.array else { return }
        guard classes.sizes.count == 1 || classes.sizes.count == 2 && classes.sizes[1] == 1 else {
            problems.add(
                DataProblem(
                    kind,
                    file: labels.file,
                    wrong: "the labels have a wrong number of dimensions",
                    found: classes.shape,
                    allowed: "one dimension: a label a row"
                )
            )
            return
        }
        if let pixels = features.array, pixels.sizes[0] != classes.sizes[0] {
            problems.add(
                DataProblem(
                    kind,
                    file: labels.file,
                    wrong: "there are not as many labels as rows in \(features.file)",
                    found: "\(classes.sizes[0])",
                    allowed: "\(pixels.sizes[0])"
                )
            )
        }
    }

    private func checkFinite(
        _ features: FeatureCells,
        _ pixels: any NumberArray,
        file: String,
        problems: inout ProblemList
    ) {
        guard pixels.canBeMissing else { return }
        let rowSize = pixels.rowSize
        var missing = 0
        var firstMissing: Int?
        for (index, value) in features.enumerated() where !value.isFinite {
            if value.isNaN {
                missing += 1
                if firstMissing == nil { firstMissing = index / rowSize }
            } else {
                problems.add(.number, file: file) {
                    DataProblem(
                        .number,
                        file: file,
                        wrong: "a value of row \(index / rowSize) is infinite or too large",
                        found: "\(pixels[index])",
                        allowed: "finite numbers up to 3.4e38"
                    )
                }
            }
        }
        if let firstMissing, !allowsMissing {
            problems.add(
                DataProblem(
                    .missing,
                    file: file,
                    wrong: "\(missing) feature values are missing (NaN)",
                    found: "the first in row \(firstMissing)",
                    allowed: "no missing values, or the step impute in data.preprocess"
                )
            )
        }
    }

}

extension ImageShape {
    /// Channels of the packed form, where they take a byte.
    static let greatestChannels = 255
}

extension RawColumn {
    /// The columns of an image: row by row, pixel by pixel, channel by channel.
    static func pixels(_ shape: ImageShape) -> [RawColumn] {
        (0..<shape.height).flatMap { row in
            (0..<shape.width).flatMap { column in
                (0..<shape.channels).map { channel in
                    RawColumn(name: "pixel_\(row)_\(column)" + (shape.channels == 1 ? "" : "_\(channel)"))
                }
            }
        }
    }
}
