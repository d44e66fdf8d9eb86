import SweepNodeCommands
import SweepStore

extension CommandFailure {
    /// The failure that a store's error is to a command.
    ///
    /// Bad input (exit code 2) is what another directory, another version or other rights would mend. A damaged store, a full
    /// disk and what the system refuses are failures (exit code 1): the same command is right once they are mended.
    init(_ error: StoreError) {
        let status: ExitStatus =
            switch error {
            case .locked, .missing, .notAStore, .tooNew, .tooOld, .notPermitted, .notEmpty, .readOnly: .badInput
            case .corrupt, .full, .inputOutput, .notDurable, .objectMissing, .objectCorrupt, .wrongOffset: .failed
            }
        self.init(status, error.description)
    }
}
