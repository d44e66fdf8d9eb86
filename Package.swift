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
    ],
    swiftLanguageModes: [.v6]
)
