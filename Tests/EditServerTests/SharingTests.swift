#if Server
  import EditServer
  import Foundation
  import TestSupport
  import Testing

  /// Requests that share passes and prompts: each answer is the one that it has alone.
  @Suite(.serialized) struct SharingTests {
    private let tiny: TinyModel

    init() throws { tiny = try TinyModel(context: 1024) }

    private func server(_ change: (inout ServerSettings) -> Void = { _ in }) async throws
      -> RunningServer
    {
      let vector = tiny.vector
      return try await RunningServer(tiny.path) {
        $0.model.contextLength = 512
        $0.controlVectors = [.init(name: "pirate", path: vector)]
        $0.showsMetrics = true
        change(&$0)
      }
    }

    private func metric(_ server: RunningServer, _ name: String) async throws -> Double {
      let lines = try await server.get("/metrics").text.split(separator: "\n")
      let line = lines.first { $0.hasPrefix("llamacpp:\(name) ") }
      return line?.split(separator: " ").last.flatMap { Double($0) } ?? .nan
    }

    /// Requests of every form, edited in four ways, with strength 0 and not at all.
    private static let bodies: [(path: String, body: String)] = {
      let edits = [
        "[]", #"{"vector":"pirate","strength":0}"#, #"{"vector":"pirate","strength":3}"#,
        #"{"vector":"pirate","strength":-3}"#,
        #"[{"vector":"pirate","strength":3,"layers":[1]},{"vector":"pirate","strength":1}]"#,
        #"{"vector":"pirate","strength":0.5}"#,
      ]
      return (0..<24).map { index in
        let prompt = String(repeating: "one two \(index % 5) ", count: [1, 30, 4, 12][index % 4])
        let edit = #""edit":\#(edits[index % edits.count]),"seed":\#(index)"#
        switch index % 8 {
        case 5:
          return (
            "/v1/completions",
            #"{"prompt":"\#(prompt)","max_tokens":2,"echo":true,"logprobs":2,\#(edit)}"#
          )
        case 6:
          return (
            "/v1/chat/completions",
            #"{"messages":[{"role":"user","content":"\#(prompt)"}],"max_tokens":20,"compare":true,"trace":{"kl":true,"sites":true},\#(edit)}"#
          )
        case 7:
          return (
            "/completion", #"{"prompt":"\#(prompt)","n_predict":30,"temperature":0,\#(edit)}"#
          )
        default:
          return (
            "/completion", #"{"prompt":"\#(prompt)","n_predict":30,"n_probs":3,\#(edit)}"#
          )
        }
      }
    }()

    /// What an answer says, without ids and times.
    private func said(_ answer: JSONValue) -> [JSONValue] {
      var said = ["content", "completion_probabilities"].map { answer[$0] ?? .null }
      for choice in answer["choices"]?.array ?? [] {
        said += ["text", "logprobs", "emend"].map { choice[$0] ?? .null }
        said.append(choice["message"]?["content"] ?? .null)
      }
      return said + ["digest", "trace"].map { answer["emend"]?[$0] ?? .null }
    }

    /// Whoever is beside them, in whatever order they come: also those that need every logit, and traces.
    @Test(arguments: [1, 3, 8]) func answersAreAsAlone(parallel: Int) async throws {
      let server = try await server {
        $0.parallel = parallel
        $0.cacheBytes = 1 << 20
      }
      var alone: [[JSONValue]] = []
      for (path, body) in Self.bodies { alone.append(said(try await server.json(path, body))) }
      var random = SplitMix64(seed: 3)
      for _ in 0..<3 {
        let order = Self.bodies.indices.shuffled(using: &random)
        let clients = try order.map { index in
          let client = try HTTPClient(port: server.port)
          try client.request("POST", Self.bodies[index].path, Self.bodies[index].body)
          return client
        }
        for (client, index) in zip(clients, order) {
          let answer = try await client.answer()
          #expect(answer.status == 200)
          #expect(said(try answer.json) == alone[index], "request \(index)")
        }
      }
      // They did share passes.
      #expect(try await metric(server, "n_busy_slots_per_decode") > (parallel == 1 ? 0.99 : 1.3))
      try await server.stop()
    }

    /// Short prompts do not wait for the end of long ones, and those who wait for a token have one in each step.
    @Test func rowsOfAStepAreDivided() {
      #expect(StepBudget.divide(100, among: [10, 500, 500]) == [10, 45, 45])
      #expect(StepBudget.divide(100, among: [500, 10]) == [90, 10])
      #expect(StepBudget.divide(100, among: [20, 30]) == [20, 30])
      #expect(StepBudget.divide(2, among: [9, 9, 9]).reduce(0, +) == 2)
      #expect(StepBudget.divide(8, among: []) == [])
      var budget = StepBudget()
      #expect(budget.promptRows(decoding: 0, most: 256) == 256)
      #expect(budget.promptRows(decoding: 1, most: 256) < 64)
      // 100 rows a second: 15 in a step that others wait for, one of them theirs.
      budget.measured(rows: 50, seconds: 0.5)
      #expect(budget.promptRows(decoding: 1, most: 256) == 14)
      #expect(budget.promptRows(decoding: 12, most: 256) == StepBudget.leastRows)
      #expect(budget.promptRows(decoding: 0, most: 256) == 100)
      // One row says nothing of prompts.
      budget.measured(rows: 1, seconds: 0.1)
      #expect(budget.promptRows(decoding: 1, most: 256) == 14)
      #expect(StepBudget.drafts(decoding: 1, reading: 0) == 3)
      #expect(StepBudget.drafts(decoding: 1, reading: 1) == 0)
      #expect(StepBudget.drafts(decoding: 5, reading: 0) == 0)
    }

    /// What a place has to give up is kept, as much as there is room for, and used by no other edit.
    @Test func promptsAreKept() async throws {
      let prompts = ["one ", "two ", "six "].map { String(repeating: $0, count: 40) }
      func ask(_ server: RunningServer, _ prompt: String, _ edit: String = "[]") async throws
        -> (cached: Int, prompt: Int, text: String)
      {
        let answer = try await server.json(
          "/v1/completions", #"{"prompt":"\#(prompt)","max_tokens":8,"edit":\#(edit)}"#)
        let cached = answer["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.integer
        #expect(cached == answer["timings"]?["cache_n"]?.integer)
        #expect(cached == answer["emend"]?["cached_tokens"]?.integer)
        return (
          cached ?? -1, answer["usage"]?["prompt_tokens"]?.integer ?? -1,
          answer["choices"]?[0]?["text"]?.string ?? ""
        )
      }
      let edit = #"{"vector":"pirate","strength":2}"#
      for bytes in [0, 1 << 22] {
        let server = try await server {
          $0.parallel = 1
          $0.cacheBytes = bytes
        }
        var texts: [String] = []
        for prompt in prompts { texts.append(try await ask(server, prompt).text) }
        let edited = try await ask(server, prompts[0], edit)
        #expect(edited.cached == 0 && edited.text != texts[0])
        for (prompt, text) in zip(prompts, texts) {
          let again = try await ask(server, prompt)
          // All but the last token, which is read for its logits; or at most the BOS that all begin with.
          #expect(bytes == 0 ? again.cached <= 1 : again.cached == again.prompt - 1)
          #expect(again.text == text)
        }
        let again = try await ask(server, prompts[0], edit)
        #expect(again.cached == (bytes == 0 ? 0 : again.prompt - 1))
        #expect(again.text == edited.text)
        try await server.stop()
      }
      // Room for one prompt with its answer, and not for two: 512 bytes of keys and values a token.
      let server = try await server {
        $0.parallel = 1
        $0.cacheBytes = 200_000
      }
      for prompt in prompts { _ = try await ask(server, prompt) }
      #expect(try await ask(server, prompts[0]).cached == 1)
      let kept = try await ask(server, prompts[2])
      #expect(kept.cached == kept.prompt - 1)
      try await server.stop()
    }

    /// A short beginning of something long is used, and the long one is there when it is asked for again.
    @Test func beginningsOfKeptPromptsAreUsed() async throws {
      let server = try await server {
        $0.parallel = 1
        $0.cacheBytes = 1 << 22
      }
      let common = String(repeating: "one two ", count: 6)
      let tails = ["", "six seven ", "eight nine "].map { String(repeating: $0, count: 20) }
      func ask(_ prompt: String, isCached: Bool = true) async throws -> JSONValue {
        try await server.json(
          "/completion",
          #"{"prompt":"\#(prompt)","n_predict":9,"cache_prompt":\#(isCached)}"#)
      }
      var alone: [JSONValue?] = []
      for tail in tails { alone.append(try await ask(common + tail, isCached: false)["content"]) }
      for (round, tail) in [1, 2, 0, 1, 2, 1].enumerated() {
        let answer = try await ask(common + tails[tail])
        let cached = answer["timings"]?["cache_n"]?.integer ?? 0
        let length = answer["tokens_evaluated"]?.integer ?? 0
        // Those of the first round have the common part from each other.
        #expect(round < 3 ? cached >= common.utf8.count : cached == length - 1, "round \(round)")
        #expect(answer["content"] == alone[tail])
      }
      try await server.stop()
    }

    /// A prompt that begins like one that is being answered takes its beginning from there.
    @Test func beginningsAreShared() async throws {
      let server = try await server { $0.parallel = 3 }
      let long = String(repeating: "one two ", count: 30)
      let alone = try await server.json(
        "/completion", #"{"prompt":"\#(long)three","n_predict":9,"cache_prompt":false}"#)
      let running = try HTTPClient(port: server.port)
      try running.request(
        "POST", "/completion",
        #"{"prompt":"\#(long)four","n_predict":200,"ignore_eos":true,"stream":true}"#)
      _ = try await running.head()
      _ = try await running.chunk()
      let beside = try await server.json(
        "/completion", #"{"prompt":"\#(long)three","n_predict":9}"#)
      #expect(beside["timings"]?["cache_n"]?.integer ?? 0 >= long.utf8.count)
      #expect(beside["content"] == alone["content"])
      running.leave()
      try await server.stop()
    }

    /// Several answers to one prompt read it once, whatever comes at the same time.
    @Test func promptsAreReadOnce() async throws {
      let server = try await server { $0.parallel = 4 }
      let long = String(repeating: "one two ", count: 30)
      let edit = #""edit":{"vector":"pirate","strength":2}"#
      var alone: [JSONValue?] = []
      var read = 0.0
      for seed in 7..<11 {
        let answer = try await server.json(
          "/v1/completions",
          #"{"prompt":"\#(long)","max_tokens":9,"seed":\#(seed),"cache_prompt":false,\#(edit)}"#)
        alone.append(answer["choices"]?[0]?["text"])
        read += Double(answer["usage"]?["prompt_tokens"]?.integer ?? 0)
      }
      // What is in a cache by now is of no use to another beginning. An answer may be here before it is counted.
      let other = "x" + long
      for _ in 0..<400 {
        if try await metric(server, "prompt_tokens_total") >= read { break }
        try await Task.sleep(for: .milliseconds(5))
      }
      let before = try await metric(server, "prompt_tokens_total")
      #expect(before == read)
      let answer = try await server.json(
        "/v1/completions",
        #"{"prompt":"\#(other)","max_tokens":9,"seed":7,"n":4,\#(edit)}"#)
      let tokens = Double(answer["usage"]?["prompt_tokens"]?.integer ?? 0)
      for _ in 0..<400 {
        if try await metric(server, "prompt_tokens_total") >= before + tokens + 2 { break }
        try await Task.sleep(for: .milliseconds(5))
      }
      // The last token is everybody's own.
      #expect(try await metric(server, "prompt_tokens_total") <= before + tokens + 4)
      let same = try await server.json(
        "/v1/completions",
        #"{"prompt":"\#(long)","max_tokens":9,"seed":7,"n":4,\#(edit)}"#)
      #expect(same["choices"]?.array?.map { $0["text"] } == alone)
      try await server.stop()
    }

    /// With drafts the same bytes: prompts, edits, samplings; and what was drafted is told.
    @Test func draftsChangeNothing() async throws {
      let server = try await server { $0.parallel = 2 }
      let words = ["alpha", "beta", "gamma", "one two", "again and again and"]
      var accepted = 0
      for index in 0..<30 {
        let text = (0..<(3 + index % 5)).map { words[($0 * (index + 1)) % words.count] }
          .joined(separator: " ")
        let sampling = [
          #""temperature":0"#, #""temperature":0.3,"top_k":3"#,
          #""temperature":1,"repeat_penalty":1.3"#,
          #""temperature":0.8,"frequency_penalty":0.4,"n_probs":2"#,
        ][index % 4]
        let edit = #""edit":{"vector":"pirate","strength":\#(index % 3 * 2)}"#
        let stop = index % 5 == 0 ? #","stop":["e"]"# : ""
        func ask(_ how: String) async throws -> JSONValue {
          try await server.json(
            "/completion",
            #"{"prompt":"\#(text)","seed":\#(index),"n_predict":\#([0, 1, 2, 90, 400][index % 5]),"ignore_eos":\#(index % 2 == 0),\#(sampling),\#(edit)\#(stop),"speculate":"\#(how)","return_tokens":true}"#
          )
        }
        let plain = try await ask("none")
        let drafted = try await ask("ngram")
        for name in [
          "content", "tokens", "stop_type", "stopping_word", "tokens_predicted", "tokens_cached",
          "truncated", "completion_probabilities",
        ] { #expect(drafted[name] == plain[name], "\(name) of \(index)") }
        #expect(plain["timings"]?["draft_n"] == nil)
        accepted += drafted["timings"]?["draft_n_accepted"]?.integer ?? 0
      }
      #expect(accepted > 50)
      // Metrics are told after a step, and answers in it.
      for _ in 0..<400 {
        if try await metric(server, "spec_decode_num_accepted_tokens_total") == Double(accepted) {
          break
        }
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(
        try await metric(server, "spec_decode_num_accepted_tokens_total") == Double(accepted))
      #expect(
        try await server.json(
          "/completion", #"{"prompt":"a","speculate":"mtp"}"#, status: 400)["error"]?["param"]
          == "speculate")
      try await server.stop()
    }
  }
#endif
