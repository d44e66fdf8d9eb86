/// Points that fill a cube evenly, each a pure function of its index.
package protocol PointSequence: Sendable {
    /// Dimensions beyond which there are no points.
    static var greatestDimensions: Int { get }

    /// The sequence in `dimensions` dimensions (at most the greatest), scrambled by `seed`.
    init(dimensions: Int, seed: UInt64)

    /// Coordinate `dimension` of point `index`, in (0, 1).
    func coordinate(_ dimension: Int, of index: Int) -> Double
}
