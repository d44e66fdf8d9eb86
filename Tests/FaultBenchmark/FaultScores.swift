import SweepCore

/// What a benchmark's records come to, for some of the tasks.
package struct FaultScores: Sendable {
    /// A count out of a number.
    package struct Share: Sendable, CustomStringConvertible {
        package var count = 0
        package var of = 0
        package var value: Double { of == 0 ? .nan : Double(count) / Double(of) }

        mutating func add(_ holds: Bool) {
            of += 1
            if holds { count += 1 }
        }

        package var description: String {
            guard of > 0 else { return "–" }
            let hundredths = Int((value * 100).rounded())
            return (hundredths == 100 ? "1.00" : hundredths < 10 ? ".0\(hundredths)" : ".\(hundredths)")
        }
    }

    /// One kind of fault.
    package struct Row: Sendable {
        package let kind: String
        package var runs = 0
        package var first = Share()
        package var three = Share()
        package var strict = Share()
        package var recovered = Share()
        /// What was named first instead of a right answer, how often.
        package var instead: [String: Int] = [:]
    }

    /// Single faults, by kind in the catalogue's order; kinds without a case left out.
    package private(set) var rows: [Row] = []
    package private(set) var first = Share()
    package private(set) var three = Share()
    package private(set) var strict = Share()
    package private(set) var recovered = Share()
    /// The same of all runs with one fault that were mended, or could have been: no remedy printed is none that helps.
    package private(set) var cured = Share()
    /// Single faults whose first cause has a remedy that `--set` takes.
    package private(set) var settable = Share()
    /// Of runs with two faults: faults that are among the three likeliest causes.
    package private(set) var pairs = Share()
    /// Sound runs in which something is named.
    package private(set) var alarms = Share()
    /// Those of them in which the printed remedy makes the run no better.
    package private(set) var falseAlarms = Share()
    /// False alarms by which rule they were called sick.
    package private(set) var alarmsByVerdict: [String: Int] = [:]
    /// Faults without effect: how many runs, and how many of them were named all the same.
    package private(set) var idle = Share()
    /// Top-1 by level of evidence.
    package private(set) var ablation: [EvidenceLevel: (first: Share, three: Share, alarms: Share)] = [:]
    /// Top-1 of runs on which the experiment was done: by rules, then by the experiment.
    package private(set) var experiment = (rules: Share(), tried: Share())
    /// Of runs that were trained, faulty (one fault or two) and sound: in how many something is said, by ours and by the rules of other tools.
    package private(set) var tools: [(name: String, found: Share, alarms: Share)] = []

    package init(_ records: [FaultStudy.Record]) {
        for kind in FaultKind.all {
            let own = records.filter { $0.kinds == [kind.name] && $0.isAdmitted }
            guard !own.isEmpty else { continue }
            var row = Row(kind: kind.name)
            for record in own {
                let named = record.answers[.data] ?? []
                let isRight = named.first.map(record.right[0].contains) ?? false
                row.runs += 1
                row.first.add(isRight)
                row.three.add(named.prefix(3).contains(where: record.right[0].contains))
                row.strict.add(named.first == record.labels[0])
                if !isRight { row.instead[named.first?.rawValue ?? "no fault", default: 0] += 1 }
                settable.add(record.isSettable)
                if let recovers = record.recovers {
                    row.recovered.add(recovers)
                    recovered.add(recovers)
                }
                if FaultKind.isMendable(record.kinds[0]) { cured.add(record.recovers ?? false) }
                if let tried = record.tried {
                    experiment.rules.add(isRight)
                    experiment.tried.add(record.right[0].contains(tried))
                }
            }
            add(row.first, to: &first)
            add(row.three, to: &three)
            add(row.strict, to: &strict)
            rows.append(row)
        }
        for record in records where record.kinds.count == 2 && record.isAdmitted {
            let named = (record.answers[.data] ?? []).prefix(3)
            for right in record.right { pairs.add(named.contains(where: right.contains)) }
        }
        for record in records where record.kinds.isEmpty {
            let isAlarm = Self.saysSomething(record)
            alarms.add(isAlarm)
            falseAlarms.add(isAlarm && record.gains != true)
            if isAlarm, record.gains != true {
                alarmsByVerdict[record.answers[.data]?.first?.rawValue ?? "unexplained", default: 0] += 1
            }
        }
        for record in records where record.kinds.count == 1 && !record.isAdmitted {
            idle.add(record.answers[.data]?.isEmpty == false)
        }
        for level in EvidenceLevel.allCases {
            var shares = (first: Share(), three: Share(), alarms: Share())
            for record in records {
                let named = record.answers[level] ?? []
                if record.kinds.isEmpty { shares.alarms.add(!named.isEmpty) }
                guard record.kinds.count == 1, record.isAdmitted else { continue }
                shares.first.add(named.first.map(record.right[0].contains) ?? false)
                shares.three.add(named.prefix(3).contains(where: record.right[0].contains))
            }
            ablation[level] = shares
        }
        tools = [Self.tool("sweepd", records, says: Self.saysSomething)]
        tools += OtherTool.allCases.map { tool in
            Self.tool(tool.rawValue, records) { $0.others?[tool]?.isEmpty == false }
        }
    }

    private static func saysSomething(_ record: FaultStudy.Record) -> Bool {
        record.answers[.data]?.isEmpty == false || record.verdict != "no fault found"
    }

    private static func tool(
        _ name: String,
        _ records: [FaultStudy.Record],
        says: (FaultStudy.Record) -> Bool
    ) -> (name: String, found: Share, alarms: Share) {
        var (found, alarms) = (Share(), Share())
        for record in records where record.others != nil {
            if record.kinds.isEmpty { alarms.add(says(record)) } else if record.isAdmitted { found.add(says(record)) }
        }
        return (name, found, alarms)
    }

    private func add(_ share: Share, to total: inout Share) {
        total.count += share.count
        total.of += share.of
    }
}
