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
                    order: random.below(2) * 100 + trial,
                    epochs: 1 + random.below(4)
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
            for preference in [ReadySegments.Preference.inOrder, .longest, .shortest] {
                #expect(ready.next(for: preference) == Self.next(model, preference), "seed \(seed), step \(step)")
            }
        }
    }

    /// What `next` is to answer, looked for among all.
    private static func next(
        _ items: [ReadySegments.Item],
        _ preference: ReadySegments.Preference
    ) -> ReadySegments.Item? {
        guard let first = items.min(by: { ($0.end, $0.order) < ($1.end, $1.order) }) else { return nil }
        // Of each length the one with the earliest end stands for it.
        let heads = Set(items.map(\.epochs)).compactMap { length in
            items.filter { $0.epochs == length }.min { ($0.end, $0.order) < ($1.end, $1.order) }
        }
        let begun = heads.filter { $0.end - Double($0.epochs) <= first.end }
        switch preference {
        case .inOrder: return first
        case .longest: return begun.max { $0.epochs < $1.epochs }
        case .shortest: return begun.min { $0.epochs < $1.epochs }
        }
    }

    @Test func `a long segment passes a short one, but none that begins after its end does`() {
        var ready = ReadySegments()
        ready.insert(.init(trial: 1, end: 1, order: 0, epochs: 1))
        ready.insert(.init(trial: 2, end: 9, order: 1, epochs: 9))
        ready.insert(.init(trial: 3, end: 3, order: 2, epochs: 3))
        ready.insert(.init(trial: 4, end: 40, order: 3, epochs: 18))
        #expect(ready.next(for: .inOrder)?.trial == 1)
        #expect(ready.next(for: .shortest)?.trial == 1)
        #expect(ready.next(for: .longest)?.trial == 2)
        ready.remove(trial: 2)
        #expect(ready.next(for: .longest)?.trial == 3)
        ready.remove(trial: 3)
        #expect(ready.next(for: .longest)?.trial == 1)
        // The same trial comes back with less to do.
        ready.insert(.init(trial: 4, end: 40, order: 3, epochs: 2))
        #expect(ready.count == 2 && ready.next(for: .longest)?.trial == 1)
        ready.remove(trial: 1)
        #expect(ready.next(for: .longest)?.trial == 4 && ready.next(for: .shortest)?.trial == 4)
    }
}
