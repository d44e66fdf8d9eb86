import SweepCore
import SweepNumerics

/// Checks of images: the range of their values, and whether they are lit alike.
enum ImageChecks {
    static func findings(_ context: CheckContext) -> [DataFinding] {
        guard context.data.schema.image != nil else { return [] }
        let data = context.data
        var all = Moments()
        var means: [Double] = []
        var greatest = 0.0
        let rows = CheckSample.draw(context.sample.rows, 2_000)
        for row in rows {
            var image = Moments()
            for value in data.features[Int(row) * data.featureCount..<(Int(row) + 1) * data.featureCount]
            where !value.isNaN {
                image.add(Double(value))
                all.add(Double(value))
                greatest = max(greatest, abs(Double(value)))
            }
            means.append(image.mean)
        }
        let deviation = all.populationVariance.squareRoot()
        guard deviation > 0 else { return [] }
        return range(context, greatest, deviation) + light(rows, means, deviation)
    }

    private static func range(_ context: CheckContext, _ greatest: Double, _ deviation: Double) -> [DataFinding] {
        let size = deviation * context.factor
        guard size > 5, greatest > 2 else { return [] }
        return [
            DataFinding(
                .imageRange,
                context.scalesFeatures ? .note : .fault,
                count: context.data.featureCount,
                text:
                    "pixels go up to \(CheckText.number(greatest)) and have a standard deviation of \(CheckText.number(size)) "
                    + "(limit: 5)" + (context.scalesFeatures ? "; preprocess scales them" : ""),
                remedy: "preprocess: [normalize], or [{scale: 0.00392156862745098}] (1/255)",
                measure: size
            )
        ]
    }

    private static func light(_ rows: [Int32], _ means: [Double], _ deviation: Double) -> [DataFinding] {
        let moments = Moments(of: means)
        let spread = moments.populationVariance.squareRoot() / deviation
        guard means.count >= 20, spread > 0.2 else { return [] }
        let brightest = zip(rows, means).max { $0.1 < $1.1 }
        let darkest = zip(rows, means).min { $0.1 < $1.1 }
        return [
            DataFinding(
                .light,
                // Photographs differ so by what they show: worth knowing, no more.
                .note,
                count: means.count,
                text: "images are lit unevenly: their mean brightness has a standard deviation of "
                    + "\(CheckText.number(moments.populationVariance.squareRoot())), \(CheckText.percent(spread)) of the pixels' "
                    + "(limit: 20 %)",
                examples: [darkest, brightest].compactMap { $0 }.map {
                    "\(CheckText.row($0.0)) (mean \(CheckText.number($0.1)))"
                },
                remedy: "augment: [{brightness: {amount: 0.3}}, {contrast: {amount: 0.3}}]",
                measure: spread
            )
        ]
    }
}
