/// How the volume before a reference point grew as points came.
package enum HypervolumeHistory {
    /// Places at which the volume is looked at, at most: of three costs one look costs O(m² log m), m points being on the front.
    package static let most = 64

    /// The volume after each look at which it had grown, with how many points had come; none of no points. Looks are evenly spread,
    /// the last one after all points; of at most `most` points there is one after each.
    package static func steps(_ points: [[Double]], reference: [Double]) -> [(count: Int, volume: Double)] {
        var front: [[Double]] = []
        var steps: [(count: Int, volume: Double)] = []
        var hasGrown = false
        for (index, point) in points.enumerated() {
            if !front.contains(where: { $0 == point || ParetoFronts.dominates($0, point) }) {
                front.removeAll { ParetoFronts.dominates(point, $0) }
                front.append(point)
                hasGrown = true
            }
            let isLook = (index + 1) * most / points.count > index * most / points.count
            guard isLook, hasGrown else { continue }
            hasGrown = false
            let volume = ParetoFronts.hypervolume(front, reference: reference)
            if volume > steps.last?.volume ?? 0 { steps.append((index + 1, volume)) }
        }
        return steps
    }
}
