import Glibc
import SweepDashboard
import Testing

@Suite struct AddressTests {
    @Test(
        arguments: [
            ("127.0.0.1:7780", "127.0.0.1:7780", true), ("localhost:0", "127.0.0.1:0", true),
            ("[::1]:7780", "[::1]:7780", true), ("127.9.9.9:1", "127.9.9.9:1", true),
            ("0.0.0.0:80", "0.0.0.0:80", false),
            ("*:7780", "*:7780", false), ("10.0.0.1:7780", "10.0.0.1:7780", false),
            ("node-1:7780", "node-1:7780", false),
            ("127.1:80", "127.1:80", false), ("[fe80::1]:1", "[fe80::1]:1", false),
        ]
    )
    func `addresses are read, and loopback is what is surely so`(text: String, shown: String, isLoopback: Bool) throws {
        let address = try #require(HTTPAddress(text))
        #expect(address.description == shown)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(arguments: [
        "", "7780", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", ":7780", "::1:80",
        "a b:1", "http://127.0.0.1:1", "127.0.0.1:+1", "ä:1",
    ])
    func `what is no address is refused`(text: String) { #expect(HTTPAddress(text) == nil) }

    @Test func `a port that somebody listens on is not free, and is free again afterwards`() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(listener >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                try #require(bind(listener, generic, length) == 0 && listen(listener, 1) == 0)
                try #require(getsockname(listener, generic, &length) == 0)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        let taken = try #require(HTTPAddress("127.0.0.1:\(port)"))
        #expect(!taken.isFree)
        #expect(taken.andAbove.first == taken && taken.andAbove.count > 1)
        close(listener)
        #expect(taken.isFree)
    }
}
