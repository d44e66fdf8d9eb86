import KernelAPI

/// Copies the rows of a batch, whole vectors first, then the last elements and the padding.
func gatherRows(_ gather: RowGather) {
    let whole = gather.columns & ~15
    var i = 0
    while i < gather.rows {
        let source = gather.source + Int(gather.indices[i]) &* gather.sourceStride
        let destination = gather.destination + i &* gather.destinationStride
        var n = 0
        while n < whole {
            store(load(source + n), destination + n)
            n &+= 16
        }
        if n < gather.columns {
            // A whole vector would read past the last row.
            var last = Lanes.zero
            var lane = 0
            while n &+ lane < gather.columns {
                last[lane] = source[n &+ lane]
                lane &+= 1
            }
            store(last, destination + n)
        }
        i &+= 1
    }
}
