#if Server
  import EditServer
  import Foundation
  import TestSupport
  import Testing

  /// Clients that leave, servers that end.
  @Suite(.serialized) struct LeavingTests {
    private let tiny: TinyModel

    /// Answers that are not ended take minutes to fill this, so that one is seen under way on a busy machine too.
    private static let context = 65_536

    init() throws { tiny = try TinyModel(context: Self.context) }

    private func server(_ change: (inout ServerSettings) -> Void) async throws -> RunningServer {
      try await RunningServer(tiny.path) {
        $0.model.contextLength = Self.context
        $0.showsMetrics = true
        change(&$0)
      }
    }

    private let endless =
      #"{"prompt":"a","n_predict":-1,"ignore_eos":true,"stream":STREAM}"#

    private func busy(_ server: RunningServer) async throws -> Int {
      try await server.get("/slots").json.array?.count { $0["is_processing"] == true } ?? -1
    }

    private func wait(_ what: String, _ body: () async throws -> Bool) async throws {
      for _ in 0..<2000 {
        if try await body() { return }
        try await Task.sleep(for: .milliseconds(5))
      }
      Issue.record("it did not happen: \(what)")
    }

    /// Streaming or not, its answer ends long before the context is full.
    @Test(arguments: ["true", "false"])
    func leavingFreesThePlace(stream: String) async throws {
      let server = try await server { $0.parallel = 1 }
      for _ in 0..<3 {
        let client = try HTTPClient(port: server.port)
        try client.request("POST", "/completion", endless.replacing("STREAM", with: stream))
        try await wait("it runs") { try await busy(server) == 1 }
        client.leave()
        try await wait("the place is free") { try await busy(server) == 0 }
      }
      let metrics = try await server.get("/metrics").text.split(separator: "\n")
      let total = metrics.first { $0.hasPrefix("llamacpp:tokens_predicted_total ") }
      let count = try #require(total?.split(separator: " ").last.flatMap { Int($0) })
      #expect(count < 2 * Self.context)
      #expect(try await server.post("/completion", #"{"prompt":"a","n_predict":3}"#).status == 200)
      try await server.stop()
    }

    /// A stream that waits for its place shows that it is alive, by the clock.
    @Test func waitingStreamsShowLife() async throws {
      let server = try await server { $0.parallel = 1 }
      let running = try HTTPClient(port: server.port)
      try running.request("POST", "/completion", endless.replacing("STREAM", with: "false"))
      try await wait("it runs") { try await busy(server) == 1 }
      let waiting = try HTTPClient(port: server.port)
      try waiting.request(
        "POST", "/completion",
        #"{"prompt":"a","n_predict":2,"stream":true,"sse_ping_interval":0.01}"#)
      #expect(try await waiting.head().status == 200)
      #expect(try await waiting.chunk() == Array(":\n\n".utf8))
      running.leave()
      var text = ""
      while let chunk = try await waiting.chunk() { text += String(decoding: chunk, as: UTF8.self) }
      #expect(text.contains(#""stop":true"#))
      try await server.stop()
    }

    /// One that waits and leaves does not disturb the one that runs.
    @Test func leavingTheQueueTouchesNobody() async throws {
      let server = try await server { $0.parallel = 1 }
      let body = #"{"prompt":"abc","n_predict":100,"ignore_eos":true,"seed":3}"#
      let alone = try await server.post("/completion", body).json["content"]
      let running = try HTTPClient(port: server.port)
      try running.request("POST", "/completion", body)
      for _ in 0..<5 {
        let queued = try HTTPClient(port: server.port)
        try queued.request("POST", "/completion", body)
        queued.leave()
      }
      #expect(try await running.answer().json["content"] == alone)
      try await wait("nothing runs") { try await busy(server) == 0 }
      try await server.stop()
    }

    /// More than may wait are told to come again.
    @Test func refusesWhatCannotWait() async throws {
      let server = try await server {
        $0.parallel = 1
        $0.queueLimit = 1
      }
      let body = #"{"prompt":"abc","n_predict":400,"ignore_eos":true}"#
      let clients = try (0..<12).map { _ in
        let client = try HTTPClient(port: server.port)
        try client.request("POST", "/completion", body)
        return client
      }
      var answers: [HTTPClient.Answer] = []
      for client in clients { answers.append(try await client.answer()) }
      #expect(answers.allSatisfy { $0.status == 200 || $0.status == 429 })
      for answer in answers where answer.status == 429 {
        #expect(answer.headers["retry-after"] == "1")
        #expect(try answer.json["error"]?["code"] == "queue_full")
      }
      try await server.stop()
    }

    /// Asked to end, it takes no more, and returns within the drain time with streams under way.
    @Test func endsWhenAsked() async throws {
      let server = try await server { $0.drainSeconds = 2 }
      let clients = try (0..<3).map { _ in
        let client = try HTTPClient(port: server.port)
        try client.request("POST", "/completion", endless.replacing("STREAM", with: "true"))
        return client
      }
      try await wait("they run") { try await busy(server) == 2 }
      let start = ContinuousClock.now
      server.ask()
      try await wait("it takes no more") {
        try await server.post("/completion", #"{"prompt":"a","n_predict":1}"#).status == 503
      }
      try await server.stop()
      #expect(start.duration(to: .now) < .seconds(10))
      // What was under way ends with the reason.
      #expect(try await clients[0].answer().text.contains("shutting down"))
    }
  }
#endif
