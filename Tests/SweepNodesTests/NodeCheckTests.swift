import SweepCore
import SweepNodes
import SweepReports
import Testing

/// Each judgement where it speaks and where it does not.
@Suite struct NodeCheckTests {
    /// A machine with which all is well.
    private static let good = NodeFacts(
        host: "node1",
        slots: 4,
        endpoint: "tcp://10.0.0.1:7700",
        connection: .established(hasKeys: true, roundTrip: 0.001),
        coordinator: NodeFacts.Coordinator(
            software: software,
            role: "worker",
            clockDifference: 0.2,
            expectations: expectations(v4: [39_000, 41_000, 42_000], wanted: [.init(requires: [], slots: 1)])
        ),
        software: software,
        processor: NodeFacts.Processor(
            model: "A processor",
            cores: 4,
            quota: nil,
            available: ["v2", "v3", "v4"],
            kernels: "v4"
        ),
        speed: NodeFacts.Speed(
            model: "mlp:784-256-128-10",
            samplesPerSecond: 40_000,
            gflops: 55,
            peakGflops: 90,
            coreShare: 0.99
        ),
        disk: NodeFacts.Disk(path: "/tmp", freeBytes: 100 << 30),
        memory: NodeFacts.Memory(availableBytes: 16 << 30, isLimited: false),
        files: NodeFacts.FileLimits(soft: 1024, hard: 1_048_576)
    )

    private static let software = NodeFacts.Software(version: "1.0.0", protocolVersion: 2, core: "3")

    private static func expectations(v4: [Double], wanted: [NodeExpectations.Need] = []) -> NodeExpectations {
        NodeExpectations(rates: v4.map { (kernels: "v4", samplesPerSecond: $0) }, wanted: wanted)
    }

    private static func check(
        _ subject: NodeCheck.Subject,
        _ change: (inout NodeFacts) -> Void
    ) -> NodeCheck? {
        var facts = good
        change(&facts)
        return facts.checks.first { $0.subject == subject }
    }

    @Test func `with a machine in order every judgement is made, and none complains`() {
        let report = NodeReport(Self.good)
        #expect(report.checks.map(\.subject) == NodeCheck.Subject.allCases)
        #expect(report.level == .ok)
        #expect(report.checks.allSatisfy { $0.advice == nil && !$0.found.isEmpty })
    }

    @Test func `whatever complains says what to do`() {
        var facts = Self.good
        facts.connection = .refused
        facts.coordinator = nil
        facts.disk?.freeBytes = 1
        facts.memory?.availableBytes = 1
        facts.files = NodeFacts.FileLimits(soft: 4, hard: 4)
        facts.slots = 64
        let bad = facts.checks.filter { $0.level != .ok }
        #expect(bad.count == 5)
        #expect(bad.allSatisfy { !($0.advice ?? "").isEmpty })
    }

    @Test(arguments: [
        NodeFacts.Connection.unresolved("Name or service not known"), .refused, .silent(seconds: 5),
        .impossible("network is unreachable"),
    ])
    func `a port that cannot be reached fails, and nothing is said of the key`(_ connection: NodeFacts.Connection) {
        let change: (inout NodeFacts) -> Void = {
            $0.connection = connection
            $0.coordinator = nil
        }
        #expect(Self.check(.port, change)?.level == .fail)
        for subject in [NodeCheck.Subject.key, .version, .core, .clock] {
            #expect(Self.check(subject, change) == nil)
        }
    }

    @Test(arguments: [
        NodeFacts.Connection.strange(hasKeys: true), .strange(hasKeys: false),
        .unknownKey(publicKey: "KEY"),
    ])
    func `a port that is open with a key that does not fit fails at the key`(_ connection: NodeFacts.Connection) {
        #expect(Self.check(.port) { $0.connection = connection }?.level == .ok)
        #expect(Self.check(.key) { $0.connection = connection }?.level == .fail)
    }

    @Test func `an unknown key is told with the line that allows it`() {
        let advice = Self.check(.key) { $0.connection = .unknownKey(publicKey: "PUBLIC") }?.advice
        #expect(advice?.contains("sweepd keys allow 'PUBLIC' --name node1") == true)
    }

    @Test func `keys of workers and admins train, a reader's does not`() {
        #expect(Self.check(.key) { $0.coordinator?.role = "admin" }?.level == .ok)
        #expect(Self.check(.key) { $0.coordinator?.role = "reader" }?.level == .fail)
        #expect(Self.check(.key) { $0.connection = .established(hasKeys: false, roundTrip: 0.001) }?.level == .ok)
    }

    @Test func `another protocol fails, another version and core warn`() {
        let other = Self.check(.version) {
            $0.coordinator?.software.protocolVersion = 3
            $0.coordinator?.software.oldestProtocol = 3
        }
        #expect(other?.level == .fail)
        #expect(Self.check(.version) { $0.coordinator?.software.version = "1.1.0" }?.level == .warn)
        #expect(Self.check(.version) { $0.coordinator = nil }?.level == .warn)
        #expect(Self.check(.core) { $0.coordinator?.software.core = "4" }?.level == .warn)
        let older = Self.check(.version) {
            $0.connection = .otherProtocol(hasKeys: true, sentence: "version 1 is spoken here")
            $0.coordinator = nil
        }
        #expect(older?.level == .fail && older?.found.contains("version 1 is spoken here") == true)
    }

    @Test func `protocols with a version in common are well, whichever side is newer`() {
        func check(_ own: (Int, Int), _ other: (Int, Int)) -> NodeCheck? {
            Self.check(.version) {
                $0.software = NodeFacts.Software(
                    version: "1.0.0",
                    protocolVersion: own.1,
                    oldestProtocol: own.0,
                    core: "3"
                )
                $0.coordinator?.software.oldestProtocol = other.0
                $0.coordinator?.software.protocolVersion = other.1
            }
        }
        #expect(check((2, 3), (2, 2))?.level == .ok)
        #expect(check((2, 3), (3, 4))?.level == .ok)
        #expect(check((2, 3), (2, 3))?.found == "1.0.0, protocol 3, as the coordinator")
        let far = check((2, 3), (4, 5))
        #expect(far?.level == .fail && far?.found == "protocol 2 to 3 here, 4 to 5 at the coordinator")
    }

    @Test func `slow kernels warn, whether chosen or all there are`() {
        #expect(Self.check(.kernels) { $0.processor.kernels = "v3" }?.level == .warn)
        let old = Self.check(.kernels) {
            $0.processor.available = ["v2"]
            $0.processor.kernels = "v2"
        }
        #expect(old?.level == .warn && old?.found.contains("AVX2") == true)
        let usual = Self.check(.kernels) {
            $0.processor.available = ["v2", "v3"]
            $0.processor.kernels = "v3"
        }
        #expect(usual?.level == .ok)
        let arm = Self.check(.kernels) {
            $0.processor.available = ["neon"]
            $0.processor.kernels = "neon"
        }
        #expect(arm?.level == .ok)
    }

    @Test func `more slots than cores or than the control group grants warn`() {
        #expect(Self.check(.slots) { $0.slots = 5 }?.level == .warn)
        let limited = Self.check(.slots) { $0.processor.quota = 2 }
        #expect(limited?.level == .warn && limited?.advice?.contains("--slots 2") == true)
        #expect(Self.check(.slots) { $0.processor.quota = 3.5 }?.level == .ok)
        #expect(Self.check(.slots) { $0.slots = 1 }?.level == .ok)
    }

    @Test func `a shared core and a slow one warn apart, and what was not measured is not judged`() {
        let shared = Self.check(.speed) { $0.speed?.coreShare = 0.5 }
        #expect(shared?.level == .warn && shared?.found.contains("50 %") == true)
        let slow = Self.check(.speed) { $0.speed?.gflops = 20 }
        #expect(slow?.level == .warn && slow?.advice?.contains("bench core") == true)
        #expect(Self.check(.speed) { $0.speed?.gflops = 32 }?.level == .ok)
        #expect(Self.check(.speed) { $0.speed = nil } == nil)
    }

    @Test func `a machine slower than the coordinator's workers warns, with what it is compared with`() {
        func check(_ samples: Double) -> NodeCheck? {
            Self.check(.speed) {
                $0.speed?.samplesPerSecond = samples
                $0.processor.loadAverage = 3.14
                $0.processor.governor = "powersave"
                $0.coordinator?.expectations = Self.expectations(v4: [48_000, 50_300, 50_100, 49_900, 51_000])
            }
        }
        let slow = check(31_200)
        #expect(slow?.level == .warn)
        #expect(
            slow?.found == "31200 samples/s a core on mlp:784-256-128-10, 55.0 of 90.0 GFLOP/s; "
                + "0.62 of the median of 5 workers, 50100 (48000 to 51000), slower than each of them"
        )
        #expect(slow?.advice?.contains("load average 3.1") == true && slow?.advice?.contains("powersave") == true)
        // 0.6986 and 0.7006 of the median.
        #expect(check(35_000)?.level == .warn)
        #expect(check(35_100)?.level == .ok && check(35_100)?.advice == nil)
        #expect(check(49_000)?.found.hasSuffix("0.98 of the median of 5 workers, 50100 (48000 to 51000)") == true)
        #expect(check(60_000)?.found.hasSuffix("faster than each of them") == true)
    }

    @Test func `one worker is compared with as one, and a shared core is told before a slow one`() {
        let one = Self.check(.speed) { $0.coordinator?.expectations = Self.expectations(v4: [80_000]) }
        #expect(one?.level == .warn)
        #expect(one?.found.hasSuffix("0.50 of what the coordinator's one worker does, 80000") == true)
        let shared = Self.check(.speed) {
            $0.coordinator?.expectations = Self.expectations(v4: [80_000])
            $0.speed?.coreShare = 0.5
        }
        #expect(shared?.advice?.contains("other programs compute here") == true)
    }

    @Test func `where there is nothing to compare with, that is said, and it is no warning`() {
        let others = Self.check(.speed) {
            $0.coordinator?.expectations = NodeExpectations(
                rates: [(kernels: "v3", samplesPerSecond: 90_000)],
                wanted: []
            )
        }
        #expect(others?.level == .ok && others?.found.contains("none of its workers has kernels v4") == true)
        let none = Self.check(.speed) { $0.coordinator?.expectations = Self.expectations(v4: []) }
        #expect(none?.level == .ok && none?.found.contains("no worker of the coordinator has measured") == true)
        let old = Self.check(.speed) { $0.coordinator?.expectations = nil }
        #expect(old?.level == .ok && old?.found.contains("too old to say") == true)
        // Nobody was asked.
        let alone = Self.check(.speed) { $0.coordinator = nil }
        #expect(alone?.level == .ok && alone?.found.hasSuffix("GFLOP/s") == true)
    }

    private static func sweeps(
        _ need: NodeExpectations.Need,
        _ change: @escaping (inout NodeFacts) -> Void = { _ in }
    ) -> NodeCheck? {
        check(.sweeps) {
            $0.coordinator?.expectations = expectations(v4: [], wanted: [need, .init(requires: [], slots: 1)])
            change(&$0)
        }
    }

    @Test func `a label that a sweep needs is asked for, unless the machine has it`() {
        let need = NodeExpectations.Need(requires: [.init(key: "gpu", value: "yes")], slots: 1)
        let lacking = Self.sweeps(need)
        #expect(lacking?.level == .warn && lacking?.found == "2 sweeps under way, of which 1 needs gpu=yes")
        #expect(lacking?.advice?.contains("--label gpu=yes") == true)
        let having = Self.sweeps(need) { $0.labels = ["gpu": "yes"] }
        #expect(having?.level == .ok && having?.found == "2 sweeps under way: this machine has what they need")
        let programs = NodeExpectations.Need(requires: [.commands], slots: 1)
        #expect(Self.sweeps(programs)?.advice?.contains("--commands") == true)
        #expect(Self.sweeps(programs) { $0.labels = ["commands": "allowed"] }?.level == .ok)
    }

    @Test func `kernels and slots that a sweep needs are judged by what is here`() {
        let kernels = NodeExpectations.Need(requires: [.init(key: "kernels", value: "v4")], slots: 1)
        #expect(Self.sweeps(kernels)?.level == .ok)
        let old = Self.sweeps(kernels) { $0.processor.kernels = "v3" }
        #expect(old?.level == .warn && old?.advice?.contains("--label") == false)
        let wide = NodeExpectations.Need(requires: [], slots: 5)
        #expect(Self.sweeps(wide)?.advice?.contains("--slots 5") == true)
        #expect(Self.sweeps(.init(requires: [], slots: 4))?.level == .ok)
    }

    @Test func `memory that programs may take is judged for all at once`() {
        // 16 GiB are available on 4 slots.
        func check(_ gigabytes: Int, slots: Int = 1) -> NodeCheck? {
            Self.sweeps(.init(requires: [], slots: slots, memoryBytes: gigabytes << 30))
        }
        #expect(check(4)?.level == .ok)
        #expect(check(5)?.level == .warn && check(5)?.advice?.contains("--slots 3") == true)
        #expect(check(8, slots: 2)?.level == .ok)
        #expect(check(17)?.advice?.contains("more than is available (16 GiB)") == true)
        #expect(Self.sweeps(.init(requires: [], slots: 1, memoryBytes: .max))?.level == .warn)
        #expect(Self.sweeps(.init(requires: [], slots: 1, memoryBytes: 0))?.level == .ok)
    }

    @Test func `without a sweep under way nothing is asked of the machine`() {
        let idle = Self.check(.sweeps) { $0.coordinator?.expectations = Self.expectations(v4: [1]) }
        #expect(idle?.level == .ok && idle?.found == "none is under way")
        #expect(Self.check(.sweeps) { $0.coordinator?.expectations = nil } == nil)
    }

    @Test func `expectations are summed up, and bounded`() throws {
        let expectations = NodeExpectations(
            rates: [("v3", 20), ("v4", 50), ("v4", 30), ("v4", 31), ("v4", 40)].map {
                (kernels: $0.0, samplesPerSecond: $0.1)
            },
            wanted: [
                .init(requires: [], slots: 1), .init(requires: [], slots: 2), .init(requires: [.commands], slots: 1),
                .init(requires: [.commands], slots: 1),
            ]
        )
        #expect(
            expectations.speeds == [
                .init(kernels: "v4", workers: 4, median: 35.5, least: 30, most: 50),
                .init(kernels: "v3", workers: 1, median: 20, least: 20, most: 20),
            ]
        )
        #expect(expectations.sweeps == 4)
        #expect(
            expectations.needs == [
                .init(requires: [.commands], slots: 1, sweeps: 2), .init(requires: [], slots: 2, sweeps: 1),
            ]
        )
        let many = NodeExpectations(
            rates: (0..<99).map { (kernels: "table \($0)", samplesPerSecond: 1) },
            wanted: (2..<99).map { .init(requires: [], slots: $0) }
        )
        #expect(many.speeds.count == NodeExpectations.speedLimit && many.needs.count == NodeExpectations.needLimit)
        #expect(many.sweeps == 97)
        // Of longer lists of another coordinator the first entries are read.
        let speed = #"{"kernels": "v4", "workers": 1, "median": 1, "least": 1, "most": 1}"#
        let text =
            #"{"speeds": ["# + Array(repeating: speed, count: 99).joined(separator: ",")
            + #"], "sweeps": 0, "needs": []}"#
        let read = try NodeExpectations(json: JSONValue(parsing: Array(text.utf8)))
        #expect(read.speeds.count == NodeExpectations.speedLimit)
    }

    @Test func `a clock that is off warns in both directions, unless the answer was as long under way`() {
        #expect(Self.check(.clock) { $0.coordinator?.clockDifference = 1.5 }?.level == .warn)
        #expect(Self.check(.clock) { $0.coordinator?.clockDifference = -1.5 }?.level == .warn)
        let slow = Self.check(.clock) {
            $0.coordinator?.clockDifference = 1.5
            $0.connection = .established(hasKeys: true, roundTrip: 2)
        }
        #expect(slow?.level == .ok)
    }

    @Test func `disk warns below what large data sets take, fails when nothing fits`() {
        #expect(Self.check(.disk) { $0.disk?.freeBytes = NodeLimits.diskBytes }?.level == .ok)
        #expect(Self.check(.disk) { $0.disk?.freeBytes = NodeLimits.diskBytes - 1 }?.level == .warn)
        #expect(Self.check(.disk) { $0.disk?.freeBytes = NodeLimits.leastDiskBytes - 1 }?.level == .fail)
        #expect(Self.check(.disk) { $0.disk = nil } == nil)
    }

    @Test func `memory is judged by the slot, and fewer slots are named`() {
        let warned = Self.check(.memory) { $0.memory?.availableBytes = 800 << 20 }
        #expect(warned?.level == .warn && warned?.advice?.contains("--slots 3") == true)
        #expect(Self.check(.memory) { $0.memory?.availableBytes = 200 << 20 }?.level == .fail)
        let alone = Self.check(.memory) {
            $0.memory?.availableBytes = 800 << 20
            $0.slots = 2
        }
        #expect(alone?.level == .ok)
    }

    @Test func `open files warn where the limit can be raised, and fail where not`() {
        #expect(Self.check(.files) { $0.files = .init(soft: 64, hard: 4096) }?.level == .warn)
        #expect(Self.check(.files) { $0.files = .init(soft: 64, hard: 64) }?.level == .fail)
        #expect(Self.check(.files) { $0.files = .init(soft: 80, hard: 80) }?.level == .ok)
    }

    @Test func `the document has a judgement for each line of the text, and the numbers`() throws {
        var facts = Self.good
        facts.processor.kernels = "v3"
        facts.speed?.gflops = .nan
        let report = NodeReport(facts)
        let json = report.json
        #expect(json["level"] == .text("warn"))
        guard case .array(let checks)? = json["checks"] else { throw DocumentReader(json).wrong("checks") }
        #expect(checks.count == report.checks.count)
        #expect(checks.compactMap { $0["level"] }.contains(.text("warn")))
        #expect(json["samples_per_second"] == .number(40_000))
        #expect(json["gflops"] == .null)
        #expect(json["clock_difference_s"] == .number(0.2))
        let lines = report.text.split(separator: "\n")
        #expect(lines.count == report.checks.count + report.checks.count { $0.advice != nil })
        #expect(lines.allSatisfy { !$0.contains("\u{1B}") })
    }

    @Test func `what a coordinator says of itself is read back`() throws {
        for role in ["worker", nil] {
            let about = AboutDocument(
                software: "1.0.0",
                oldestProtocol: 2,
                newestProtocol: 3,
                core: "3",
                role: role,
                milliseconds: 1_700_000_000_123,
                expectations: role == nil
                    ? nil
                    : NodeExpectations(
                        rates: [(kernels: "v4", samplesPerSecond: 40_000.5)],
                        wanted: [
                            .init(requires: [.init(key: "gpu", value: "yes")], slots: 2, memoryBytes: 1 << 30),
                            .init(requires: [.commands], slots: 1),
                        ]
                    )
            )
            #expect(try AboutDocument(json: JSONValue(parsing: about.json.bytes)) == about)
        }
        // A coordinator of the build before speaks one version.
        let old = Array(#"{"software": "0.1.0", "protocol": 2, "core": "3", "role": null, "time_ms": 5}"#.utf8)
        let about = try AboutDocument(json: JSONValue(parsing: old))
        #expect(about.oldestProtocol == 2 && about.newestProtocol == 2 && about.expectations == nil)
        #expect(throws: DocumentError.self) { try AboutDocument(json: .object([])) }
    }
}
