import SweepCore

/// A few training rows that are pictures, small enough to be shown.
enum PictureSample {
    /// So many classes are shown, and at most so many pictures of each, or so many of numbers.
    private static let classLimit = 24
    private static let pictureLimit = 8
    /// Neither side of what is shown has more pixels.
    private static let side = 56
    /// Bytes of all pictures together, but one of each class is shown whatever it takes.
    private static let greatest = 192 << 10

    /// Of classes equally many of each of the first that have training rows, evenly from the first row of a class to the last; of
    /// numbers evenly from the least target to the greatest. Nil where rows are no pictures.
    static func pictures(_ data: DataSet) -> DataOverview.Pictures? {
        guard let image = data.schema.image, !data.split.training.isEmpty else { return nil }
        let shape = shown(image)
        let size = shape.height * shape.width * shape.channels
        let (groups, total) = rows(data, budget: greatest / max(1, size))
        let (black, white) = ends(data, groups.flatMap(\.rows))
        return DataOverview.Pictures(
            original: image,
            shown: shape,
            black: black,
            white: white,
            groups: groups.map { group in
                DataOverview.Pictures.Group(
                    label: group.label,
                    pictures: group.rows.map { row in
                        DataOverview.Pictures.Picture(
                            row: Int(row) + 1,
                            target: target(data, row),
                            bytes: bytes(data, row, image, shape, black, white)
                        )
                    }
                )
            },
            classesTotal: total
        )
    }

    /// The pixels of a side that one shown pixel is the mean of.
    private static func factor(_ image: ImageShape) -> Int { (max(image.height, image.width) + side - 1) / side }

    /// Red, green and blue are shown as such; of any other number of channels the first.
    private static func shown(_ image: ImageShape) -> ImageShape {
        let factor = max(1, factor(image))
        return ImageShape(
            height: (image.height + factor - 1) / factor,
            width: (image.width + factor - 1) / factor,
            channels: image.channels == 3 ? 3 : 1
        )
    }

    private static func rows(_ data: DataSet, budget: Int) -> (groups: [(label: String?, rows: [Int32])], total: Int) {
        switch data.targets {
        case .values(let values):
            let ordered = data.split.training.sorted {
                values[Int($0)] != values[Int($1)] ? values[Int($0)] < values[Int($1)] : $0 < $1
            }
            return ([(nil, spread(ordered, min(classLimit, max(1, budget))))], 0)
        case .classes(let classes):
            var byClass = [[Int32]](repeating: [], count: data.schema.classes.count)
            for row in data.split.training { byClass[Int(classes[Int(row)])].append(row) }
            let present = byClass.indices.filter { !byClass[$0].isEmpty }
            let some = present.prefix(classLimit)
            let least = some.map { byClass[$0].count }.min() ?? 0
            let each = max(1, min(pictureLimit, least, budget / max(1, some.count)))
            return (some.map { (data.schema.classes[$0], spread(byClass[$0], each)) }, present.count)
        }
    }

    /// So many of the rows, or all, evenly from the first to the last.
    private static func spread(_ rows: [Int32], _ count: Int) -> [Int32] {
        guard rows.count > count else { return rows }
        guard count > 1 else { return [rows[0]] }
        return (0..<count).map { rows[$0 * (rows.count - 1) / (count - 1)] }
    }

    private static func target(_ data: DataSet, _ row: Int32) -> Double? {
        if case .values(let values) = data.targets { Double(values[Int(row)]) } else { nil }
    }

    /// What is black and what is white: 0 and 1 or 0 and 255 where the rows' values are so, else the least and the greatest of them.
    private static func ends(_ data: DataSet, _ rows: [Int32]) -> (black: Double, white: Double) {
        var (low, high) = (Float.infinity, -Float.infinity)
        data.features.withUnsafeBufferPointer { cells in
            for row in rows {
                for cell in cells[Int(row) * data.featureCount..<(Int(row) + 1) * data.featureCount] {
                    // Neither is changed by NaN.
                    if cell < low { low = cell }
                    if cell > high { high = cell }
                }
            }
        }
        guard low <= high else { return (0, 1) }
        if low >= 0, high <= 1 { return (0, 1) }
        if low >= 0, high <= 255 { return (0, 255) }
        return (Double(low), low < high ? Double(high) : Double(low) + 1)
    }

    private static func bytes(
        _ data: DataSet,
        _ row: Int32,
        _ image: ImageShape,
        _ shape: ImageShape,
        _ black: Double,
        _ white: Double
    ) -> [UInt8] {
        let factor = max(1, factor(image))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(shape.height * shape.width * shape.channels)
        data.features.withUnsafeBufferPointer { cells in
            let first = Int(row) * data.featureCount
            for top in stride(from: 0, to: image.height, by: factor) {
                for left in stride(from: 0, to: image.width, by: factor) {
                    for channel in 0..<shape.channels {
                        var (sum, count) = (0.0, 0)
                        for y in top..<min(image.height, top + factor) {
                            for x in left..<min(image.width, left + factor) {
                                let cell = cells[first + (y * image.width + x) * image.channels + channel]
                                guard !cell.isNaN else { continue }
                                sum += Double(cell)
                                count += 1
                            }
                        }
                        let mean = count > 0 ? sum / Double(count) : black
                        bytes.append(UInt8(max(0, min(255, ((mean - black) / (white - black) * 255).rounded()))))
                    }
                }
            }
        }
        return bytes
    }
}
