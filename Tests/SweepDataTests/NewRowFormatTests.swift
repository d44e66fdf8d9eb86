import SweepCore
import SweepData
import Testing

/// Rows of every format that a data set can be of, read for a model that was trained on it.
@Suite struct NewRowFormatTests {
    private static func numbers(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { little((Float($0) * 0.5).bitPattern) }
    }

    /// A folder with the files of these names.
    private static func folder(_ files: [(name: String, bytes: [UInt8])]) -> Folder {
        let folder = Folder()
        for file in files {
            if let slash = file.name.lastIndex(of: "/") { folder.makeFolder(String(file.name[..<slash])) }
            folder.write(file.name, file.bytes)
        }
        return folder
    }

    private static func expectation(_ data: DataSet, _ source: DataSource) -> NewRows.Expectation {
        NewRows.Expectation(columns: data.columns, image: data.schema.image, form: RowForm(source))
    }

    private static func read(
        _ folder: Folder,
        _ file: String,
        _ expectation: NewRows.Expectation,
        array: String? = nil,
        limits: FileBytes.Limits = FileBytes.Limits()
    ) -> Result<NewRows, DataProblems> {
        NewRows.read(
            path: folder.path + "/" + file,
            name: file,
            expecting: expectation,
            array: array,
            limits: limits
        )
    }

    private static func lines(_ result: Result<NewRows, DataProblems>) -> [String] {
        switch result {
        case .success: []
        case .failure(let problems): problems.problems.map(\.description)
        }
    }

    /// The same bits; NaN is a missing value.
    private static func bits(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }

    private static let labels = npy("|u1", "(4,)", [7, 3, 7, 3])
    private static let features = npy("<f4", "(4, 2)", numbers(8))
    private static let shades = npy("|u1", "(4, 2, 3)", (0..<24).map { UInt8($0) })

    /// A model of rows of numbers, without more being known of it.
    private static func plain(_ count: Int) -> NewRows.Expectation {
        NewRows.Expectation(columns: (0..<count).map { DataColumn(name: "x\($0)") })
    }

    @Test func `arrays and archives are the rows of the data set`() throws {
        let gap = npy("<f4", "(4, 2)", [1, .nan, 3, 4, 5, 6, 7, 8].flatMap { little(($0 as Float).bitPattern) })
        let folder = Self.folder([
            ("x.npy", Self.features), ("y.npy", Self.labels), ("gap.npy", gap), ("shades.npy", Self.shades),
            ("a.npz", npz([("y.npy", Self.labels), ("x.npy", Self.features)], deflated: true)),
            ("stored.npz", npz([("x.npy", gap), ("y.npy", Self.labels)], deflated: false)),
            ("packed.npz", gzipped(npz([("x.npy", Self.features), ("y.npy", Self.labels)], deflated: true))),
        ])
        for (source, file) in [
            (DataSource.arrayFiles(features: "x.npy", labels: "y.npy"), "x.npy"),
            (.arrayFiles(features: "gap.npy", labels: "y.npy"), "gap.npy"),
            (.arrayFiles(features: "shades.npy", labels: "y.npy"), "shades.npy"),
            (.arrays("a.npz", features: "x", labels: "y"), "a.npz"),
            (.arrays("stored.npz", features: "x", labels: "y"), "stored.npz"),
            (.arrays("packed.npz", features: "x", labels: "y"), "packed.npz"),
        ] {
            let spec = DataSpec(source: source, validation: .none, preprocess: [.impute])
            let data = try DataSet.load(spec, relativeTo: folder.path).get()
            let rows = try Self.read(folder, file, Self.expectation(data, source)).get()
            #expect(rows.rowCount == 4 && Self.bits(rows.features) == Self.bits(data.features), "\(file)")
            #expect(rows.names.isEmpty)
        }
    }

    @Test func `an archive's array is the one named, else that of training, else the only one`() throws {
        let other = npy("<f4", "(1, 2)", Self.numbers(2))
        let folder = Self.folder([
            ("one.npz", npz([("rows.npy", Self.features)], deflated: true)),
            ("two.npz", npz([("x.npy", Self.features), ("z.npy", other)], deflated: false)),
            ("none.npz", npz([("readme.txt", [1])], deflated: false)),
            ("x.npy", Self.features),
        ])
        var trained = Self.plain(2)
        trained.form = .archive(features: "x")
        #expect(try Self.read(folder, "one.npz", Self.plain(2)).get().rowCount == 4)
        #expect(try Self.read(folder, "two.npz", trained).get().rowCount == 4)
        #expect(try Self.read(folder, "two.npz", trained, array: "z").get().rowCount == 1)
        #expect(
            Self.lines(Self.read(folder, "one.npz", trained)) == [
                "one.npz: the archive has no array of this name; found x; allowed: 'rows'"
            ]
        )
        #expect(
            Self.lines(Self.read(folder, "two.npz", Self.plain(2))) == [
                "two.npz: the archive has several arrays; found 'x', 'z'; allowed: the name of the one that holds the rows"
            ]
        )
        #expect(
            Self.lines(Self.read(folder, "none.npz", Self.plain(2))) == [
                "none.npz: the archive has no array; allowed: what numpy.savez writes"
            ]
        )
        #expect(
            Self.lines(Self.read(folder, "x.npy", Self.plain(2), array: "x")) == [
                "x.npy: an array is named, and the file is no NPZ archive; found the name 'x'; "
                    + "allowed: what numpy.savez writes, or no name"
            ]
        )
        #expect(
            Self.lines(Self.read(folder, "one.npz", Self.plain(3))) == [
                "one.npz[rows]: the rows are not those that the model was trained on; found 4 × 2; "
                    + "allowed: rows of 3 numbers"
            ]
        )
    }

    @Test func `an archive that is damaged is told`() {
        var damaged = npz([("x.npy", Self.features)], deflated: false)
        damaged[30 + 5 + Self.features.count - 1] ^= 1
        let cut = Array(npz([("x.npy", Self.features)], deflated: false).dropLast(30))
        let folder = Self.folder([("damaged.npz", damaged), ("cut.npz", cut)])
        #expect(
            Self.lines(Self.read(folder, "damaged.npz", Self.plain(2))) == [
                "damaged.npz: the array 'x.npy' is damaged: its checksum differs"
            ]
        )
        #expect(
            Self.lines(Self.read(folder, "cut.npz", Self.plain(2))) == [
                "cut.npz: the file is no NPZ archive; allowed: what numpy.savez writes"
            ]
        )
    }

    @Test func `libsvm rows are those of the data set, with labels and without`() throws {
        for text in ["1 1:0.5 3:2\n-1 2:1e1 # no label counts\n\n1\n-1 3:-4\n", "1 0:5\n0 1:6 2:nan\n1 0:7\n0 1:8\n"] {
            let folder = Self.folder([("a.svm", gzipped(Array(text.utf8)))])
            let source = DataSource.libsvm("a.svm")
            let spec = DataSpec(source: source, validation: .none, preprocess: [.impute])
            let data = try DataSet.load(spec, relativeTo: folder.path).get()
            let rows = try Self.read(folder, "a.svm", Self.expectation(data, source)).get()
            #expect(rows.rowCount == 4 && Self.bits(rows.features) == Self.bits(data.features))
            // The format is told by the first line where the model does not say it.
            var unknown = Self.expectation(data, source)
            unknown.form = nil
            #expect(try Self.bits(Self.read(folder, "a.svm", unknown).get().features) == Self.bits(data.features))
        }
        let columns = (1...3).map { DataColumn(name: "feature_\($0)") }
        let model = NewRows.Expectation(columns: columns, form: .libsvm)
        let folder = Self.folder([("bare.svm", Array("1:0.5 3:2\n2:10\n".utf8))])
        #expect(try Self.read(folder, "bare.svm", model).get().features == [0.5, 0, 2, 0, 10, 0])
        // A table of the same columns is read as one.
        let table = Self.folder([("t.csv", Array("feature_2,feature_3,feature_1\n1,2,3\n".utf8))])
        #expect(try Self.read(table, "t.csv", model).get().features == [3, 1, 2])
    }

    @Test func `faults of libsvm rows are told by line`() {
        let columns = (1...3).map { DataColumn(name: "feature_\($0)") }
        let model = NewRows.Expectation(columns: columns, form: .libsvm)
        let text = "1 1:1\n0 4:1 9:2\nx 1:1\n1 2:1 1:1\n1 1:x\n"
        let folder = Self.folder([("a.svm", Array(text.utf8)), ("zero.svm", Array("1 0:1\n".utf8))])
        #expect(
            Self.lines(Self.read(folder, "a.svm", model)) == [
                "a.svm:2: the model has no feature of this index; found 4; allowed: 1 to 3",
                "a.svm:2: the model has no feature of this index; found 9; allowed: 1 to 3",
                "a.svm:3: the label is not a number; found 'x'; allowed: a number, as in 1 3:0.5 7:2",
                "a.svm:4: the indices do not rise; found '1:1'; allowed: above 2",
                "a.svm:5: the value is not a number; found '1:x'; allowed: finite numbers up to 3.4e38",
            ]
        )
        #expect(
            Self.lines(Self.read(folder, "zero.svm", model)) == [
                "zero.svm:1: the model has no feature of this index; found 0; allowed: 1 to 3"
            ]
        )
    }

    // MARK: Pictures

    private static func pixels(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(($0 * 37 + seed) % 256) }
    }

    /// Pictures of unequal size in two classes.
    private static let pictures: [(name: String, bytes: [UInt8])] = [
        ("p/cat/1.png", png(3, 5, channels: 1, pixels(15, 1))), ("p/cat/2.jpg", JPEG.colour),
        ("p/dog/1.png", png(7, 4, channels: 3, pixels(84, 2))), ("p/dog/2.png", png(2, 2, channels: 4, pixels(16, 3))),
        ("p/dog/.hidden", [1]),
    ]

    private static func load(_ folder: Folder, _ channels: Int, _ fit: ImageFolder.Fit) throws -> (DataSet, DataSource)
    {
        let source = DataSource.folder(ImageFolder(path: "p", height: 4, width: 3, channels: channels, fit: fit))
        return (try DataSet.load(DataSpec(source: source, validation: .none), relativeTo: folder.path).get(), source)
    }

    @Test func `pictures become what training made of them`() throws {
        let folder = Folder()
        for name in ["p", "p/cat", "p/dog", "flat"] { folder.makeFolder(name) }
        for file in Self.pictures { folder.write(file.name, file.bytes) }
        folder.write("p/notes.txt", "not a picture, and beside the classes as in training")
        for (index, file) in Self.pictures.dropLast().enumerated() { folder.write("flat/\(index)", file.bytes) }
        for channels in [1, 3] {
            for fit in ImageFolder.Fit.allCases {
                let (data, source) = try Self.load(folder, channels, fit)
                let model = Self.expectation(data, source)
                let rows = try Self.read(folder, "p", model).get()
                #expect(rows.names == ["cat/1.png", "cat/2.jpg", "dog/1.png", "dog/2.png"])
                #expect(rows.rowCount == 4 && rows.features == data.features)
                let flat = try Self.read(folder, "flat", model).get()
                #expect(flat.names == ["0", "1", "2", "3"] && flat.features == data.features)
                let third = try Self.read(folder, "p/dog/1.png", model).get()
                let size = 12 * channels
                #expect(third.rowCount == 1 && third.features == Array(data.features[2 * size..<3 * size]))
                #expect(third.names == ["p/dog/1.png"])
            }
        }
        // Other ways to fit give other pixels, so the comparison can fail.
        let (data, source) = try Self.load(folder, 1, .crop)
        var other = Self.expectation(data, source)
        other.form = .pictures(.pad)
        #expect(try Self.read(folder, "p", other).get().features != data.features)
    }

    @Test func `a model of image arrays takes pictures of their size only`() throws {
        let folder = Self.folder([
            ("good.png", png(2, 3, channels: 1, (0..<6).map { UInt8($0) })),
            ("wide.png", png(2, 4, channels: 1, Self.pixels(8, 0))),
        ])
        var model = Self.plain(6)
        model.image = ImageShape(height: 2, width: 3)
        model.form = .array
        #expect(try Self.read(folder, "good.png", model).get().features == [0, 1, 2, 3, 4, 5])
        #expect(
            Self.lines(Self.read(folder, "wide.png", model)) == [
                "wide.png: the picture has another size than the images that the model was trained on; found 2 × 4; "
                    + "allowed: 2 × 3"
            ]
        )
        var many = Self.plain(12)
        many.image = ImageShape(height: 2, width: 3, channels: 2)
        #expect(
            Self.lines(Self.read(folder, "good.png", many)) == [
                "good.png: the images that the model was trained on are no pictures; found 2 channels; "
                    + "allowed: an array of rows × 2 × 3 × 2"
            ]
        )
    }

    @Test func `pictures that cannot be read are told by name`() throws {
        let folder = Folder()
        for name in ["p", "p/cat", "p/dog", "bad", "bad/sub", "mixed", "mixed/sub", "empty"] { folder.makeFolder(name) }
        for file in Self.pictures { folder.write(file.name, file.bytes) }
        folder.write("bad/sub/1.png", Array(Self.pictures[0].bytes.dropLast(20)))
        folder.write("bad/sub/2.txt", "text")
        folder.write("bad/sub/3.png", Self.pictures[0].bytes)
        folder.write("mixed/1.PNG", Self.pictures[0].bytes)
        folder.write("mixed/sub/1.png", Self.pictures[0].bytes)
        folder.write("text.png", "text")
        folder.write("t.csv", "1,2\n")
        let (data, source) = try Self.load(folder, 1, .stretch)
        let model = Self.expectation(data, source)
        let found = Self.lines(Self.read(folder, "bad", model))
        #expect(found.count == 2, "\(found)")
        #expect(found.first?.hasPrefix("bad/sub/1.png: the picture cannot be read: ") == true)
        #expect(
            found.last
                == "bad/sub/2.txt: the picture cannot be read: neither PNG nor JPEG; allowed: a whole PNG or JPEG file"
        )
        #expect(
            Self.lines(Self.read(folder, "text.png", model)) == [
                "text.png: the picture cannot be read: neither PNG nor JPEG; allowed: a whole PNG or JPEG file"
            ]
        )
        #expect(
            Self.lines(Self.read(folder, "mixed", model)) == [
                "mixed: pictures stand both in the folder and in its subfolders; found '1.PNG' and 'sub'; "
                    + "allowed: pictures alone, or subfolders with pictures"
            ]
        )
        #expect(
            Self.lines(Self.read(folder, "empty", model)) == [
                "empty: the folder has no pictures; allowed: PNG or JPEG files, or subfolders with them"
            ]
        )
        #expect(
            Self.lines(Self.read(folder, "p", model, limits: FileBytes.Limits(stored: 1 << 20, unpacked: 100))) == [
                "p: the pictures are too many for their size; found 4 of 4 × 3 × 1; "
                    + "allowed: at most 100 bytes, 4 a value"
            ]
        )
        for (file, kind) in [("p", "a folder"), ("p/cat/1.png", "a picture"), ("p/cat/2.jpg", "a picture")] {
            #expect(
                Self.lines(Self.read(folder, file, Self.plain(2))) == [
                    "\(file): the model was not trained on images; found \(kind); allowed: a file with its 2 columns"
                ]
            )
        }
        #expect(try Self.read(folder, "t.csv", Self.plain(2)).get().features == [1, 2])
    }
}
