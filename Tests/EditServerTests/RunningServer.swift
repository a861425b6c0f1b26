#if Server
  import EditServer
  import EditSessions
  import Foundation
  import Synchronization
  import Testing

  /// A server on a free port of loopback, for the length of a test.
  final class RunningServer: Sendable {
    let port: Int
    private let isAsked: @Sendable (Bool) -> Bool
    private let task: Task<Void, any Error>

    /// Starts it and waits until it answers.
    init(_ path: String, _ change: (inout ServerSettings) -> Void = { _ in }) async throws {
      var settings = ServerSettings(
        model: ModelSettings(path: path, threads: 1, activations: .f32))
      settings.port = 0
      settings.parallel = 2
      settings.isUnified = true
      settings.drainSeconds = 0.2
      settings.seed = 42
      change(&settings)
      let asked = Flag()
      isAsked = { asks in
        if asks { asked.set() }
        return asked.isSet
      }
      let server = EditServer(try ServedModel(settings))
      let (ports, found) = AsyncStream<Int>.makeStream()
      task = Task {
        defer { found.finish() }
        try await server.run(
          listening: { found.yield($0[0].port) }, isAsked: { asked.isSet })
      }
      var port: Int?
      for await number in ports {
        port = number
        break
      }
      guard let port else {
        try await task.value
        throw HTTPClient.Failure(what: "the server did not listen")
      }
      self.port = port
      while try await get("/health").status == 503 { try await Task.sleep(for: .milliseconds(5)) }
    }

    private final class Flag: Sendable {
      private let value = Atomic(false)
      var isSet: Bool { value.load(ordering: .acquiring) }
      func set() { value.store(true, ordering: .releasing) }
    }

    /// Asks it to end, and does not wait.
    func ask() { _ = isAsked(true) }

    /// Ends it.
    func stop() async throws {
      ask()
      try await task.value
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> HTTPClient.Answer {
      let client = try HTTPClient(port: port)
      try client.request("GET", path, headers: headers)
      return try await client.answer()
    }

    func post(
      _ path: String, _ body: String, headers: [String: String] = [:]
    ) async throws -> HTTPClient.Answer {
      let client = try HTTPClient(port: port)
      try client.request("POST", path, body, headers: headers)
      return try await client.answer()
    }

    /// The answer's body, which is JSON.
    func json(_ path: String, _ body: String, status: Int = 200) async throws -> JSONValue {
      let answer = try await post(path, body)
      #expect(answer.status == status, "\(answer.text)")
      return try JSONParser.value(of: answer.body)
    }
  }

  extension HTTPClient.Answer {
    var json: JSONValue { get throws { try JSONParser.value(of: body) } }
  }
#endif
