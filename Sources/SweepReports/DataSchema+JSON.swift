package import SweepCore

extension DataSchema {
    /// `{"features", "image": {"height", "width", "channels"} or null, "task": {"classes", "training_counts"} or
    /// {"mean", "variance"}, "training_rows", "validation_rows", "test_rows"}`.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("features", .array(features.map { .text($0) }))
        object.add(
            "image",
            image.map {
                .object([
                    JSONMember("height", .integer($0.height)), JSONMember("width", .integer($0.width)),
                    JSONMember("channels", .integer($0.channels)),
                ])
            } ?? .null
        )
        var about = JSONObjectBuilder()
        switch task {
        case .classification(let classes, let counts):
            about.add("classes", .array(classes.map { .text($0) }))
            about.add("training_counts", .array(counts.map { .integer($0) }))
        case .regression(let mean, let variance):
            about.add("mean", mean)
            about.add("variance", variance)
        }
        object.add("task", about.object)
        object.add("training_rows", trainingRows)
        object.add("validation_rows", validationRows)
        object.add("test_rows", testRows)
        return object.object
    }

    /// Reads a schema from JSON.
    package init(_ reader: DocumentReader) throws(DocumentError) {
        let about = try reader.field("task")
        let task: DataTask
        if let classes = about.optional("classes") {
            let names = try classes.items().each { reader throws(DocumentError) in try reader.text() }
            let counts = try about.field("training_counts").items().each { reader throws(DocumentError) in
                try reader.count()
            }
            guard names.count == counts.count, !names.isEmpty else { throw about.wrong("a count for each class") }
            task = .classification(classes: names, trainingCounts: counts)
        } else {
            let mean = try about.field("mean").number()
            let variance = try about.field("variance").number()
            guard variance >= 0 else { throw about.wrong("a variance from 0") }
            task = .regression(mean: mean, variance: variance)
        }
        let features = try reader.field("features").items().each { reader throws(DocumentError) in try reader.text() }
        var image: ImageShape?
        if let shape = reader.optional("image") {
            let height = try shape.field("height").count()
            let width = try shape.field("width").count()
            // Clients of earlier versions do not send it.
            let channels = try shape.optional("channels")?.count() ?? 1
            let (pixels, overflow) = height.multipliedReportingOverflow(by: width)
            let (values, overflowToo) = pixels.multipliedReportingOverflow(by: channels)
            guard !overflow, !overflowToo, values == features.count else {
                throw shape.wrong("height × width × channels features")
            }
            image = ImageShape(height: height, width: width, channels: channels)
        }
        self.init(
            features: features,
            image: image,
            task: task,
            trainingRows: try reader.field("training_rows").count(),
            validationRows: try reader.field("validation_rows").count(),
            testRows: try reader.field("test_rows").count()
        )
    }
}

extension DocumentReader {
    /// A whole number from 0 to 2⁴⁰: sums of such numbers do not overflow.
    fileprivate func count() throws(DocumentError) -> Int {
        let count = try integer()
        guard (0...(1 << 40)).contains(count) else { throw wrong("a whole number from 0") }
        return count
    }
}
