import KernelAPI

/// The runs of elements that two or three layouts have in common: whole rows of images, or single pixels.
private struct Runs {
    /// Runs in a row of an image, and elements from one to the next in units of a layout's pixel stride.
    var count: Int
    var length: Int
}

/// Whole rows if a pixel has no gap in any layout.
@inline(__always)
private func runs(_ width: Int, _ channels: Int, _ gapless: Bool) -> Runs {
    gapless ? Runs(count: 1, length: width &* channels) : Runs(count: width, length: channels)
}

/// Copies images run by run, whole vectors first.
func copyImages(_ copy: ImageCopy) {
    let from = copy.sourceLayout
    let to = copy.destinationLayout
    let gapless = from.pixelStride == copy.channels
    let both = gapless && to.pixelStride == copy.channels
    let runs = runs(copy.width, copy.channels, both)
    var sample = 0
    while sample < copy.batch {
        var y = 0
        while y < copy.height {
            var source = copy.source + (sample &* from.sampleStride &+ y &* from.rowStride)
            var destination = copy.destination + (sample &* to.sampleStride &+ y &* to.rowStride)
            var run = 0
            while run < runs.count {
                var i = 0
                while i &+ 16 <= runs.length {
                    store(load(source + i), destination + i)
                    i &+= 16
                }
                while i < runs.length {
                    destination[i] = source[i]
                    i &+= 1
                }
                source += from.pixelStride
                destination += to.pixelStride
                run &+= 1
            }
            y &+= 1
        }
        sample &+= 1
    }
}

/// y = a + b or max(a + b, 0).
func addImages(_ sum: ImageSum) {
    if sum.relu {
        add(sum, relu: true)
    } else {
        add(sum, relu: false)
    }
}

@inline(__always)
private func add(_ sum: ImageSum, relu: Bool) {
    let left = sum.leftLayout
    let right = sum.rightLayout
    let output = sum.outputLayout
    let inputs = left.pixelStride == sum.channels && right.pixelStride == sum.channels
    let all = inputs && output.pixelStride == sum.channels
    let runs = runs(sum.width, sum.channels, all)
    var sample = 0
    while sample < sum.batch {
        var y = 0
        while y < sum.height {
            var a = sum.left + (sample &* left.sampleStride &+ y &* left.rowStride)
            var b = sum.right + (sample &* right.sampleStride &+ y &* right.rowStride)
            var c = sum.output + (sample &* output.sampleStride &+ y &* output.rowStride)
            var run = 0
            while run < runs.count {
                var i = 0
                while i < runs.length {
                    let total = load(a + i) + load(b + i)
                    store(relu ? rectified(total) : total, c + i)
                    i &+= 16
                }
                a += left.pixelStride
                b += right.pixelStride
                c += output.pixelStride
                run &+= 1
            }
            y &+= 1
        }
        sample &+= 1
    }
}
