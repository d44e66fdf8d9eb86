import SweepCore

/// Joins an IDX file of features (MNIST: images) with one of labels.
struct IDXReader {
    /// Whether a missing feature (NaN) is a mistake; not so when the sweep imputes.
    let allowsMissing: Bool

    /// The table of both files; nil when anything is wrong, and then `problems` has it.
    ///
    /// Features: n × d, or n × height × width for images of one channel; labels: n.
    func read(
        images: (bytes: [UInt8]?, file: String),
        labels: (bytes: [UInt8]?, file: String),
        problems: inout ProblemList
    ) -> RawTable? {
        let before = problems.count
        let pixels = open(images.bytes, images.file, problems: &problems)
        let classes = open(labels.bytes, labels.file, problems: &problems)
        if let pixels, pixels.sizes.count != 2, pixels.sizes.count != 3 {
            problems.add(
                DataProblem(
                    .idx,
                    file: images.file,
                    wrong: "the features have a wrong number of dimensions",
                    found: shape(pixels),
                    allowed: "rows × columns, or rows × height × width"
                )
            )
        }
        if let classes, classes.sizes.count != 1 {
            problems.add(
                DataProblem(
                    .idx,
                    file: labels.file,
                    wrong: "the labels have a wrong number of dimensions",
                    found: shape(classes),
                    allowed: "one dimension: a label a row"
                )
            )
        }
        if let pixels, let classes, classes.sizes.count == 1, pixels.sizes[0] != classes.sizes[0] {
            problems.add(
                DataProblem(
                    .idx,
                    file: labels.file,
                    wrong: "there are not as many labels as rows in \(images.file)",
                    found: "\(classes.sizes[0])",
                    allowed: "\(pixels.sizes[0])"
                )
            )
        }
        guard problems.count == before, let pixels, let classes else { return nil }
        let features = pixels.floats()
        checkFinite(features, pixels, file: images.file, problems: &problems)
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
        let isImage = pixels.sizes.count == 3
        return RawTable(
            file: labels.file,
            featureNames: names(pixels),
            isNamed: false,
            targetName: "label",
            features: features,
            targets: targets.map { .number($0) },
            image: isImage ? (pixels.sizes[1], pixels.sizes[2]) : nil,
            lines: []
        )
    }

    private func open(_ bytes: [UInt8]?, _ file: String, problems: inout ProblemList) -> IDXFile? {
        // Without bytes the file could not be read, which is reported already.
        guard let bytes else { return nil }
        do throws(DataProblem) {
            return try IDXFile(bytes: bytes, file: file)
        } catch {
            problems.add(error)
            return nil
        }
    }

    private func checkFinite(_ features: [Float], _ pixels: IDXFile, file: String, problems: inout ProblemList) {
        guard pixels.type == .float || pixels.type == .double else { return }
        var missing = 0
        var firstMissing: Int?
        for (index, value) in features.enumerated() where !value.isFinite {
            if value.isNaN {
                missing += 1
                if firstMissing == nil { firstMissing = index / pixels.rowSize }
            } else {
                problems.add(.number, file: file) {
                    DataProblem(
                        .number,
                        file: file,
                        wrong: "a value of row \(index / pixels.rowSize) is infinite or too large",
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

    private func names(_ pixels: IDXFile) -> [String] {
        guard pixels.sizes.count == 3 else { return (0..<pixels.rowSize).map { "column_\($0)" } }
        return (0..<pixels.sizes[1]).flatMap { row in (0..<pixels.sizes[2]).map { "pixel_\(row)_\($0)" } }
    }

    private func shape(_ file: IDXFile) -> String {
        file.sizes.map { String($0) }.joined(separator: " × ")
    }
}
