// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: the house rules that the compiler can check.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A kernel target: optimised in debug builds too, compiled for one instruction set.
///
/// `-fno-math-errno` lets a square root be one instruction; `-ffp-contract=off` keeps products and sums apart unless the
/// source fuses them.
func kernels(_ name: String, march: String?, define: String) -> Target {
    let march = march.map { ["-Xcc", "-march=\($0)"] } ?? []
    return .target(
        name: name,
        dependencies: ["KernelAPI"],
        swiftSettings: settings + [
            .unsafeFlags(["-O", "-Xcc", "-fno-math-errno", "-Xcc", "-ffp-contract=off"] + march),
            .define(define),
        ]
    )
}

#if arch(x86_64)
    let instructionSets = [
        kernels("KernelsV2", march: "x86-64-v2", define: "ISA_V2"),
        kernels("KernelsV3", march: "x86-64-v3", define: "ISA_V3"),
        kernels("KernelsV4", march: "x86-64-v4", define: "ISA_V4"),
    ]
#else
    let instructionSets = [kernels("KernelsV2", march: nil, define: "ISA_NEON")]
#endif

/// `make static`: a program that holds all its libraries. Debian's libzmq.a names some that cannot be linked so.
let isStatic = Context.environment["SWEEPD_STATIC"] != nil
func staticLibraries(_ more: [String] = []) -> [LinkerSetting] {
    isStatic ? (["zmq", "sodium"] + more + ["png", "jpeg", "z", "stdc++", "m"]).map { .linkedLibrary($0) } : []
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// A test target.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "sweepd",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.9.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Level 0
        .target(name: "SweepNumerics", swiftSettings: settings),
        .target(name: "KernelAPI", swiftSettings: settings),
        .target(name: "CCPU"),
        .target(name: "CProcess"),
        .target(name: "CAbsentTransports"),
        // Built with the two libraries that decode pictures; their errors, which jump or exit, end in it.
        .target(name: "CImages", linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png")]),
        .systemLibrary(name: "CZeroMQ"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CSodium"),
        // Level 1
        .target(name: "SweepCore", dependencies: ["SweepNumerics"], swiftSettings: settings),
        .target(
            name: "SweepKernels",
            dependencies: ["KernelAPI", "CCPU"] + instructionSets.map { .target(name: $0.name) },
            swiftSettings: settings
        ),
        // Level 2
        .target(
            name: "SweepData",
            dependencies: ["SweepCore", "SweepNumerics", "CImages", "CZlib", "CSodium"],
            swiftSettings: settings
        ),
        .target(
            name: "SweepTraining",
            dependencies: ["SweepCore", "SweepNumerics", "SweepKernels", "KernelAPI"],
            swiftSettings: settings
        ),
        .target(name: "SweepSearch", dependencies: ["SweepCore", "SweepNumerics"], swiftSettings: settings),
        .target(name: "SweepDiagnosis", dependencies: ["SweepCore", "SweepNumerics"], swiftSettings: settings),
        .target(
            name: "SweepWire",
            dependencies: ["SweepCore", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            swiftSettings: settings
        ),
        // Level 3
        .target(
            name: "SweepCoordination",
            dependencies: ["SweepCore", "SweepDiagnosis", "SweepSearch", "SweepWire"],
            swiftSettings: settings
        ),
        .target(
            name: "SweepReports",
            dependencies: ["SweepCore", "SweepDiagnosis", "SweepNumerics", "SweepSearch"],
            swiftSettings: settings
        ),
        .target(
            name: "SweepSpec",
            dependencies: ["SweepCore", "SweepSearch", .product(name: "Yams", package: "Yams")],
            swiftSettings: settings
        ),
        .target(
            name: "SweepStore",
            dependencies: ["SweepCore", "CSodium", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings
        ),
        .target(
            name: "SweepNodes",
            dependencies: ["SweepCore", "SweepNumerics", "SweepReports"],
            swiftSettings: settings
        ),
        .target(name: "SweepMessaging", dependencies: ["CZeroMQ"], swiftSettings: settings),
        .target(
            name: "SweepProgram",
            dependencies: ["CProcess", "SweepCore", "SweepReports"],
            swiftSettings: settings
        ),
        // Level 4
        .target(
            name: "SweepCoordinator",
            dependencies: [
                "SweepCoordination", "SweepCore", "SweepDiagnosis", "SweepMessaging", "SweepNodes", "SweepReports",
                "SweepSearch", "SweepStore", "SweepWire", logging, lifecycle, metrics,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SweepWorker",
            dependencies: [
                "CProcess", "SweepCore", "SweepData", "SweepKernels", "KernelAPI", "SweepMessaging", "SweepProgram",
                "SweepTraining", "SweepWire", logging, lifecycle,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SweepExport",
            dependencies: [
                "KernelAPI", "SweepCore", "SweepData", "SweepReports", "SweepTraining",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SweepDashboard",
            dependencies: [
                "CZlib", "SweepCore", "SweepNumerics", "SweepReports", logging, lifecycle, metrics,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            exclude: ["Page"],
            swiftSettings: settings
        ),
        // Level 5
        .target(
            name: "SweepNodeCommands",
            dependencies: [
                "KernelAPI", "SweepCore", "SweepData", "SweepKernels", "SweepMessaging", "SweepNodes", "SweepReports",
                "SweepTraining", "SweepWire", "SweepWorker", logging, lifecycle, signals,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SweepCommands",
            dependencies: [
                "KernelAPI", "SweepCoordination", "SweepCoordinator", "SweepCore", "SweepDashboard", "SweepData",
                "SweepDiagnosis", "SweepExport", "SweepKernels", "SweepMessaging", "SweepNodeCommands", "SweepNodes",
                "SweepNumerics", "SweepProgram", "SweepReports", "SweepSearch", "SweepSpec", "SweepStore",
                "SweepTraining", "SweepWire", "SweepWorker", logging, lifecycle, signals,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        // Level 6
        .executableTarget(
            name: "sweepd",
            dependencies: ["SweepCommands", "SweepNodeCommands"] + (isStatic ? ["CAbsentTransports"] : []),
            swiftSettings: settings,
            linkerSettings: staticLibraries(["sqlite3"])
        ),
        .executableTarget(
            name: "sweepd-worker",
            dependencies: ["SweepNodeCommands"] + (isStatic ? ["CAbsentTransports"] : []),
            swiftSettings: settings,
            linkerSettings: staticLibraries()
        ),
        // Measuring
        .executableTarget(
            name: "kernel-bench",
            dependencies: ["KernelAPI", "SweepKernels"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "core-bench",
            dependencies: [
                "SweepNumerics", "SweepCore", "SweepData", "SweepKernels", "KernelAPI", "SweepReports", "SweepTraining",
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "store-bench",
            dependencies: [
                "SweepCoordination", "SweepCoordinator", "SweepCore", "SweepReports", "SweepStore", "SweepWire",
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "search-bench",
            dependencies: [
                "FaultBenchmark", "KernelAPI", "SweepCore", "SweepData", "SweepKernels", "SweepNumerics", "SweepSearch",
                "SweepSpec", "SweepTraining",
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "diagnosis-bench",
            dependencies: ["FaultBenchmark", "KernelAPI", "SweepKernels"],
            swiftSettings: settings
        ),
        // Tests
        .target(
            name: "FaultBenchmark",
            dependencies: [
                "KernelAPI", "SweepCore", "SweepData", "SweepDiagnosis", "SweepNumerics", "SweepSpec", "SweepTraining",
            ],
            path: "Tests/FaultBenchmark",
            swiftSettings: settings
        ),
        .target(
            name: "SweepTestKit",
            dependencies: ["SweepCore", "SweepCoordination", "SweepNumerics", "SweepWire"],
            path: "Tests/SweepTestKit",
            swiftSettings: settings
        ),
        .target(
            name: "CoordinationSimulation",
            dependencies: [
                "SweepCore", "SweepCoordination", "SweepNumerics", "SweepSearch", "SweepTestKit", "SweepWire",
            ],
            path: "Tests/CoordinationSimulation",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "simulate-faults",
            dependencies: ["CoordinationSimulation", "SweepCore", "SweepNumerics", "SweepTestKit"],
            path: "Tests/SimulateFaults",
            swiftSettings: settings
        ),
        tests("SweepNumericsTests", ["SweepNumerics"]),
        tests("SweepCoreTests", ["SweepCore", "SweepNumerics"]),
        tests("SweepKernelsTests", ["SweepKernels", "KernelAPI"]),
        tests("SweepDataTests", ["SweepData", "SweepCore", "SweepNumerics", "CZlib"]),
        tests(
            "SweepTrainingTests",
            ["SweepTraining", "SweepCore", "SweepNumerics", "SweepKernels", "KernelAPI"]
        ),
        tests("SweepSearchTests", ["SweepSearch", "SweepCore", "SweepNumerics"]),
        tests("SweepDiagnosisTests", ["SweepDiagnosis", "SweepSearch", "SweepData", "SweepCore", "SweepNumerics"]),
        tests("SweepWireTests", ["SweepCore", "SweepNumerics", "SweepWire"]),
        tests(
            "SweepCoordinationTests",
            [
                "CoordinationSimulation", "SweepCoordination", "SweepCore", "SweepNumerics", "SweepSearch",
                "SweepTestKit", "SweepWire",
            ]
        ),
        tests(
            "SimulationTests",
            [
                "CoordinationSimulation", "SweepCoordination", "SweepCore", "SweepNumerics", "SweepSearch",
                "SweepTestKit", "SweepWire",
            ]
        ),
        tests(
            "TrainedSweepTests",
            [
                "KernelAPI", "SweepCoordination", "SweepCore", "SweepData", "SweepKernels", "SweepSpec",
                "SweepTestKit", "SweepTraining", "SweepWire",
            ]
        ),
        tests("SweepNodesTests", ["SweepNodes", "SweepCore", "SweepReports"]),
        tests("SweepReportsTests", ["SweepReports", "SweepDiagnosis", "SweepSearch", "SweepCore", "SweepNumerics"]),
        tests(
            "SweepExportTests",
            [
                "SweepExport", "SweepCore", "SweepData", "SweepKernels", "SweepNumerics", "SweepReports",
                "SweepTraining", "KernelAPI", "ProcessTestKit",
            ]
        ),
        tests("SweepSpecTests", ["SweepSpec", "SweepCore", "SweepNumerics", "SweepSearch"], exclude: ["Fixtures"]),
        tests(
            "SweepStoreTests",
            ["SweepStore", "SweepCore", .product(name: "GRDB", package: "GRDB.swift")],
            exclude: ["Fixtures"]
        ),
        tests("SweepMessagingTests", ["SweepMessaging"]),
        tests("SweepProgramTests", ["SweepProgram", "SweepCore"]),
        tests(
            "SweepCoordinatorTests",
            [
                "SweepCoordination", "SweepCoordinator", "SweepCore", "SweepMessaging", "SweepNodes", "SweepReports",
                "SweepStore", "SweepTestKit", "SweepWire", logging, metrics,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Fixtures"]
        ),
        tests(
            "SweepDashboardTests",
            ["SweepDashboard", "SweepCore", "SweepNumerics", "SweepReports", logging, metrics]
        ),
        tests(
            "SweepWorkerTests",
            [
                "SweepWorker", "SweepCore", "SweepData", "SweepKernels", "SweepProgram", "SweepWire", "SweepTraining",
            ]
        ),
        tests(
            "FuzzTests",
            [
                "KernelAPI", "SweepCoordination", "SweepCore", "SweepDashboard", "SweepData", "SweepKernels",
                "SweepMessaging", "SweepNumerics", "SweepReports", "SweepSpec", "SweepTestKit", "SweepTraining",
                "SweepWire",
            ],
            exclude: ["Corpus"]
        ),
        tests("FaultBenchmarkTests", ["FaultBenchmark", "KernelAPI", "SweepCore", "SweepDiagnosis", "SweepKernels"]),
        .target(name: "ProcessTestKit", path: "Tests/ProcessTestKit", swiftSettings: settings),
        tests("ProcessTests", ["ProcessTestKit"], exclude: ["Python"]),
        tests("NetworkTests", ["ProcessTestKit"]),
    ] + instructionSets,
    swiftLanguageModes: [.v6]
)
