import SweepCoordination
import SweepCore
import SweepWire
import Testing

@Suite struct RepetitionTests {
    private let red = WorkerID(name: "red", incarnation: 1)
    private let blue = WorkerID(name: "blue", incarnation: 2)

    private func acknowledged(_ sequence: UInt64, to peer: UInt32) -> Effect {
        .send(.acknowledged(Acknowledged(sequence: sequence)), to: PeerID(number: peer))
    }

    @Test func `of one commit each peer hears the last acknowledgement and each worker has the last number`() {
        let other = Effect.send(.heartbeatAnswer, to: PeerID(number: 1))
        let effects: [Effect] = [
            .record(.workerSequence(red, sequence: 1)), acknowledged(1, to: 1), other,
            .record(.workerSequence(blue, sequence: 7)), acknowledged(7, to: 2),
            .record(.workerSequence(red, sequence: 2)), acknowledged(2, to: 1), other,
        ]
        #expect(
            Effect.withoutRepetitions(effects) == [
                other, .record(.workerSequence(blue, sequence: 7)), acknowledged(7, to: 2),
                .record(.workerSequence(red, sequence: 2)), acknowledged(2, to: 1), other,
            ]
        )
    }

    @Test func `nothing else is left out, however often it is there`() {
        let tick = Effect.wake(at: .zero)
        #expect(Effect.withoutRepetitions([tick, tick]) == [tick, tick])
        #expect(Effect.withoutRepetitions([]).isEmpty)
    }
}
