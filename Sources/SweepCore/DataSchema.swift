import SweepNumerics

/// What a data set looks like, without its rows.
package struct DataSchema: Hashable, Sendable {
    /// The features' names, in column order.
    package let features: [String]
    /// The size when each row is an image; the number of its values is the number of features.
    package let image: ImageShape?
    package let task: DataTask
    /// Rows in each part of the split.
    package let trainingRows: Int
    package let validationRows: Int
    package let testRows: Int

    package init(
        features: [String],
        image: ImageShape? = nil,
        task: DataTask,
        trainingRows: Int,
        validationRows: Int,
        testRows: Int
    ) {
        self.features = features
        self.image = image
        self.task = task
        self.trainingRows = trainingRows
        self.validationRows = validationRows
        self.testRows = testRows
    }

    /// Units of the model's head: the number of classes, or 1.
    package var outputs: Int {
        switch task {
        case .classification(let classes, _): classes.count
        case .regression: 1
        }
    }

    /// The classes' labels in index order; empty for numbers.
    package var classes: [String] {
        switch task {
        case .classification(let classes, _): classes
        case .regression: []
        }
    }

    /// The loss of the best guess that ignores the features: the entropy of the training classes (nats), or the
    /// variance of the training targets.
    package var chanceLoss: Double {
        switch task {
        case .classification(_, let counts):
            let total = Double(counts.reduce(0, +))
            return counts.reduce(0.0) { sum, count in
                count == 0 ? sum : sum - Double(count) / total * Elementary.log(Double(count) / total)
            }
        case .regression(_, let variance): return variance
        }
    }
}

/// An image's size; its values stand row by row, in a row pixel by pixel, in a pixel channel by channel (NHWC).
package struct ImageShape: Hashable, Sendable {
    /// Pixels.
    package let height: Int
    package let width: Int
    /// Values a pixel: 1 grey, 3 red, green, blue.
    package let channels: Int
    package init(height: Int, width: Int, channels: Int = 1) {
        self.height = height
        self.width = width
        self.channels = channels
    }
}

/// What is predicted, with what the training rows say about it.
package enum DataTask: Hashable, Sendable {
    /// The classes' labels in index order, and how many training rows each has.
    case classification(classes: [String], trainingCounts: [Int])
    /// Mean and population variance of the training targets.
    case regression(mean: Double, variance: Double)

    /// Classes or numbers.
    package var kind: TaskKind {
        switch self {
        case .classification: .classification
        case .regression: .regression
        }
    }
}
