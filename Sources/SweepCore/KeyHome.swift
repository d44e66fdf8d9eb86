/// Where keys are at home: what is written in the wrong place is told its right one.
enum KeyHome {
    /// The path of a key that may not stand where it was found; nil when no place is known for it.
    ///
    /// Keys of several sections are told the one where people look for them: `seed` is that of the search.
    static func path(of key: String) -> String? { homes[key] ?? homes[synonyms[key] ?? ""] }

    /// Words of other tools.
    private static let synonyms = [
        "lr": "learning_rate", "epoch": "epochs", "max_epochs": "epochs", "num_epochs": "epochs", "batch": "batch_size",
        "batchsize": "batch_size", "scheduler": "learning_rate_schedule", "metric": "objective", "n_trials": "trials",
        "num_trials": "trials", "num_samples": "trials", "run_cap": "trials", "parameters": "train", "file": "source",
        "dataset": "data", "hidden": "widths", "hidden_layer_sizes": "widths",
    ]

    private static let homes: [String: String] = {
        var homes: [String: String] = [:]
        func add(_ keys: [String], _ section: String) {
            for key in keys where homes[key] == nil { homes[key] = section.isEmpty ? key : "\(section).\(key)" }
        }
        add(Sweep.keys, "")
        add(SearchSpec.keys, "search")
        add(TrainingSpec.keys, "train")
        add(DataSpec.keys, "data")
        add(
            ["learning_rate", "momentum", "nesterov", "beta1", "beta2", "weight_decay", "amsgrad"],
            "train.optimizer.KIND"
        )
        add(["widths", "layers", "width", "activation", "norm", "dropout"], "train.model.mlp")
        add(["patience", "min_delta", "restore_best"], "train.early_stopping")
        return homes
    }()
}
