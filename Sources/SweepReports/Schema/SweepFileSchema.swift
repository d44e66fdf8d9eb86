import SweepCore

/// The sweep file as a JSON Schema: what editors complete and underline by.
package enum SweepFileSchema {
    /// The whole schema.
    package static var document: JSONValue {
        SchemaValue.object(
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("title", .text("sweepd sweep file")),
            (
                "description",
                .text(
                    "One training run in which any value under train, and steps of preprocessing and augmentation, may be a range."
                )
            ),
            ("type", .text("object")),
            ("properties", .object(properties)),
            ("additionalProperties", .boolean(false)),
            ("required", .array([.text("name"), .text("train")])),
            ("$defs", .object(definitions))
        )
    }

    private static var properties: [JSONMember] {
        func described(_ key: String, _ value: JSONValue, _ description: String) -> JSONMember {
            JSONMember(key, SchemaValue.described(value, description))
        }
        return [
            described(
                "name",
                SchemaValue.text,
                "Letters, digits, dot, dash, underscore; unique among a coordinator's sweeps."
            ),
            described("data", data, "The rows, the same for all trials; none where trials are programs."),
            described(
                "train",
                SchemaValue.any([
                    SchemaValue.reference("training"), SchemaValue.reference("command"), SchemaValue.reference("ask"),
                ]),
                "One training run, a program (command), or trials that are asked for (ask)."
            ),
            described("objective", objective, "What is compared; {minimize: validation.loss} unless told."),
            described("search", search, "How configurations are proposed."),
            described("prune", prune, "How trials are stopped early; auto unless told, which goes by the search."),
            described("stop", stop, "When the search ends before its trials are done."),
            described("finalists", finalists, "The best configurations, trained again with new seeds."),
            described("diagnose", diagnose, "Experiments on what trials suffer from, once the sweep is finished."),
            described(
                "arms",
                SchemaValue.dictionary(of: .boolean(true)),
                "A controlled comparison in place of a search: a map of changes for each arm."
            ),
            described("priority", SchemaValue.fixed(-1000...1000), "Before sweeps of a lower one; 0 unless told."),
            described("max_parallel", SchemaValue.fixed(1...65_536), "Trials that workers may hold at once."),
            described("requires", SchemaValue.dictionary(of: .boolean(true)), "Labels that a worker must have."),
        ]
    }

    private static var objective: JSONValue {
        let aim = SchemaValue.map([("minimize", SchemaValue.text), ("maximize", SchemaValue.text)])
        return SchemaValue.map([
            ("minimize", SchemaValue.text), ("maximize", SchemaValue.text),
            ("pareto", SchemaValue.list(of: aim, Objective.weighed)),
            ("epoch", SchemaValue.words(Objective.EpochRule.allCases.map(\.rawValue))),
        ])
    }

    private static var search: JSONValue {
        SchemaValue.map([
            ("method", SchemaValue.words(SearchSpec.Method.allCases.map(\.rawValue))),
            ("trials", SchemaValue.fixed(1...SearchSpec.greatestTrials)),
            ("repeats", SchemaValue.fixed(1...1000)), ("seed", SchemaValue.fixed(0...Int.max)),
            ("parallelism", SchemaValue.fixed(1...65_536)),
            ("decide", SchemaValue.words(SearchSpec.Decide.allCases.map(\.rawValue))),
            (
                "try_first",
                SchemaValue.list(of: SchemaValue.dictionary(of: .boolean(true)), 1...SearchSpec.greatestTriedFirst)
            ),
            ("warm_start", SchemaValue.text),
            (
                "where",
                SchemaValue.any([SchemaValue.text, SchemaValue.list(of: SchemaValue.text, 1...100)])
            ),
            (
                "branch",
                SchemaValue.map([
                    ("after", SchemaValue.fixed(1...1_000_000)), ("seed", SchemaValue.fixed(Int.min...Int.max)),
                ])
            ),
            ("population", SchemaValue.fixed(2...10_000)), ("interval", SchemaValue.fixed(1...1_000_000)),
            (
                "quantile",
                SchemaValue.object(
                    ("type", .text("number")),
                    ("exclusiveMinimum", .number(0)),
                    ("maximum", .number(0.5))
                )
            ),
            ("perturb", SchemaValue.list(of: SchemaValue.object(("type", .text("number"))), 1...16)),
            (
                "resample",
                SchemaValue.object(("type", .text("number")), ("minimum", .number(0)), ("maximum", .number(1)))
            ),
        ])
    }

    private static var prune: JSONValue {
        let methods = SchemaValue.words(PruneSpec.Method.allCases.map(\.rawValue))
        let any = SchemaValue.object(("type", .text("number")))
        let count = SchemaValue.fixed(1...1_000_000_000)
        func above(_ low: Double, most high: Double) -> JSONValue {
            SchemaValue.object(
                ("type", .text("number")),
                ("exclusiveMinimum", .number(low)),
                ("maximum", .number(high))
            )
        }
        // A share of the epochs: neither none of them nor all, which are integers.
        let share = SchemaValue.object(
            ("type", .text("number")),
            ("exclusiveMinimum", .number(0)),
            ("exclusiveMaximum", .number(1))
        )
        return SchemaValue.any([
            methods,
            SchemaValue.map([
                ("method", methods), ("budget", above(0, most: 1)), ("reduction_factor", SchemaValue.fixed(2...100)),
                ("first_rung", SchemaValue.any([count, share])), ("percentile", above(0, most: 100)),
                ("patience", count),
                ("min_delta", any),
                ("above", any), ("below", any), ("startup_trials", count),
                ("warmup_epochs", SchemaValue.any([SchemaValue.fixed(0...1_000_000_000), share])), ("interval", count),
                (PruneSpec.hopelessKey, SchemaValue.object(("type", .text("boolean")))),
            ]),
        ])
    }

    private static var stop: JSONValue {
        let number = SchemaValue.object(("type", .text("number")))
        return SchemaValue.map([
            ("epochs", SchemaValue.fixed(1...1_000_000_000_000)), ("below", number), ("above", number),
            ("after", SchemaValue.any([SchemaValue.text, number])),
        ])
    }

    private static var diagnose: JSONValue {
        SchemaValue.map([
            (
                "confirm",
                SchemaValue.object(
                    ("type", .text("number")),
                    ("exclusiveMinimum", .number(0)),
                    ("maximum", .number(1))
                )
            )
        ])
    }

    private static var finalists: JSONValue {
        SchemaValue.map([("top", SchemaValue.fixed(1...50)), ("seeds", SchemaValue.fixed(2...1000))])
    }

    private static var definitions: [JSONMember] {
        [
            JSONMember("realRange", realRange), JSONMember("integerRange", integerRange),
            JSONMember(
                "choice",
                SchemaValue.described(
                    SchemaValue.map(
                        [("choice", SchemaValue.list(of: .boolean(true), 1...10_000)), ("prior", weights)],
                        required: ["choice"]
                    ),
                    "One of the options, each a value or a branch with ranges of its own."
                )
            ),
            JSONMember("training", training), JSONMember("layers", layers), JSONMember("optimizer", optimizer),
            JSONMember("initializer", initializer), JSONMember("source", source), JSONMember("command", command),
            JSONMember("ask", ask),
        ]
    }

    private static let bounds = SchemaValue.list(of: SchemaValue.object(("type", .text("number"))), 2...2)
    private static let points = SchemaValue.fixed(2...1_000_000)

    /// What is believed of a range of numbers.
    private static var prior: JSONValue {
        SchemaValue.described(
            SchemaValue.map(
                [
                    ("mean", SchemaValue.object(("type", .text("number")))),
                    ("deviation", SchemaValue.object(("type", .text("number")), ("exclusiveMinimum", .number(0)))),
                ],
                required: ["mean", "deviation"]
            ),
            "The likeliest value and how far a good one may lie from it; of a logarithmic range in powers of ten."
        )
    }

    /// What is believed of a choice.
    private static var weights: JSONValue {
        let weight = SchemaValue.object(("type", .text("number")), ("minimum", .number(0)))
        return SchemaValue.described(
            SchemaValue.map([("weights", SchemaValue.list(of: weight, 1...10_000))], required: ["weights"]),
            "How likely each option is held to be, in the options' order; not all 0."
        )
    }

    private static var realRange: JSONValue {
        let number = SchemaValue.object(("type", .text("number")))
        return SchemaValue.any([
            SchemaValue.described(
                SchemaValue.map(
                    [("uniform", bounds), ("step", number), ("points", points), ("prior", prior)],
                    required: ["uniform"]
                ),
                "Reals, even on a linear scale."
            ),
            SchemaValue.described(
                SchemaValue.map([("log", bounds), ("points", points), ("prior", prior)], required: ["log"]),
                "Reals, even on a logarithmic scale."
            ),
            integerRange,
        ])
    }

    private static var integerRange: JSONValue {
        let bounds = SchemaValue.list(of: SchemaValue.object(("type", .text("integer"))), 2...2)
        return SchemaValue.any([
            SchemaValue.described(
                SchemaValue.map(
                    [("int", bounds), ("step", SchemaValue.fixed(1...Int(1) << 53)), ("prior", prior)],
                    required: ["int"]
                ),
                "Integers, both ends included."
            ),
            SchemaValue.described(
                SchemaValue.map([("log_int", bounds), ("points", points), ("prior", prior)], required: ["log_int"]),
                "Integers, even on a logarithmic scale."
            ),
        ])
    }
}
