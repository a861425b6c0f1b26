import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A client of a few lines over a socket of loopback, which sees every byte and can leave when it likes.
///
/// It waits on threads of its own: those of Swift's pool are as few as the cores, and the server needs them.
final class HTTPClient: @unchecked Sendable {
  struct Failure: Error { let what: String }

  struct Answer {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    /// The events of a stream, as they stand behind `data: `.
    var events: [String] {
      text.components(separatedBy: "\n\n").filter { $0.hasPrefix("data: ") }
        .map { String($0.dropFirst(6)) }
    }
  }

  private let socket: Int32
  private var buffered: [UInt8] = []

  init(port: Int) throws {
    #if canImport(Darwin)
      socket = Darwin.socket(AF_INET, SOCK_STREAM, 0)
    #elseif canImport(Musl)
      socket = Musl.socket(AF_INET, SOCK_STREAM, 0)
    #else
      socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
    guard socket >= 0 else { throw Failure(what: "no socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // A fault must not hang a test.
    var limit = timeval(tv_sec: 300, tv_usec: 0)
    setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { throw Failure(what: "not connected") }
  }

  deinit { leave() }

  private var hasLeft = false

  /// Closes the connection.
  func leave() {
    guard !hasLeft else { return }
    hasLeft = true
    close(socket)
  }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        #if canImport(Darwin)
          Darwin.send(socket, $0.baseAddress!, $0.count, 0)
        #elseif canImport(Musl)
          Musl.send(socket, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
        #else
          Glibc.send(socket, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
        #endif
      }
      guard count > 0 else { throw Failure(what: "not sent") }
      sent += count
    }
  }

  /// Sends a request and does not wait.
  func request(
    _ method: String, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
  ) throws {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if let body { head += "Content-Length: \(body.utf8.count)\r\n" }
    try send(head + "\r\n" + (body ?? ""))
  }

  private func more() throws {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = recv(socket, &bytes, bytes.count, 0)
    guard count > 0 else { throw Failure(what: count == 0 ? "closed" : "nothing came") }
    buffered += bytes[..<count]
  }

  private func line() throws -> String {
    while true {
      if let end = buffered.firstIndex(of: 0x0A) {
        let line = buffered[..<end]
        buffered.removeFirst(end + 1)
        return String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
      }
      try more()
    }
  }

  private func take(_ count: Int) throws -> [UInt8] {
    while buffered.count < count { try more() }
    defer { buffered.removeFirst(count) }
    return Array(buffered[..<count])
  }

  /// The head of an answer.
  func head() async throws -> (status: Int, headers: [String: String]) {
    try await waiting { try self.readHead() }
  }

  private func readHead() throws -> (status: Int, headers: [String: String]) {
    let status = Int(try line().split(separator: " ")[1]) ?? 0
    var headers: [String: String] = [:]
    while true {
      let line = try line()
      if line.isEmpty { return (status, headers) }
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] =
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
  }

  /// One chunk of a body that is sent so; nil at the end.
  func chunk() async throws -> [UInt8]? { try await waiting { try self.readChunk() } }

  private func readChunk() throws -> [UInt8]? {
    guard let size = Int(try line(), radix: 16) else { throw Failure(what: "no chunk") }
    let bytes = try take(size)
    _ = try line()
    return size == 0 ? nil : bytes
  }

  /// The whole answer.
  func answer() async throws -> Answer { try await waiting { try self.readAnswer() } }

  private func waiting<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
    }
  }

  private func readAnswer() throws -> Answer {
    let (status, headers) = try readHead()
    var body: [UInt8] = []
    if headers["transfer-encoding"] == "chunked" {
      while let chunk = try readChunk() { body += chunk }
    } else {
      body = try take(Int(headers["content-length"] ?? "0") ?? 0)
    }
    return Answer(status: status, headers: headers, body: body)
  }
}
