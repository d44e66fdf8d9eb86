import KernelAPI
import SweepKernels

#if canImport(Glibc)
    import Glibc
#endif

/// Measures kernels against the multiply-add peak of one core, or prints a fingerprint of what they compute.
///
/// `kernel-bench [v2|v3|v4|best] [gemm|step|elements|convolution|all|bits|serve]`: `bits` trains two networks for a few
/// steps and prints a hash of every weight, which must be the same for every table and on every machine; `serve` measures
/// the products that its input names; `elements ROWS COLUMNS` measures on matrices of that size.
func run() throws {
    let arguments = CommandLine.arguments
    let name = arguments.count > 1 && arguments[1] != "best" ? arguments[1] : nil
    let table = try KernelTable.selected(override: name)
    let what = arguments.count > 2 ? arguments[2] : "all"
    if what == "bits" {
        for widths in [[32, 64, 64, 1], [100, 48, 10]] {
            let network = Network(widths: widths, batch: 33, table: table, samples: 64)
            for _ in 0..<10 { network.step() }
            print(table.name, widths, String(network.fingerprint, radix: 16))
        }
        return
    }
    if what == "serve" {
        serveProducts(table)
        return
    }
    print("kernels \(table.name), peak \(rounded(peak(table))) GFLOP/s")
    if what == "gemm" || what == "all" { measureProducts(table) }
    if what == "step" || what == "all" { measureSteps(table) }
    if what == "elements" || what == "all" {
        let sizes = arguments.dropFirst(3).compactMap { Int($0) }
        if sizes.count == 2, sizes.allSatisfy({ (1...1 << 20).contains($0) }) {
            measureElements(table, rows: sizes[0], columns: paddedCount(sizes[1]))
        } else {
            measureElements(table)
        }
    }
    if what == "convolution" || what == "all" { measureConvolutions(table) }
}

func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

/// Billions of operations a second from registers, the best of five runs of 2 ms.
func peak(_ table: KernelTable) -> Double {
    var best = 0.0
    for _ in 0..<5 {
        let begin = now()
        let exercise = table.exercise(table.name == "v2" ? 1_000 : 100_000)
        best = max(best, Double(exercise.operations) / (now() - begin) / 1e9)
        precondition(exercise.value.isFinite)
    }
    return best
}

/// The median of the seconds one call takes, over 15 samples of at least 1 ms.
func median(_ body: () -> Void) -> Double {
    body()
    var repeats = 1
    while true {
        let begin = now()
        for _ in 0..<repeats { body() }
        if now() - begin > 1e-3 { break }
        repeats *= 2
    }
    var times: [Double] = []
    for _ in 0..<15 {
        let begin = now()
        for _ in 0..<repeats { body() }
        times.append((now() - begin) / Double(repeats))
    }
    times.sort()
    return times[7]
}

try run()
