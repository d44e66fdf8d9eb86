import GRDB

extension Row {
    /// The whole number in a column; throws `corrupt` where something else stands there.
    ///
    /// A conversion that GRDB is asked for directly stops the process then, and a column of a damaged file may hold anything.
    func integer(_ column: Int, of path: String) throws(StoreError) -> Int {
        guard let value = Int.fromDatabaseValue(self[column]) else {
            throw .corrupt(path: path, reason: "a row holds something else than a number where one was written")
        }
        return value
    }
}
