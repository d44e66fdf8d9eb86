/// What identifies the arithmetic of training.
package enum TrainingCore {
    /// The version of the arithmetic: two builds with the same version train the same bits.
    ///
    /// Raise it with every change of a curve or a checkpoint's weights, however small; the digest test fails first.
    package static let version: UInt32 = 3
}
