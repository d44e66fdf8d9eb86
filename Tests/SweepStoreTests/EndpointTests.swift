import SweepStore
import Testing

@Suite struct EndpointTests {
    let directory: TemporaryDirectory
    let endpoint = Endpoint(
        worker: "tcp://127.0.0.1:7700",
        http: "http://127.0.0.1:7780",
        pid: 4711,
        protocolVersion: 1
    )

    init() throws { directory = try TemporaryDirectory() }

    @Test func `the file has the documented fields`() throws {
        try endpoint.write(directory: directory.path)
        let text = try String(decoding: directory.read("endpoint.json"), as: UTF8.self)
        #expect(
            text == """
                {"http":"http://127.0.0.1:7780","pid":4711,"protocol":1,"worker":"tcp://127.0.0.1:7700"}

                """
        )
        #expect(try Endpoint.read(directory: directory.path) == endpoint)
        #expect(try directory.names() == ["endpoint.json"])
    }

    @Test func `it is replaced as a whole, and removed`() throws {
        try endpoint.write(directory: directory.path)
        var next = endpoint
        next.http = nil
        next.worker = "tcp://[::1]:9"
        try next.write(directory: directory.path)
        #expect(try Endpoint.read(directory: directory.path) == next)
        try Endpoint.remove(directory: directory.path)
        try Endpoint.remove(directory: directory.path)
        #expect(try Endpoint.read(directory: directory.path) == nil)
    }

    @Test func `fields of later versions are passed over`() throws {
        try directory.write(
            Array(#"{"worker": "tcp://h:1", "pid": 2, "protocol": 3, "http": null, "later": [1]}"#.utf8),
            to: "endpoint.json"
        )
        #expect(
            try Endpoint.read(directory: directory.path)
                == Endpoint(worker: "tcp://h:1", http: nil, pid: 2, protocolVersion: 3)
        )
    }

    @Test(arguments: ["", "{", "[]", #"{"worker": 1}"#, #"{"worker": "a", "pid": 1e99, "protocol": 1}"#])
    func `another content is an error`(content: String) throws {
        try directory.write(Array(content.utf8), to: "endpoint.json")
        #expect(throws: StoreError.self) { try Endpoint.read(directory: directory.path) }
    }

    @Test func `a file without a coordinator behind it is no running coordinator`() throws {
        try endpoint.write(directory: directory.path)
        #expect(try Endpoint.running(directory: directory.path) == nil)
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        #expect(try Endpoint.running(directory: directory.path) == endpoint)
        withExtendedLifetime(store) {}
        #expect(try Endpoint.running(directory: directory.path + "/none") == nil)
    }
}
