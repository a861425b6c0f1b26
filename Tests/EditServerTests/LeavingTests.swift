#if Server
  import EditServer
  import Foundation
  import TestSupport
  import Testing

  /// Clients that leave, servers that end.
  @Suite(.serialized) struct LeavingTests {
    private let tiny: TinyModel

    init() throws { tiny = try TinyModel() }

    private let endless =
      #"{"prompt":"a","n_predict":-1,"ignore_eos":true,"stream":STREAM}"#

    private func busy(_ server: RunningServer) throws -> Int {
      try server.get("/slots").json.array?.count { $0["is_processing"] == true } ?? -1
    }

    private func wait(_ what: String, _ body: () throws -> Bool) async throws {
      for _ in 0..<2000 {
        if try body() { return }
        try await Task.sleep(for: .milliseconds(5))
      }
      Issue.record("it did not happen: \(what)")
    }

    /// A client that does not read holds its place, so that what runs can be counted on.
    @Test(arguments: ["true", "false"])
    func leavingFreesThePlace(stream: String) async throws {
      // A context that takes a while to fill.
      let server = try await RunningServer(tiny.path) { $0.parallel = 1 }
      let body = endless.replacing("STREAM", with: stream)
      for _ in 0..<20 {
        let client = try HTTPClient(port: server.port)
        try client.request("POST", "/completion", body)
        client.leave()
      }
      try await wait("the place is free") { try busy(server) == 0 }
      let metrics = server.port
      _ = metrics
      #expect(try server.post("/completion", #"{"prompt":"a","n_predict":3}"#).status == 200)
      try await server.stop()
    }

    /// One that waits and leaves does not disturb the one that runs.
    @Test func leavingTheQueueTouchesNobody() async throws {
      let server = try await RunningServer(tiny.path) { $0.parallel = 1 }
      let body = #"{"prompt":"abc","n_predict":100,"ignore_eos":true,"seed":3}"#
      let alone = try server.post("/completion", body).json["content"]
      let running = try HTTPClient(port: server.port)
      try running.request("POST", "/completion", body)
      for _ in 0..<5 {
        let queued = try HTTPClient(port: server.port)
        try queued.request("POST", "/completion", body)
        queued.leave()
      }
      #expect(try running.answer().json["content"] == alone)
      try await wait("nothing runs") { try busy(server) == 0 }
      try await server.stop()
    }

    /// More than may wait are told to come again.
    @Test func refusesWhatCannotWait() async throws {
      let server = try await RunningServer(tiny.path) {
        $0.parallel = 1
        $0.queueLimit = 1
      }
      let body = #"{"prompt":"abc","n_predict":100,"ignore_eos":true}"#
      let clients = try (0..<12).map { _ in
        let client = try HTTPClient(port: server.port)
        try client.request("POST", "/completion", body)
        return client
      }
      let answers = try clients.map { try $0.answer() }
      #expect(answers.allSatisfy { $0.status == 200 || $0.status == 429 })
      for answer in answers where answer.status == 429 {
        #expect(answer.headers["retry-after"] == "1")
        #expect(try answer.json["error"]?["code"] == "queue_full")
      }
      try await server.stop()
    }

    /// Asked to end, it takes no more, and returns within the drain time with streams under way.
    @Test func endsWhenAsked() async throws {
      let server = try await RunningServer(tiny.path) { $0.drainSeconds = 0.3 }
      let clients = try (0..<3).map { _ in
        let client = try HTTPClient(port: server.port)
        try client.request("POST", "/completion", endless.replacing("STREAM", with: "true"))
        return client
      }
      let start = ContinuousClock.now
      try await server.stop()
      #expect(start.duration(to: .now) < .seconds(5))
      _ = clients
    }
  }
#endif
