/// Options of a worker, word by word, as they stand behind `--` of `sweepd up`.
package enum WorkerWords {
    /// What the words give an option, in their order: `--label rack=2`, and `--label=rack=2`.
    package static func values(of option: String, in words: [String]) -> [String] {
        words.indices.compactMap { index in
            if words[index] == option { return index + 1 < words.count ? words[index + 1] : nil }
            return words[index].hasPrefix(option + "=") ? String(words[index].dropFirst(option.count + 1)) : nil
        }
    }

    /// Those that say what `sweepd doctor` is to judge: slots, labels, and whether it runs programs.
    package static func doctor(_ words: [String]) -> [String] {
        let slots = values(of: "--slots", in: words).last.map { ["--slots", $0] } ?? []
        let labels = values(of: "--label", in: words).flatMap { ["--label", $0] }
        return slots + labels + (words.contains("--commands") ? ["--commands"] : [])
    }
}
