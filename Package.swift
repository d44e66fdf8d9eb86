// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: the house rules that the compiler can check.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "sweepd",
    targets: [
        .target(name: "SweepNumerics", swiftSettings: settings),
        .target(name: "SweepCore", dependencies: ["SweepNumerics"], swiftSettings: settings),
        .target(name: "SweepSearch", dependencies: ["SweepCore", "SweepNumerics"], swiftSettings: settings),
        .target(name: "SweepWire", dependencies: ["SweepCore"], swiftSettings: settings),
        .target(
            name: "SweepCoordination",
            dependencies: ["SweepCore", "SweepSearch", "SweepWire"],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
