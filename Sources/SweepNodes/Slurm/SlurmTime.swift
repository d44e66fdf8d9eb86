/// A span as Slurm writes it.
package enum SlurmTime {
    /// The seconds of `M`, `M:SS`, `H:MM:SS`, `D-H`, `D-H:MM` or `D-H:MM:SS`; nil for anything else. Source: sbatch(1), `--time`.
    package static func seconds(_ text: String) -> Int? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        let numbers = parts[parts.count - 1].split(separator: ":", omittingEmptySubsequences: false).map(number)
        guard (1...3).contains(numbers.count), numbers.allSatisfy({ $0 != nil }) else { return nil }
        let values = numbers.compactMap { $0 }
        if parts.count == 2 {
            guard let days = number(parts[0]) else { return nil }
            return days * 86_400 + zip(values, [3600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        // Without days one number is minutes, two are minutes and seconds.
        let units = values.count == 3 ? [3600, 60, 1] : [60, 1]
        return zip(values, units).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }
}
