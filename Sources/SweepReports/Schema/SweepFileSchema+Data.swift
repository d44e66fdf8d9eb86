import SweepCore

extension SweepFileSchema {
    private static let anything = JSONValue.boolean(true)
    private static let nothing = SchemaValue.map([])
    private static let column = SchemaValue.any([SchemaValue.text, SchemaValue.object(("type", .text("integer")))])
    private static let share = SchemaValue.object(
        ("type", .text("number")),
        ("minimum", .integer(0)),
        ("exclusiveMaximum", .integer(1))
    )

    /// `data`.
    static var data: JSONValue {
        SchemaValue.map(
            [
                ("source", SchemaValue.reference("source")),
                (
                    "header",
                    SchemaValue.any([
                        SchemaValue.words(["auto", "true", "false"]), SchemaValue.object(("type", .text("boolean"))),
                    ])
                ),
                (
                    "target",
                    SchemaValue.any([
                        column, SchemaValue.map([("one_hot", SchemaValue.list(of: column))], required: ["one_hot"]),
                    ])
                ),
                (
                    "columns",
                    SchemaValue.dictionary(of: SchemaValue.words(["numeric", "categorical", "date", "ignore"]))
                ),
                (
                    "categorical",
                    SchemaValue.any([
                        SchemaValue.words(["one_hot", "ordinal", "refuse"]),
                        SchemaValue.map([("hash", SchemaValue.fixed(2...65_536))], required: ["hash"]),
                    ])
                ),
                ("task", SchemaValue.words(TaskKind.allCases.map(\.rawValue))),
                ("validation", part(folds: true)), ("test", part(folds: false)), ("group", column), ("time", column),
                ("seed", SchemaValue.fixed(0...Int.max)),
                ("preprocess", SchemaValue.any([SchemaValue.list(of: step, 0...32), SchemaValue.reference("choice")])),
                ("target_scale", SchemaValue.searched(words: TargetScale.allCases.map(\.rawValue))),
                ("augment", SchemaValue.any([SchemaValue.list(of: change, 0...16), SchemaValue.reference("choice")])),
            ],
            required: ["source"]
        )
    }

    private static func part(folds: Bool) -> JSONValue {
        let folded: [(String, JSONValue)] = [
            ("fold", SchemaValue.fixed(1...1_000_000)), ("of", SchemaValue.fixed(2...1_000_000)),
            ("folds", SchemaValue.fixed(2...DataSpec.greatestFolds)),
        ]
        return SchemaValue.any([
            share,
            SchemaValue.map(
                [
                    ("share", share), ("last", SchemaValue.fixed(1...Int.max)),
                    ("source", SchemaValue.reference("source")),
                    ("stratify", SchemaValue.object(("type", .text("boolean")))),
                ] + (folds ? folded : [])
            ),
        ])
    }

    /// Where rows come from.
    static var source: JSONValue {
        func map(_ keys: [(String, JSONValue)], _ required: [String]) -> JSONValue {
            SchemaValue.map(keys, required: required)
        }
        let (text, side) = (SchemaValue.text, SchemaValue.fixed(1...65_536))
        return SchemaValue.any([
            text, map([("libsvm", text)], ["libsvm"]),
            map([("images", text), ("labels", text)], ["images", "labels"]),
            map([("arrays", text), ("features", text), ("labels", text)], ["arrays"]),
            map([("features", text), ("labels", text)], ["features", "labels"]),
            map(
                [
                    ("folder", text), ("height", side), ("width", side), ("channels", SchemaValue.fixed(1...4)),
                    ("resize", text),
                ],
                ["folder"]
            ), map([("generate", SchemaValue.dictionary(of: anything))], ["generate"]),
        ])
    }

    /// A step of preprocessing.
    private static var step: JSONValue {
        let number = SchemaValue.number()
        let settings = SchemaValue.map([
            ("with", SchemaValue.searched(words: ["mean", "median", "most_frequent", "constant"])), ("value", number),
            ("indicator", SchemaValue.boolean),
        ])
        let winsorize = SchemaValue.map([("quantile", number), ("mads", number)])
        let normalize = SchemaValue.map([("mean", anything), ("std", anything)])
        let plain = ["standardize", "minmax", "impute", "robust", "winsorize", "power", "log1p", "normalize"]
        return SchemaValue.kinds(
            [
                ("scale", SchemaValue.number(0...1e12)), ("impute", settings), ("winsorize", winsorize),
                ("normalize", normalize),
            ] + ["standardize", "minmax", "robust", "power", "log1p"].map { ($0, nothing) },
            alone: plain
        )
    }

    /// A change of training rows.
    private static var change: JSONValue {
        let (number, fill) = (SchemaValue.number(), SchemaValue.searched(words: ["zero", "edge"]))
        func map(_ keys: [(String, JSONValue)], _ required: [String] = []) -> JSONValue {
            SchemaValue.map(keys, required: required)
        }
        return SchemaValue.kinds(
            [
                ("flip_horizontal", map([("probability", number)])), ("flip_vertical", map([("probability", number)])),
                ("shift", map([("height", number), ("width", number), ("fill", fill)])),
                ("rotate", map([("degrees", number), ("fill", fill)], ["degrees"])),
                ("pad_crop", map([("pixels", SchemaValue.integer(1...65_536))], ["pixels"])),
                ("crop", map([("height", number), ("width", number)], ["height", "width"])),
                ("brightness", map([("amount", number)], ["amount"])),
                ("contrast", map([("amount", number)], ["amount"])),
                ("cutout", map([("size", number)], ["size"])), ("noise", map([("std", number)], ["std"])),
                ("mixup", map([("alpha", number)], ["alpha"])),
            ],
            alone: ["flip_horizontal", "flip_vertical"]
        )
    }
}
