/// Where rows are read from; paths are relative to the sweep file.
package enum DataSource: Hashable, Sendable {
    /// Delimited text.
    case table(String)
    /// IDX features with IDX labels.
    case images(String, labels: String)
    /// Two arrays of one NPZ file, by their names in it.
    case arrays(String, features: String, labels: String)
    /// Two NPY files.
    case arrayFiles(features: String, labels: String)
    /// A libsvm file: `label index:value …`.
    case libsvm(String)
    /// PNG and JPEG files, a subfolder a class.
    case folder(ImageFolder)
    /// Rows that are made, not read.
    case generated(GeneratorSpec)
}

/// A folder of images and how they become one size.
package struct ImageFolder: Hashable, Sendable {
    /// How an image of another shape is fitted to the one wanted.
    package enum Fit: String, CaseIterable, Sendable {
        /// Both sides are scaled on their own; the proportions change.
        case stretch
        /// Scaled until it covers the shape; what sticks out is cut off on both sides evenly.
        case crop
        /// Scaled until it fits into the shape; the rest is black, on both sides evenly.
        case pad
    }

    package let path: String
    /// Pixels.
    package let height: Int
    package let width: Int
    /// 1: luminance, 3: red, green, blue.
    package let channels: Int
    package let fit: Fit

    package init(path: String, height: Int, width: Int, channels: Int = 3, fit: Fit = .stretch) {
        self.path = path
        self.height = height
        self.width = width
        self.channels = channels
        self.fit = fit
    }

    /// The greatest height and width: beyond it even one image has more inputs than a model can use.
    package static let greatestSide = 4096
}

extension SpecReader {
    /// What `source` may be, in words.
    static let dataSources = "a file, or a map with images, arrays, features, libsvm, folder or generate"

    /// Reads `source`.
    func dataSource() -> DataSource? {
        if case .text(let file) = node, !file.isEmpty { return .table(file) }
        guard case .map = node else {
            refuse(Self.dataSources)
            return nil
        }
        if node["images"] != nil { return images() }
        if node["arrays"] != nil { return arrays() }
        if node["features"] != nil { return arrayFiles() }
        if node["libsvm"] != nil { return fields(["libsvm"])?.required("libsvm", "a file")?.text().map { .libsvm($0) } }
        if node["folder"] != nil { return imageFolder() }
        if node["generate"] != nil { return generator().map { .generated($0) } }
        if node["labels"] != nil {
            _ = fields(["images", "labels"])?.required("images", "an IDX file")
        } else if fields(["images", "labels", "arrays", "features", "libsvm", "folder", "generate"]) != nil {
            report("names nothing to read", allowed: Self.dataSources)
        }
        return nil
    }

    private func images() -> DataSource? {
        guard let fields = fields(["images", "labels"]) else { return nil }
        let images = fields.required("images", "an IDX file")?.text()
        let labels = fields.required("labels", "an IDX file")?.text()
        guard let images, let labels else { return nil }
        return .images(images, labels: labels)
    }

    private func arrays() -> DataSource? {
        guard let fields = fields(["arrays", "features", "labels"]) else { return nil }
        let file = fields.required("arrays", "an NPZ file")?.text()
        let features = fields.required("features", "the name of an array in the file")?.text()
        let labels = fields.required("labels", "the name of an array in the file")?.text()
        guard let file, let features, let labels else { return nil }
        return .arrays(file, features: features, labels: labels)
    }

    private func arrayFiles() -> DataSource? {
        guard let fields = fields(["features", "labels"]) else { return nil }
        let features = fields.required("features", "an NPY file")?.text()
        let labels = fields.required("labels", "an NPY file")?.text()
        guard let features, let labels else { return nil }
        return .arrayFiles(features: features, labels: labels)
    }

    private func imageFolder() -> DataSource? {
        guard let fields = fields(["folder", "height", "width", "channels", "resize"]) else { return nil }
        let sides = 1...ImageFolder.greatestSide
        let path = fields.required("folder", "a folder with a subfolder a class")?.text()
        let height = fields.required("height", "pixels")?.integer(in: sides)
        let width = fields.required("width", "pixels")?.integer(in: sides)
        let channels = fields.optional("channels").map { $0.colourChannels() } ?? 3
        let fit = fields.optional("resize").map { $0.word(ImageFolder.Fit.self) } ?? .stretch
        guard let path, let height, let width, let channels, let fit else { return nil }
        return .folder(ImageFolder(path: path, height: height, width: width, channels: channels, fit: fit))
    }

    private func colourChannels() -> Int? {
        if case .integer(let count) = node, count == 1 || count == 3 { return count }
        refuse("1 (grey) or 3 (red, green, blue)")
        return nil
    }
}
