import SweepCoordination
import SweepNumerics
import Testing

@Suite struct VirtualTimelineTests {
    /// A timeline without tricks: a list that is searched.
    struct Model {
        var slots: [VirtualTimeline.Slot] = []
        var now = 0.0
        var head: VirtualTimeline.Slot? { slots.min { ($0.end, $0.order) < ($1.end, $1.order) } }
    }

    @Test(arguments: UInt64(1)...20)
    func `it is a list of segments in the order of end and decision`(seed: UInt64) {
        var random = RandomStream(key: seed)
        var timeline = VirtualTimeline()
        var model = Model()
        for order in 0..<600 {
            let trial = random.below(40)
            switch random.below(4) {
            case 0, 1:
                guard timeline.slot(of: trial) == nil else { break }
                // Few different ends, so that the order of decisions often parts them.
                let slot = VirtualTimeline.Slot(
                    trial: trial,
                    to: 3,
                    end: timeline.now + Double(1 + random.below(4)),
                    order: order
                )
                timeline.start(slot)
                model.slots.append(slot)
            case 2:
                guard let head = timeline.head else { break }
                let resolved = timeline.resolve(trial: head.trial)
                #expect(resolved == head)
                model.now = max(model.now, head.end)
                model.slots.removeAll { $0.trial == head.trial }
            default:
                let expected = model.slots.first { $0.trial == trial }
                #expect(timeline.resolve(trial: trial) == expected)
                if let expected { model.now = max(model.now, expected.end) }
                model.slots.removeAll { $0.trial == trial }
            }
            #expect(timeline.count == model.slots.count, "seed \(seed)")
            #expect(timeline.head == model.head, "seed \(seed)")
            #expect(timeline.now == model.now, "seed \(seed)")
            #expect(timeline.slot(of: trial) == model.slots.first { $0.trial == trial }, "seed \(seed)")
        }
        #expect(timeline.slots == model.slots.sorted { ($0.end, $0.order) < ($1.end, $1.order) })
    }
}

@Suite struct ReadySegmentsTests {
    @Test(arguments: UInt64(1)...20)
    func `the earliest end comes first, whatever was added and withdrawn`(seed: UInt64) {
        var random = RandomStream(key: seed)
        var ready = ReadySegments()
        var model: [ReadySegments.Item] = []
        for step in 0..<600 {
            let trial = random.below(30)
            switch random.below(4) {
            case 0, 1:
                // The same trial comes back with the same place after its lease ended, or with a later one.
                let item = ReadySegments.Item(
                    trial: trial,
                    end: Double(trial % 5),
                    order: random.below(2) * 100 + trial
                )
                ready.insert(item)
                model.removeAll { $0.trial == trial }
                model.append(item)
            case 2:
                let expected = model.min { ($0.end, $0.order) < ($1.end, $1.order) }
                #expect(ready.popFirst() == expected, "seed \(seed), step \(step)")
                model.removeAll { $0 == expected }
            default:
                ready.remove(trial: trial)
                model.removeAll { $0.trial == trial }
            }
            #expect(ready.count == model.count)
            #expect(ready.isEmpty == model.isEmpty)
            #expect(ready.contains(trial: trial) == model.contains { $0.trial == trial })
            #expect(ready.first == model.min { ($0.end, $0.order) < ($1.end, $1.order) }, "seed \(seed), step \(step)")
            #expect(Set(ready.all) == Set(model))
        }
    }
}
