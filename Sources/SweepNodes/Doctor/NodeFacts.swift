/// What was found out about a machine that is to train: numbers only, no opinions.
package struct NodeFacts: Hashable, Sendable {
    /// The machine's name.
    package var host: String
    /// Trials that its worker is to train at once.
    package var slots: Int
    /// The coordinator's port.
    package var endpoint: String
    package var connection: Connection
    /// What the coordinator says of itself; nil when it was not reached, or is too old to.
    package var coordinator: Coordinator?
    package var software: Software
    package var processor: Processor
    /// Nil when nothing was measured.
    package var speed: Speed?
    package var disk: Disk?
    package var memory: Memory?
    package var files: FileLimits?
    /// What its worker is to be labelled with, `commands` where it is to run programs.
    package var labels: [String: String]

    package init(
        host: String,
        slots: Int,
        endpoint: String,
        connection: Connection,
        coordinator: Coordinator?,
        software: Software,
        processor: Processor,
        speed: Speed?,
        disk: Disk?,
        memory: Memory?,
        files: FileLimits?,
        labels: [String: String] = [:]
    ) {
        self.host = host
        self.slots = slots
        self.endpoint = endpoint
        self.connection = connection
        self.coordinator = coordinator
        self.software = software
        self.processor = processor
        self.speed = speed
        self.disk = disk
        self.memory = memory
        self.files = files
        self.labels = labels
    }

    /// How far the way to the coordinator leads.
    package enum Connection: Hashable, Sendable {
        /// The host's name is not known here; the resolver's reason.
        case unresolved(String)
        /// Nothing listens there.
        case refused
        /// No answer at all within so many seconds.
        case silent(seconds: Double)
        /// The system says why not.
        case impossible(String)
        /// Something listens, and no handshake comes about: not sweepd, or another key than the one given.
        case strange(hasKeys: Bool)
        /// Connected, with a key or without, to a coordinator of another version of the protocol; what it says.
        case otherProtocol(hasKeys: Bool, sentence: String)
        /// The coordinator does not know the key.
        case unknownKey(publicKey: String)
        /// Connected, with a key or without; seconds from a question to its answer.
        case established(hasKeys: Bool, roundTrip: Double)
    }

    /// What a coordinator says of itself.
    package struct Coordinator: Hashable, Sendable {
        package var software: Software
        /// The role of the key that asked; nil without keys.
        package var role: String?
        /// Its clock less this machine's, in seconds.
        package var clockDifference: Double
        /// What it expects of a machine; nil when it is too old to say.
        package var expectations: NodeExpectations?

        package init(
            software: Software,
            role: String?,
            clockDifference: Double,
            expectations: NodeExpectations? = nil
        ) {
            self.software = software
            self.role = role
            self.clockDifference = clockDifference
            self.expectations = expectations
        }
    }

    /// Which program it is.
    package struct Software: Hashable, Sendable {
        package var version: String
        /// The newest version of the protocol that it speaks.
        package var protocolVersion: Int
        /// The oldest one.
        package var oldestProtocol: Int
        /// The version of the training core: equal ones train equal bits.
        package var core: String

        package init(version: String, protocolVersion: Int, oldestProtocol: Int? = nil, core: String) {
            self.version = version
            self.protocolVersion = protocolVersion
            self.oldestProtocol = oldestProtocol ?? protocolVersion
            self.core = core
        }

        /// The newest version of the protocol that both speak; nil when there is none.
        package func agreement(with other: Software) -> Int? {
            let version = min(protocolVersion, other.protocolVersion)
            return version >= max(oldestProtocol, other.oldestProtocol) ? version : nil
        }

        /// The versions of the protocol in words: `2`, or `2 to 3`.
        package var protocols: String {
            oldestProtocol == protocolVersion ? "\(protocolVersion)" : "\(oldestProtocol) to \(protocolVersion)"
        }
    }

    /// What computes.
    package struct Processor: Hashable, Sendable {
        /// As the system calls it; empty when it does not say.
        package var model: String
        /// Cores that this process may run on.
        package var cores: Int
        /// Cores' worth of time that its control group grants; nil without a limit.
        package var quota: Double?
        /// Kernel tables it can run, the fastest last.
        package var available: [String]
        /// The table that is used.
        package var kernels: String
        /// Programs that computed or waited to, over the last minute; nil when the system does not say.
        package var loadAverage: Double?
        /// How the system chooses the first core's frequency; nil when it does not say, as in virtual machines.
        package var governor: String?

        package init(
            model: String,
            cores: Int,
            quota: Double?,
            available: [String],
            kernels: String,
            loadAverage: Double? = nil,
            governor: String? = nil
        ) {
            self.model = model
            self.cores = cores
            self.quota = quota
            self.available = available
            self.kernels = kernels
            self.loadAverage = loadAverage
            self.governor = governor
        }
    }

    /// A short training on one core.
    package struct Speed: Hashable, Sendable {
        /// What was trained.
        package var model: String
        /// Rows a second of core time.
        package var samplesPerSecond: Double
        package var gflops: Double
        /// What the core does in registers alone.
        package var peakGflops: Double
        /// The share of the time in which it had the core: core seconds over seconds.
        package var coreShare: Double

        package init(
            model: String,
            samplesPerSecond: Double,
            gflops: Double,
            peakGflops: Double,
            coreShare: Double
        ) {
            self.model = model
            self.samplesPerSecond = samplesPerSecond
            self.gflops = gflops
            self.peakGflops = peakGflops
            self.coreShare = coreShare
        }
    }

    /// Where large data sets are prepared.
    package struct Disk: Hashable, Sendable {
        package var path: String
        package var freeBytes: Int
        package init(path: String, freeBytes: Int) {
            self.path = path
            self.freeBytes = freeBytes
        }
    }

    /// What a process may take without another losing it.
    package struct Memory: Hashable, Sendable {
        package var availableBytes: Int
        /// Whether a control group limits it, not the machine.
        package var isLimited: Bool
        package init(availableBytes: Int, isLimited: Bool) {
            self.availableBytes = availableBytes
            self.isLimited = isLimited
        }
    }

    /// How many files a process may have open.
    package struct FileLimits: Hashable, Sendable {
        package var soft: Int
        /// The soft limit can be raised to it.
        package var hard: Int
        package init(soft: Int, hard: Int) {
            self.soft = soft
            self.hard = hard
        }
    }
}
