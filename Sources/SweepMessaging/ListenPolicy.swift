/// The rule that no build of ours ever listens or talks unprotected beyond its own machine.
///
/// Why: whoever reaches the port can take trials, report what he likes and cancel sweeps. What to do: stay on loopback, or
/// make keys. What you see otherwise: the program refuses to start, and says which commands make the keys.
package enum ListenPolicy {
    /// Throws unless it is safe to listen on the endpoint.
    package static func check(listeningOn endpoint: Endpoint, hasKeys: Bool) throws(UnprotectedEndpointError) {
        guard hasKeys || endpoint.isLoopback else { throw UnprotectedEndpointError(.listen, endpoint) }
    }

    /// Throws unless it is safe to connect to the endpoint.
    package static func check(connectingTo endpoint: Endpoint, hasKeys: Bool) throws(UnprotectedEndpointError) {
        guard hasKeys || endpoint.isLoopback else { throw UnprotectedEndpointError(.connect, endpoint) }
    }
}

/// A refusal to listen or connect without keys where others than this machine take part.
package struct UnprotectedEndpointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was asked for.
    package enum Direction: Sendable, Equatable {
        case listen, connect
    }

    package let direction: Direction
    package let endpoint: Endpoint

    init(_ direction: Direction, _ endpoint: Endpoint) {
        self.direction = direction
        self.endpoint = endpoint
    }

    package var description: String {
        switch direction {
        case .listen:
            """
            refusing to listen on \(endpoint) without keys: whoever reaches it could join and steer.
            Make the coordinator's keys with `sweepd keys new DIR/coordinator.key`, DIR being its `--directory`; then invite \
            each machine with `sweepd invite --directory DIR`, or allow a key that it has with `sweepd keys allow KEY \
            --role worker|reader|admin --directory DIR`.
            Without keys it may listen on this machine alone: tcp://127.0.0.1:PORT.
            """
        case .connect:
            """
            refusing to connect to \(endpoint) without keys: neither end could know the other.
            Run `sweepd invite` on the coordinator's machine and paste here what it prints. Or make this machine's keys with \
            `sweepd keys new FILE`, have the coordinator allow them with `sweepd keys allow`, and connect with `--key FILE \
            --server-key KEY`.
            """
        }
    }
}
