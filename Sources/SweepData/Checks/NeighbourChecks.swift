import SweepCore
import SweepNumerics

/// Checks by nearest neighbours and a linear model: can the target be learnt, which labels are doubtful, which rows are far.
enum NeighbourChecks {
    /// Products of features that a comparison of all pairs may cost: about a second.
    private static let work = 4e8
    private static let greatest = 2_000
    private static let neighbours = 10
    private static let wideNeighbours = 30

    static func findings(_ context: CheckContext) -> [DataFinding] {
        guard
            let prepared = try? PreparedData(context.data, steps: [.impute, .standardize]), prepared.featureCount > 0
        else { return [] }
        let affordable = Int((work / Double(prepared.featureCount)).squareRoot())
        let rows = CheckSample.draw(context.data.split.training, min(greatest, max(100, affordable)))
        guard rows.count >= 30 else { return [] }
        let wide = NearestRows(prepared, rows: rows, count: wideNeighbours)
        let near = wide.nearest(neighbours)
        let learnability = learnability(context, prepared, rows, near)
        var found = learnability + labels(context, rows, near)
        if let best = learnability.first?.measure, best >= 0.1, found.allSatisfy({ $0.check != .labelNoise }) {
            found += evenDoubt(context, rows, wide)
        }
        // Where nothing can be learnt no label can be told to be wrong.
        if let best = learnability.first?.measure, best >= 0.1, !found.contains(where: { $0.check == .labelNoise }) {
            found += residuals(context, prepared, rows, near)
        }
        return found + far(rows, near)
    }

    private static func learnability(
        _ context: CheckContext,
        _ prepared: PreparedData,
        _ rows: [Int32],
        _ near: NearestRows
    ) -> [DataFinding] {
        let neighbours: Double
        let linear: Double?
        let measure: String
        switch context.data.targets {
        case .classes(let classes):
            let labels = rows.map { Int(classes[Int($0)]) }
            let count = context.data.schema.outputs
            neighbours = gain(labels, near.votes(labels, classes: count), classes: count)
            linear = LinearReference.answers(prepared, rows: rows, labels: labels, classes: count).map {
                gain(labels, $0, classes: count)
            }
            measure = "balanced accuracy beyond guessing"
        case .values(let values):
            let targets = rows.map { Double(values[Int($0)]) }
            neighbours = explained(targets, near.means(targets))
            linear = LinearReference.numbers(prepared, rows: rows, targets: targets).map { explained(targets, $0) }
            measure = "variance explained"
        }
        let best = max(neighbours, linear ?? -.infinity)
        let text =
            "a nearest-neighbour model reaches \(CheckText.percent(neighbours))"
            + (linear.map { " and a linear one \(CheckText.percent($0))" } ?? "")
            + " of \(measure), on rows held out of \(rows.count) (limit: 10 %)"
        // Source of the limit: deepchecks' simple-model comparison.
        return [
            DataFinding(
                .learnability,
                best < 0.02 ? .fault : best < 0.1 ? .warning : .note,
                count: rows.count,
                text: best < 0.1 ? "the inputs hardly predict the target: " + text : text,
                remedy: best < 0.1
                    ? "look for other inputs or a mistake in the target column: no model's settings help"
                    : "a network should do better than both",
                measure: best
            )
        ]
    }

    /// (balanced accuracy − 1/K) / (1 − 1/K), over the classes that occur.
    private static func gain(_ labels: [Int], _ answers: [Int], classes: Int) -> Double {
        var (rows, hits) = ([Int](repeating: 0, count: classes), [Int](repeating: 0, count: classes))
        for (label, answer) in zip(labels, answers) {
            rows[label] += 1
            if label == answer { hits[label] += 1 }
        }
        let present = rows.indices.filter { rows[$0] > 0 }
        guard present.count > 1 else { return 0 }
        let mean = present.reduce(0.0) { $0 + Double(hits[$1]) / Double(rows[$1]) } / Double(present.count)
        let chance = 1 / Double(present.count)
        return (mean - chance) / (1 - chance)
    }

    private static func explained(_ targets: [Double], _ predictions: [Double]) -> Double {
        let mean = Moments(of: targets).mean
        let total = targets.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
        let left = zip(targets, predictions).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return total > 0 ? 1 - left / total : 0
    }

    /// Labels that the neighbours contradict with confidence.
    ///
    /// A row counts when another class's share among its neighbours is at least that class's mean share among its own rows
    /// (the confident joint's threshold) and 0.7, and its own label's at most 0.1. Source: Northcutt, Jiang & Chuang, JAIR
    /// 2021, with neighbours for the out-of-sample probabilities. Classes that lie in each other have such rows too. They are
    /// told from wrong labels by one of two things: few rows have undecided neighbours (no class has 7 of 10); or labels are
    /// contradicted also where nearly all neighbours agree (9 of 10). There classes that overlap have few (0 to 5 % in eleven
    /// sets of data, 9 % in one whose classes all but coincide), while labels that are wrong by chance are wrong there as often as
    /// elsewhere. In two classes at least: where next to nothing tells them apart, all neighbours agree on the frequent one, and the
    /// rows of the rare one contradict it though no label is wrong.
    private static func labels(_ context: CheckContext, _ rows: [Int32], _ near: NearestRows) -> [DataFinding] {
        guard case .classes(let classes) = context.data.targets,
            case .classification(let names, _) = context.data.schema.task
        else { return [] }
        let labels = rows.map { Int(classes[Int($0)]) }
        let shares = near.shares(labels, classes: names.count)
        var (sums, counts) = ([Double](repeating: 0, count: names.count), [Int](repeating: 0, count: names.count))
        for (index, label) in labels.enumerated() {
            sums[label] += shares[index][label]
            counts[label] += 1
        }
        let thresholds = zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : 1 }
        var doubtful: [(row: Int32, label: Int, other: Int)] = []
        for (index, label) in labels.enumerated() {
            guard let other = shares[index].indices.max(by: { shares[index][$0] < shares[index][$1] }), other != label,
                shares[index][other] >= max(0.7, thresholds[other]), shares[index][label] <= 0.1
            else { continue }
            doubtful.append((rows[index], label, other))
        }
        let share = Double(doubtful.count) / Double(rows.count)
        let undecided = shares.count { ($0.max() ?? 0) < 0.7 }
        // Of each class the rows whose neighbours agree on it, and those of them that are told to be of another.
        var agreed = [(rows: Int, contradicted: Int)](repeating: (0, 0), count: names.count)
        for (index, label) in labels.enumerated() {
            guard let common = shares[index].firstIndex(where: { $0 >= 0.9 }) else { continue }
            agreed[common].rows += 1
            if common != label { agreed[common].contradicted += 1 }
        }
        agreed.sort { $0.rows > $1.rows }
        // Those of all classes but the one that is agreed on most, and all.
        let isSpread =
            share > 0.05
            && [agreed.dropFirst(), agreed[...]].allSatisfy { part in
                let (rows, contradicted) = part.reduce((0, 0)) { ($0.0 + $1.rows, $0.1 + $1.contradicted) }
                return rows >= 10 && Double(contradicted) > 0.09 * Double(rows)
            }
        guard isSpread || (share > 0.01 && doubtful.count > undecided) else { return [] }
        return [
            DataFinding(
                .labelNoise,
                share > 0.03 ? .warning : .note,
                count: doubtful.count,
                text: "\(doubtful.count) of \(rows.count) labels contradict nearly all of their 10 nearest rows, "
                    + "\(CheckText.percent(share)) (limit: 3 %)",
                examples: doubtful.prefix(8).map {
                    "\(CheckText.row($0.row)) (\(names[$0.label]), rather \(names[$0.other]))"
                },
                remedy: "look at these rows' labels; train without them and compare",
                measure: share
            )
        ]
    }

    /// Labels that are contradicted in the hearts of their classes nearly as often as anywhere.
    ///
    /// Where many labels are wrong, no ten neighbours agree any more; of more of them the commonest class is still known. Classes that
    /// lie in each other contradict their rows at the border; labels that are wrong by chance are so in the hearts, too. A row's heart
    /// is told by its neighbours and contradicted by its own label, which is none of them, so that the choice of rows does not bend the
    /// count. Told where the surest quarter of the rows has 0.45 + a of the share a of all, 6 % and ten rows at least: in made data (two
    /// normal classes, a from 0.17 to 0.4) sound labels come to 0.15 to 0.79 of it, the weaker the signal the more, and a fifth of
    /// wrong ones to 0.6 to 1; of more than 0.36 nobody can say, unless three tenths of the contradicting labels are of other classes than the next. Where the surest rows are of one class alone, nothing is told.
    private static func evenDoubt(_ context: CheckContext, _ rows: [Int32], _ wide: NearestRows) -> [DataFinding] {
        guard rows.count >= 200, case .classes(let classes) = context.data.targets,
            case .classification(let names, _) = context.data.schema.task
        else { return [] }
        let labels = rows.map { Int(classes[Int($0)]) }
        // Half of the rows that a class has on the average: more would reach into the next one.
        let shares = wide.nearest(max(neighbours, rows.count / names.count / 2)).shares(labels, classes: names.count)
        let common = shares.map { share in share.indices.max { share[$0] < share[$1] } ?? 0 }
        let order = rows.indices.sorted { a, b in
            let (left, right) = (shares[a][common[a]], shares[b][common[b]])
            return left != right ? left > right : a < b
        }
        let surest = order.prefix(rows.count / 4)
        let doubtful = surest.filter { common[$0] != labels[$0] }
        let all = Double(labels.indices.count { common[$0] != labels[$0] }) / Double(rows.count)
        let share = Double(doubtful.count) / Double(surest.count)
        let counts = surest.reduce(into: [Int](repeating: 0, count: names.count)) { $0[common[$1]] += 1 }
        // Of which class the contradicting labels are: of the next one where classes overlap, of any where labels are wrong by chance.
        var others = [[Int]](repeating: [Int](repeating: 0, count: names.count), count: names.count)
        for index in doubtful { others[common[index]][labels[index]] += 1 }
        let leading = others.reduce(0) { $0 + ($1.max() ?? 0) }
        let isOfAny = names.count > 2 && 10 * leading <= 7 * doubtful.count
        guard share >= 0.06, doubtful.count >= 10, share >= (0.45 + all) * all, all < (isOfAny ? 0.5 : 0.36),
            surest.count - (counts.max() ?? 0) >= 10
        else { return [] }
        return [
            DataFinding(
                .labelNoise,
                .warning,
                count: doubtful.count,
                text: "\(doubtful.count) of the \(surest.count) labels whose neighbours agree most contradict them, "
                    + "\(CheckText.percent(share)), of all \(CheckText.percent(all)): classes that overlap are contradicted at their "
                    + "borders, wrong labels everywhere (limit: \(CheckText.percent((0.45 + all) * all)))",
                examples: doubtful.prefix(8).map {
                    "\(CheckText.row(rows[$0])) (\(names[labels[$0]]), rather \(names[common[$0]]))"
                },
                remedy: "look at these rows' labels; train without them and compare",
                measure: share
            )
        ]
    }

    /// Numbers that are not those of their rows: most residuals of a simple model are small, and some are as large as if the target
    /// were another row's, though the targets themselves have no long tails.
    ///
    /// Source: residuals of a model on rows that it was not fitted to (Zhou, Mueller et al., arXiv:2305.16583); an excess kurtosis
    /// above 1.5 is seven standard errors of 500 normal numbers, √(24/n) each.
    private static func residuals(
        _ context: CheckContext,
        _ prepared: PreparedData,
        _ rows: [Int32],
        _ near: NearestRows
    ) -> [DataFinding] {
        guard case .values(let values) = context.data.targets, rows.count >= 100 else { return [] }
        let targets = rows.map { Double(values[Int($0)]) }
        var predictions = near.means(targets)
        if let linear = LinearReference.numbers(prepared, rows: rows, targets: targets),
            explained(targets, linear) > explained(targets, predictions)
        {
            predictions = linear
        }
        let left = zip(targets, predictions).map { $0 - $1 }
        let excess = kurtosis(left)
        guard explained(targets, predictions) > 0.2, excess > 1.5, excess > 7 * (24 / Double(rows.count)).squareRoot(),
            kurtosis(targets) < 1
        else { return [] }
        let deviation = Moments(of: left).populationVariance.squareRoot()
        let far = left.indices.filter { abs(left[$0]) > 3 * deviation }.sorted { abs(left[$0]) > abs(left[$1]) }
        return [
            DataFinding(
                .labelNoise,
                .warning,
                count: far.count,
                text:
                    "most targets are near what a simple model says and some are as far as another row's: its residuals have an excess "
                    + "kurtosis of \(CheckText.number(excess)) (limit: 1.5), the targets \(CheckText.number(kurtosis(targets)))",
                examples: far.prefix(8).map { "\(CheckText.row(rows[$0])) (\(CheckText.number(targets[$0])))" },
                remedy: "look at these rows' targets; loss: huber bounds what they do",
                measure: excess
            )
        ]
    }

    /// Excess kurtosis: 0 of normal numbers.
    private static func kurtosis(_ values: [Double]) -> Double {
        let moments = Moments(of: values)
        let variance = moments.populationVariance
        guard variance > 0 else { return 0 }
        let fourth = values.reduce(0.0) { sum, value in
            let square = (value - moments.mean) * (value - moments.mean)
            return sum + square * square
        }
        return fourth / Double(values.count) / (variance * variance) - 3
    }

    private static func far(_ rows: [Int32], _ near: NearestRows) -> [DataFinding] {
        let distances = near.meanDistances
        let sorted = distances.sorted()
        let (low, high) = (sorted[sorted.count / 4], sorted[sorted.count * 3 / 4])
        // Six quartile distances: with 1.5 to 3 any smooth distribution of many features has such rows.
        let limit = high + 6 * (high - low)
        let found = rows.indices.filter { distances[$0] > limit }.sorted { distances[$0] > distances[$1] }
        guard !found.isEmpty, high > low else { return [] }
        return [
            DataFinding(
                .farRows,
                .note,
                count: found.count,
                text: "\(found.count) of \(rows.count) rows are far from all others: their 10 nearest lie more than "
                    + "\(CheckText.number(limit)) away, those of half of the rows within "
                    + CheckText.number(sorted[sorted.count / 2]),
                examples: found.prefix(4).map { CheckText.row(rows[$0]) },
                remedy: "look at these rows",
                measure: Double(found.count) / Double(rows.count)
            )
        ]
    }
}

/// The nearest rows of each row of a sample, itself left out.
struct NearestRows {
    /// Positions in the sample, nearest first.
    let nearest: [[Int]]
    /// Squares of the distances to them.
    private let distances: [[Float]]

    /// The mean distance of a row's neighbours.
    var meanDistances: [Double] {
        distances.map { $0.reduce(0.0) { $0 + Double($1).squareRoot() } / Double(max(1, $0.count)) }
    }

    /// The same rows with their `count` nearest alone.
    func nearest(_ count: Int) -> NearestRows {
        NearestRows(
            nearest: nearest.map { Array($0.prefix(count)) },
            distances: distances.map { Array($0.prefix(count)) }
        )
    }

    private init(nearest: [[Int]], distances: [[Float]]) {
        self.nearest = nearest
        self.distances = distances
    }

    init(_ data: PreparedData, rows: [Int32], count: Int) {
        let width = data.featureCount
        var nearest: [[Int]] = []
        var squares: [[Float]] = []
        let count = min(count, rows.count - 1)
        var distances = [Float](repeating: 0, count: rows.count)
        for a in rows.indices {
            let left = data.features + Int(rows[a]) * data.rowStride
            for b in rows.indices {
                let right = data.features + Int(rows[b]) * data.rowStride
                var sums = SIMD8<Float>(repeating: 0)
                var column = 0
                // Rows are padded with zeros to whole vectors.
                while column < width {
                    let x = UnsafeRawPointer(left + column).loadUnaligned(as: SIMD8<Float>.self)
                    let y = UnsafeRawPointer(right + column).loadUnaligned(as: SIMD8<Float>.self)
                    let difference = x - y
                    sums += difference * difference
                    column += 8
                }
                distances[b] = sums.sum()
            }
            distances[a] = .infinity
            // The smallest few by insertion, ties by position.
            var best: [Int] = []
            for b in rows.indices {
                if best.count == count, let last = best.last, distances[b] >= distances[last] { continue }
                var place = best.count
                while place > 0, distances[b] < distances[best[place - 1]] { place -= 1 }
                best.insert(b, at: place)
                if best.count > count { best.removeLast() }
            }
            nearest.append(best)
            squares.append(best.map { distances[$0] })
        }
        self.nearest = nearest
        self.distances = squares
    }

    /// The share of each class among a row's neighbours.
    func shares(_ labels: [Int], classes: Int) -> [[Double]] {
        nearest.map { neighbours in
            var shares = [Double](repeating: 0, count: classes)
            for neighbour in neighbours { shares[labels[neighbour]] += 1 / Double(max(1, neighbours.count)) }
            return shares
        }
    }

    /// The commonest class among a row's neighbours; of equal ones the nearest's.
    func votes(_ labels: [Int], classes: Int) -> [Int] {
        zip(nearest, shares(labels, classes: classes)).map { neighbours, shares in
            let most = shares.max() ?? 0
            return neighbours.lazy.map { labels[$0] }.first { shares[$0] > most - 1e-9 } ?? 0
        }
    }

    /// The mean target of a row's neighbours.
    func means(_ targets: [Double]) -> [Double] {
        nearest.map { $0.reduce(0) { $0 + targets[$1] } / Double(max(1, $0.count)) }
    }
}

/// A linear model's answers on rows it was not fitted to.
enum LinearReference {
    /// Features beyond which it is left out: its cost grows with their cube.
    private static let greatest = 200
    private static let folds = 5

    static func answers(_ data: PreparedData, rows: [Int32], labels: [Int], classes: Int) -> [Int]? {
        guard classes <= 100 else { return nil }
        var targets = [Double](repeating: 0, count: rows.count * classes)
        for (index, label) in labels.enumerated() { targets[index * classes + label] = 1 }
        return predictions(data, rows: rows, targets: targets, outputs: classes).map { values in
            rows.indices.map { row in
                (0..<classes).max { values[row * classes + $0] < values[row * classes + $1] } ?? 0
            }
        }
    }

    static func numbers(_ data: PreparedData, rows: [Int32], targets: [Double]) -> [Double]? {
        let mean = Moments(of: targets).mean
        return predictions(data, rows: rows, targets: targets.map { $0 - mean }, outputs: 1).map {
            $0.map { $0 + mean }
        }
    }

    private static func predictions(
        _ data: PreparedData,
        rows: [Int32],
        targets: [Double],
        outputs: Int
    ) -> [Double]? {
        let columns = data.featureCount + 1
        guard columns <= greatest, rows.count >= 2 * folds else { return nil }
        func features(_ row: Int32) -> [Double] { data.row(Int(row)).map(Double.init) + [1] }
        var result = [Double](repeating: 0, count: rows.count * outputs)
        for fold in 0..<folds {
            let fitted = rows.indices.filter { $0 % folds != fold }
            let x = fitted.flatMap { features(rows[$0]) }
            let y = fitted.flatMap { targets[$0 * outputs..<($0 + 1) * outputs] }
            guard
                let coefficients = RidgeRegression.fit(
                    x,
                    columns: columns,
                    y,
                    outputs: outputs,
                    penalty: 1e-2 * Double(fitted.count)
                )
            else { return nil }
            for index in rows.indices where index % folds == fold {
                for (column, value) in features(rows[index]).enumerated() {
                    for output in 0..<outputs {
                        result[index * outputs + output] += value * coefficients[column * outputs + output]
                    }
                }
            }
        }
        return result
    }
}
