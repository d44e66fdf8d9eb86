import Foundation
import Glibc

/// A TCP connection to this machine on which a test says what it likes.
package final class RawSocket {
    private let descriptor: Int32

    /// Connects to a port of 127.0.0.1; sending and receiving give up after `timeout` seconds.
    package init(port: Int, timeout: Int = 5) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ProcessFailure("no socket: \(errno)") }
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let code = errno
            close(descriptor)
            throw ProcessFailure("cannot connect to port \(port): \(String(cString: strerror(code)))")
        }
    }

    deinit { close(descriptor) }

    /// Sends bytes; false when the other end is gone or does not read.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Receives so many bytes; fewer when the other end closes or says no more.
    package func receive(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < count {
            let got = recv(descriptor, &buffer, min(buffer.count, count - bytes.count), 0)
            guard got > 0 else { break }
            bytes += buffer[..<got]
        }
        return bytes
    }
}

/// What an HTTP server answers.
package struct HTTPReply: Sendable {
    package let status: Int
    /// By lower-case name.
    package let headers: [String: String]
    package let body: String

    /// Asks `127.0.0.1:port`, one request a connection.
    package static func ask(
        port: Int,
        _ target: String,
        method: String = "GET",
        headers: [String: String] = [:],
        body: String = ""
    ) throws -> HTTPReply {
        let socket = try RawSocket(port: port, timeout: 20)
        var lines = ["\(method) \(target) HTTP/1.1"]
        let length = body.isEmpty ? "" : "\(body.utf8.count)"
        let own = ["Host": "127.0.0.1:\(port)", "Connection": "close", "Content-Length": length]
        let all = own.merging(headers) { $1 }
        lines += all.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }.map { "\($0.key): \($0.value)" }
        socket.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
        let answer = String(decoding: socket.receive(64 << 20), as: UTF8.self)
        guard let end = answer.range(of: "\r\n\r\n") else {
            throw ProcessFailure("no HTTP answer: \(answer.prefix(200))")
        }
        let head = answer[..<end.lowerBound].components(separatedBy: "\r\n")
        guard let status = head.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw ProcessFailure("no status: \(head)")
        }
        var fields: [String: String] = [:]
        for line in head.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            fields[sides[0].lowercased()] = sides.count > 1 ? sides[1].trimmingCharacters(in: .whitespaces) : ""
        }
        return HTTPReply(status: status, headers: fields, body: String(answer[end.upperBound...]))
    }
}

extension Coordinator {
    /// The port of workers and clients.
    package var port: Int { Self.port(endpoint.worker) }
    /// The port of HTTP.
    package var httpPort: Int { Self.port(endpoint.http ?? "") }

    private static func port(_ address: String) -> Int { address.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    /// What HTTP answers, to the token where there is one.
    package func ask(_ target: String) throws -> HTTPReply {
        let token = try? String(contentsOfFile: directory + "/http-token", encoding: .utf8)
        let headers = token.map { ["Authorization": "Bearer " + $0.trimmingCharacters(in: .whitespacesAndNewlines)] }
        return try HTTPReply.ask(port: httpPort, target, headers: headers ?? [:])
    }

    /// The value of a metric, by the beginning of its line.
    package func metric(_ name: String) throws -> Double {
        let lines = try ask("/metrics").body.split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix(name + " ") }),
            let value = Double(line.dropFirst(name.count + 1))
        else { throw ProcessFailure("there is no metric \(name)") }
        return value
    }
}

extension Child {
    /// The most memory that the process ever held, in bytes.
    package var peakMemory: Int {
        get throws {
            let status = try String(contentsOf: URL(filePath: "/proc/\(pid)/status"), encoding: .utf8)
            guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
                let size = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
            else { throw ProcessFailure("no VmHWM of \(pid)") }
            return size << 10
        }
    }
}
