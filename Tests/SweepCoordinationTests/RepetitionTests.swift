import SweepCoordination
import SweepCore
import SweepWire
import Testing

@Suite struct RepetitionTests {
    private let red = WorkerID(name: "red", incarnation: 1)

    private func acknowledged(_ sequence: UInt64, to peer: UInt32) -> Effect {
        .send(.acknowledged(Acknowledged(sequence: sequence)), to: PeerID(number: peer))
    }

    @Test func `of one commit each peer hears the last acknowledgement`() {
        let other = Effect.send(.heartbeatAnswer, to: PeerID(number: 1))
        let fact = Effect.record(.workerSequence(red, sequence: 1))
        let effects: [Effect] = [
            fact, acknowledged(1, to: 1), other, acknowledged(7, to: 2), fact, acknowledged(2, to: 1), other,
        ]
        #expect(
            Effect.withoutRepetitions(effects) == [
                fact, other, acknowledged(7, to: 2), fact, acknowledged(2, to: 1), other,
            ]
        )
    }

    @Test func `nothing else is left out, however often it is there`() {
        let tick = Effect.wake(at: .zero)
        #expect(Effect.withoutRepetitions([tick, tick]) == [tick, tick])
        #expect(Effect.withoutRepetitions([]).isEmpty)
    }
}
