import Glibc
import KernelAPI
import SweepKernels
import Testing

/// SplitMix64, so that every test's data is a function of the seed in its source.
struct TestRandom {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Uniform in −1 ..< 1.
    mutating func signed() -> Float { Float(next() >> 40) * 0x1p-23 - 1 }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Memory that ends where an inaccessible page begins: one element read or written past the end stops the test.
///
/// A buffer lives as long as the variable that holds it, so `base` of a temporary must not be passed to a kernel.
final class Fenced<Element: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    let count: Int
    private let region: UnsafeMutableRawPointer
    private let size: Int

    init(_ count: Int, repeating value: Element) {
        let page = 4096
        let bytes = count * MemoryLayout<Element>.stride
        let pages = (bytes + page - 1) / page
        size = (pages + 1) * page
        region = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        mprotect(region + pages * page, page, PROT_NONE)
        base = (region + (pages * page - bytes)).bindMemory(to: Element.self, capacity: count)
        base.initialize(repeating: value, count: count)
        self.count = count
    }

    convenience init(_ elements: [Element]) {
        self.init(elements.count, repeating: elements[0])
        for (i, element) in elements.enumerated() { base[i] = element }
    }

    deinit { munmap(region, size) }

    var elements: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

extension Fenced where Element == Float {
    /// Values in −1 ..< 1.
    convenience init(_ count: Int, random: inout TestRandom) {
        self.init(count, repeating: 0)
        for i in 0..<count { base[i] = random.signed() }
    }

    /// Rows of so many real columns: values in −1 ..< 1, zeros in the padding, `gap` between the rows.
    convenience init(rows: Int, columns: Int, stride: Int, gap: Float, random: inout TestRandom) {
        self.init((rows - 1) * stride + paddedCount(columns), repeating: gap)
        for row in 0..<rows {
            for column in 0..<paddedCount(columns) {
                base[row * stride + column] = column < columns ? random.signed() : 0
            }
        }
    }

    func copy() -> Fenced<Float> { Fenced(elements) }
}

/// The first place where two results differ in more than the payload of a NaN.
func difference(_ a: [Float], _ b: [Float]) -> String? {
    guard a.count == b.count else { return "\(a.count) elements, not \(b.count)" }
    for i in a.indices where a[i].bitPattern != b[i].bitPattern && !(a[i].isNaN && b[i].isNaN) {
        return "element \(i): \(a[i]), not \(b[i])"
    }
    return nil
}

func difference(_ a: Fenced<Float>, _ b: Fenced<Float>) -> String? {
    difference(a.elements, b.elements)
}

func same(_ a: Double, _ b: Double) -> Bool {
    a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
}

extension KernelTable: CustomTestStringConvertible {
    package var testDescription: String { name }

    /// Whether each multiply-add is a call of the C library: tests keep such a table's work small.
    var isSlow: Bool { name == "v2" }
}

/// A value that no kernel may leave changed: the space between rows.
let canary: Float = -1234.5
