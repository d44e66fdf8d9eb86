package import SweepCore
import SweepNumerics

/// What the rows of a data set are to be predicted as, one value a row.
package enum DataTargets: Sendable, Equatable {
    /// Indices of `DataSchema`'s classes.
    case classes([Int32])
    /// Numbers.
    case values([Float])

    /// How many rows there are.
    package var count: Int {
        switch self {
        case .classes(let classes): classes.count
        case .values(let values): values.count
        }
    }
}

/// The rows of each part of a data set, as ascending row numbers; every row is in one part.
package struct RowSplit: Sendable, Equatable {
    /// Rows that parameters and preprocessing are fitted on.
    package var training: [Int32]
    /// Rows that configurations are compared on.
    package var validation: [Int32]
    /// Rows kept for the last measurement; may be empty.
    package var test: [Int32]

    /// A split of these rows.
    package init(training: [Int32], validation: [Int32], test: [Int32]) {
        self.training = training
        self.validation = validation
        self.test = test
    }
}

/// A data set as it was read: columns before any preprocessing, targets, and which row is for what.
///
/// `schema` is that of the columns; the inputs that a model gets are in the schema of `PreparedData`.
///
/// It is a value made of numbers only: the same files and the same `data` of a sweep file give the same bytes of
/// `packed()`, hence the same `DataSetID`, on any machine.
package struct DataSet: Sendable {
    /// Names, task and sizes, without the rows.
    package let schema: DataSchema
    /// What the columns of `features` are, fitted on the training rows.
    package let columns: [DataColumn]
    /// The target column's name.
    package let targetName: String
    /// Rows of all parts.
    package let rowCount: Int
    /// (rowCount × featureCount), row after row; what a value stands for is in `columns`, none is infinite.
    package let features: FeatureCells
    /// What each row is to be predicted as.
    package let targets: DataTargets
    /// Which row is for what.
    package let split: RowSplit
    /// Weights that trials on it may begin with.
    package var startingWeights: [StartingWeights] = []

    /// Columns of `features`.
    package var featureCount: Int { columns.count }

    /// Joins parts that fit (checked by the readers and by the decoder of the packed form) and derives the schema.
    ///
    /// `classes` are the labels of `.classes` targets, ignored for values.
    package init(
        columns: [DataColumn],
        image: ImageShape?,
        targetName: String,
        features: FeatureCells,
        targets: DataTargets,
        classes: [String],
        split: RowSplit
    ) {
        let task: DataTask
        switch targets {
        case .classes(let indices):
            var counts = [Int](repeating: 0, count: classes.count)
            for row in split.training { counts[Int(indices[Int(row)])] += 1 }
            task = .classification(classes: classes, trainingCounts: counts)
        case .values(let values):
            let moments = Moments(of: split.training.lazy.map { Double(values[Int($0)]) })
            task = .regression(mean: moments.mean, variance: moments.populationVariance)
        }
        schema = DataSchema(
            features: columns.map(\.name),
            image: image,
            task: task,
            trainingRows: split.training.count,
            validationRows: split.validation.count,
            testRows: split.test.count
        )
        self.columns = columns
        self.targetName = targetName
        rowCount = targets.count
        self.features = features
        self.targets = targets
        self.split = split
    }
}

extension DataSet {
    /// As the other initialiser, of numbers in an array.
    package init(
        columns: [DataColumn],
        image: ImageShape?,
        targetName: String,
        features: [Float],
        targets: DataTargets,
        classes: [String],
        split: RowSplit
    ) {
        self.init(
            columns: columns,
            image: image,
            targetName: targetName,
            features: FeatureCells(features),
            targets: targets,
            classes: classes,
            split: split
        )
    }
}
