import SweepNumerics

/// A curve in one line of characters.
package enum Sparkline {
    private static let levels = Array("▁▂▃▄▅▆▇█")
    private static let plainLevels = Array("_.,-=+*#")

    /// `values` in at most `width` characters, each the mean of its share of them; higher is more. A share without a finite value
    /// is a `!`. Losses that fall by more than a factor of ten are shown by their logarithms, or all but the beginning would be flat.
    package static func text(_ values: [Double], width: Int, isASCII: Bool = false) -> String {
        guard width > 0, !values.isEmpty else { return "" }
        let count = min(width, values.count)
        let means: [Double?] = (0..<count).map { column in
            let share = values[column * values.count / count..<max(column + 1, (column + 1) * values.count / count)]
            let finite = share.filter(\.isFinite)
            return finite.isEmpty ? nil : finite.reduce(0, +) / Double(finite.count)
        }
        let finite = means.compactMap(\.self)
        guard let least = finite.min(), let most = finite.max() else { return String(repeating: "!", count: count) }
        let isLogarithmic = least > 0 && most > 10 * least
        func scale(_ value: Double) -> Double { isLogarithmic ? Elementary.log(value) : value }
        let levels = isASCII ? plainLevels : levels
        let span = scale(most) - scale(least)
        return String(
            means.map { mean -> Character in
                guard let mean else { return "!" }
                guard span > 0 else { return levels[0] }
                let share = (scale(mean) - scale(least)) / span
                return levels[min(levels.count - 1, Int(share * Double(levels.count)))]
            }
        )
    }
}
