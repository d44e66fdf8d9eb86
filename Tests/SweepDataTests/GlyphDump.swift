import Glibc
import SweepCore
import SweepData
import Testing

@Test func dumpGlyphs() throws {
    for (name, light, noise) in [("plain", 0.0, 0.05), ("uneven", 1.0, 0.05)] {
        let spec = DataSpec(
            source: .generated(
                GeneratorSpec(.glyphs(classes: 10, jitter: 1, unevenIllumination: light, noise: noise), rows: 12000)
            ),
            validation: .fraction(0.2)
        )
        let start = ContinuousClock.now
        let data = try DataSet.load(spec, relativeTo: "").get()
        print("glyphs", name, ContinuousClock.now - start)
        let f = fopen("/tmp/glyphs-\(name).bin", "w")!
        _ = data.features.withUnsafeBufferPointer { fwrite($0.baseAddress, 4, $0.count, f) }
        if case .classes(let c) = data.targets {
            _ = c.withUnsafeBufferPointer { fwrite($0.baseAddress, 4, $0.count, f) }
        }
        fclose(f)
    }
}
