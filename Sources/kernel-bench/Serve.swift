import KernelAPI
import SweepKernels

#if canImport(Glibc)
    import Glibc
#endif

/// Answers each line of the input, `CASE ROWS INPUTS OUTPUTS SECONDS`, with a line of JSON: billions of operations a
/// second of one product of a dense layer, and the peak measured beside it.
///
/// The cases: `NN` forward with the weights in panels, as they always are; `NN-rows` forward with row-major weights;
/// `NT` the gradient by the input with the transposed panels at hand; `NT-turn` with transposing them, `NT-panels` from
/// the panels as they are, `NT-pack` the one of these two that is to be faster; `TN` the gradient by the weights, which
/// packs nothing.
func serveProducts(_ table: KernelTable) {
    while let line = readLine() {
        let words = line.split(separator: " ")
        let sizes = words.dropFirst().prefix(3).compactMap { Int($0) }
        guard words.count == 5, sizes.count == 3, sizes.allSatisfy({ 1...65_536 ~= $0 }), let budget = Double(words[4]),
            let product = Layer(rows: sizes[0], inputs: sizes[1], outputs: sizes[2]).product(String(words[0]), table)
        else {
            print("{\"error\": \"not CASE ROWS INPUTS OUTPUTS SECONDS\"}")
            exit(2)
        }
        let peak = peak(table)
        let seconds = median(of: product, budget: budget)
        let operations = 2 * Double(sizes[0] * sizes[1] * sizes[2])
        print(
            "{\"gflops\": \(operations / seconds / 1e9), \"peak_gflops\": \(peak), \"library\": \"sweepd, \(table.name)\"}"
        )
        fflush(nil)
    }
}

extension Layer {
    private var isFasterFromPanels: Bool {
        DenseInputGradient.pays(
            rows: backwardFromPanels.rows,
            inputs: backwardFromPanels.inputs,
            outputs: backwardFromPanels.outputs
        )
    }

    /// The product of a case's name; nil for any other name.
    fileprivate func product(_ name: String, _ table: KernelTable) -> (() -> Void)? {
        switch name {
        case "NN": return { table.gemm(forward) }
        case "NN-rows": return { table.gemm(forwardByRows) }
        case "NT": return { table.gemm(backward) }
        case "NT-pack": return product(isFasterFromPanels ? "NT-panels" : "NT-turn", table)
        case "NT-turn":
            return {
                table.transposePanels(transpose)
                table.gemm(backward)
            }
        case "NT-panels": return { table.denseInputGradient(backwardFromPanels) }
        case "TN": return { table.gemm(weights) }
        default: return nil
        }
    }
}

/// The median of the processor seconds one call takes, over samples of at least 1 ms for so many seconds.
private func median(of body: () -> Void, budget: Double) -> Double {
    body()
    var repeats = 1
    while true {
        let begin = processorSeconds()
        for _ in 0..<repeats { body() }
        if processorSeconds() - begin > 1e-3 { break }
        repeats *= 2
    }
    var times: [Double] = []
    let end = now() + budget
    repeat {
        let begin = processorSeconds()
        for _ in 0..<repeats { body() }
        times.append((processorSeconds() - begin) / Double(repeats))
    } while now() < end
    times.sort()
    return times[times.count / 2]
}

private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
