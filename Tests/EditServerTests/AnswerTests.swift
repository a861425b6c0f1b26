#if Server
  import EditServer
  import Foundation
  import TestSupport
  import Testing

  /// Answers of a server on loopback.
  @Suite(.serialized) struct AnswerTests {
    private let tiny: TinyModel

    init() throws { tiny = try TinyModel() }

    private func server(_ change: (inout ServerSettings) -> Void = { _ in }) async throws
      -> RunningServer
    {
      let vector = tiny.vector
      return try await RunningServer(tiny.path) {
        $0.controlVectors = [.init(name: "pirate", path: vector)]
        $0.presets = [("terse", #"{"vector":"pirate","strength":0.5}"#)]
        change(&$0)
      }
    }

    private let question = #""messages":[{"role":"user","content":"Why?"}],"max_tokens":12"#

    /// The same text whole and streamed, in OpenAI's order of events.
    @Test func streamsWhatItAnswersWhole() async throws {
      let server = try await server()
      let whole = try await server.json("/v1/chat/completions", "{\(question)}")
      let text = try #require(whole["choices"]?[0]?["message"]?["content"]?.string)
      #expect(whole["usage"]?["completion_tokens"] == 12)
      #expect(whole["choices"]?[0]?["finish_reason"] == "length")

      let stream = try await server.post(
        "/v1/chat/completions",
        #"{\#(question),"stream":true,"stream_options":{"include_usage":true}}"#)
      #expect(stream.headers["content-type"] == "text/event-stream")
      #expect(stream.headers["x-emend-edit"] == "none")
      #expect(stream.events.last == "[DONE]")
      let events = try stream.events.dropLast().map { try JSONParser.value(of: Array($0.utf8)) }
      let first = events[0]["choices"]?[0]?["delta"]
      #expect(first?["role"] == "assistant" && first?["content"] == .null)
      let pieces = events.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.string }
      #expect(pieces.joined() == text && pieces.allSatisfy { !$0.isEmpty })
      #expect(events[events.count - 2]["choices"]?[0]?["finish_reason"] == "length")
      #expect(events[events.count - 1]["choices"] == [])
      #expect(events[events.count - 1]["usage"]?["completion_tokens"] == 12)
      #expect(Set(events.map { $0["id"]?.string ?? "" }).count == 1)

      let native = try await server.post(
        "/completion", #"{"prompt":"Why?","n_predict":9,"stream":true}"#)
      let objects = try native.events.map { try JSONParser.value(of: Array($0.utf8)) }
      #expect(objects.last?["stop"] == true && objects.last?["stop_type"] == "limit")
      let one = try await server.json("/completion", #"{"prompt":"Why?","n_predict":9}"#)
      #expect(objects.compactMap { $0["content"]?.string }.joined() == one["content"]?.string)
      try await server.stop()
    }

    /// Strength 0 is the model as it is, to the byte; another strength is not, and is reported.
    @Test func editsAreOfTheRequest() async throws {
      let server = try await server()
      func text(_ more: String) async throws -> String? {
        try await server.json("/v1/chat/completions", "{\(question)\(more)}")["choices"]?[0]?[
          "message"]?[
            "content"]?.string
      }
      let plain = try await text("")
      #expect(try await text(#","edit":{"vector":"pirate","strength":0}"#) == plain)
      #expect(try await text(#","edit":[]"#) == plain)
      let edited = try await text(#","edit":{"vector":"pirate","strength":4}"#)
      #expect(edited != plain)
      #expect(try await text("") == plain)

      let answer = try await server.post(
        "/v1/chat/completions", #"{\#(question),"edit":[{"vector":"pirate","strength":4}]}"#)
      let emend = try answer.json["emend"]
      #expect(emend?["edit"]?[0]?["vector"] == "pirate")
      #expect(emend?["edit"]?[0]?["strength"]?.number == 4)
      #expect(emend?["digest"]?.string == answer.headers["x-emend-edit"])
      #expect(emend?["sites"]?[0]?["layer"] == 2)

      // By the name of a model.
      let preset = try await server.json(
        "/v1/chat/completions", #"{"model":"tiny+terse",\#(question)}"#)
      #expect(preset["emend"]?["edit"]?[0]?["strength"]?.number == 0.5)
      let cleared = try await server.json(
        "/v1/chat/completions", #"{"model":"tiny+terse","edit":[],\#(question)}"#)
      #expect(cleared["emend"]?["digest"] == .null)
      #expect(
        try await server.json(
          "/v1/chat/completions", #"{"model":"tiny+none",\#(question)}"#, status: 404)["error"]?[
            "code"]
          == "model_not_found")
      try await server.stop()
    }

    /// What one edit left in a cache is never another's, in any order of arrival; the rest of a prompt is
    /// all that is read again; and a cached answer is the answer.
    @Test func cachesOfEditsAreApart() async throws {
      let server = try await server { $0.parallel = 1 }
      let long = String(repeating: "one two ", count: 8)
      func ask(_ edit: String, _ cache: Bool = true) async throws -> JSONValue {
        try await server.json(
          "/completion",
          #"{"prompt":"\#(long)","n_predict":10,"cache_prompt":\#(cache),"edit":\#(edit)}"#)
      }
      let edits = [
        "[]", #"{"vector":"pirate","strength":2}"#, #"{"vector":"pirate","strength":-2}"#,
      ]
      var alone: [String?] = []
      for edit in edits { alone.append(try await ask(edit, false)["content"]?.string) }
      #expect(Set(alone).count == 3)
      for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 0, 1, 1]] {
        for index in order {
          #expect(try await ask(edits[index])["content"]?.string == alone[index])
        }
      }
      let again = try await ask(edits[1])
      #expect(again["timings"]?["prompt_n"] == 1)
      #expect(again["content"]?.string == alone[1])
      try await server.stop()
    }

    /// Eight at once with four edits: each answer is the one that it has alone.
    @Test func requestsAtOnceAreAsAlone() async throws {
      let server = try await server { $0.parallel = 4 }
      let bodies = (0..<8).map { index in
        #"{"prompt":"\#(index) times","n_predict":24,"seed":\#(index),"edit":{"vector":"pirate","strength":\#(index % 4)}}"#
      }
      var alone: [String?] = []
      for body in bodies {
        alone.append(try await server.json("/completion", body)["content"]?.string)
      }
      let clients = try bodies.map { body in
        let client = try HTTPClient(port: server.port)
        try client.request("POST", "/completion", body)
        return client
      }
      for (client, wanted) in zip(clients, alone) {
        let answer = try await client.answer()
        #expect(answer.status == 200)
        #expect(try answer.json["content"]?.string == wanted)
      }
      try await server.stop()
    }

    /// Edited and unedited side by side, both as alone, and where they part.
    @Test func comparesWithTheModelAsItIs() async throws {
      let server = try await server()
      let edit = #""edit":{"vector":"pirate","strength":3}"#
      let both = try await server.json(
        "/v1/chat/completions",
        #"{\#(question),\#(edit),"compare":true,"trace":{"kl":true,"sites":true}}"#)
      let plain = try await server.json("/v1/chat/completions", "{\(question)}")
      let edited = try await server.json("/v1/chat/completions", "{\(question),\(edit)}")
      #expect(
        both["choices"]?[0]?["message"]?["content"] == edited["choices"]?[0]?["message"]?["content"]
      )
      #expect(
        both["choices"]?[1]?["message"]?["content"] == plain["choices"]?[0]?["message"]?["content"])
      #expect(both["choices"]?[1]?["emend"]?["side"] == "unedited")
      #expect(both["emend"]?["first_difference"]?.integer != nil)
      let kl = try #require(both["choices"]?[0]?["emend"]?["kl"]?.array)
      #expect(kl.count == 12 && kl.allSatisfy { ($0.number ?? -1) >= 0 })
      #expect(both["choices"]?[0]?["emend"]?["top"]?[0]?.array?.count == 5)
      #expect(both["emend"]?["trace"]?["sites"]?[0]?["layer"] == 2)
      try await server.stop()
    }

    /// A stop string ends the text and is never sent; what is over the context is told by its words.
    @Test func endsWhereItShall() async throws {
      let server = try await server()
      let text = try #require(
        try await server.json("/completion", #"{"prompt":"a","n_predict":40}"#)["content"]?.string)
      // By scalars: bytes at random make up characters of several.
      let scalars = Array(text.unicodeScalars)
      let middle = scalars.count / 2
      let stop = String(String.UnicodeScalarView(scalars[middle..<middle + 2]))
      let first = scalars.indices.first {
        scalars[$0...].starts(with: scalars[middle..<middle + 2])
      }
      let escaped = JSONValue.string(stop).text
      let ended = try await server.json(
        "/completion", #"{"prompt":"a","n_predict":40,"stop":\#(escaped)}"#)
      #expect(ended["stop_type"] == "word" && ended["stopping_word"]?.string == stop)
      #expect(
        Array(ended["content"]?.string?.unicodeScalars ?? "-".unicodeScalars)
          == Array(scalars[..<(first ?? 0)]))

      let full = try await server.json("/completion", #"{"prompt":"a","ignore_eos":true}"#)
      #expect(
        full["truncated"] == true && full["tokens_predicted"]?.integer == TinyModel.context - 2)
      let long = String(repeating: "a", count: 200)
      let error = try await server.json("/completion", #"{"prompt":"\#(long)"}"#, status: 400)[
        "error"]
      #expect(error?["type"] == "exceed_context_size_error")
      #expect(error?["code"] == "context_length_exceeded")
      #expect(error?["n_ctx"]?.integer == TinyModel.context && error?["n_prompt_tokens"] == 201)
      #expect(
        error?["message"]?.string?.contains("exceeds the available context size") ?? false)
      try await server.stop()
    }

    /// OpenAI's older log-probabilities with the prompt's: what evaluation harnesses read.
    @Test func echoesWithLikelihoods() async throws {
      let server = try await server()
      let body = #"{"prompt":"abc","max_tokens":0,"echo":true,"logprobs":1}"#
      let choice = try await server.json("/v1/completions", body)["choices"]?[0]
      let logprobs = choice?["logprobs"]
      #expect(choice?["text"] == "abc")
      #expect(logprobs?["tokens"]?.array?.count == 4)
      #expect(logprobs?["token_logprobs"]?[0] == .null)
      // The same as when the tokens are generated.
      let prompts = ["a", "ab"]
      for (index, prompt) in prompts.enumerated() {
        let all = try await server.json(
          "/completion",
          #"{"prompt":"\#(prompt)","n_predict":1,"n_probs":259,"temperature":0}"#)
        let top = all["completion_probabilities"]?[0]?["top_logprobs"]?.array ?? []
        let next = Array("abc".utf8)[index + 1]
        let wanted = top.first { $0["bytes"] == [.integer(Int(next))] }?["logprob"]?.number
        let found = logprobs?["token_logprobs"]?[index + 2]?.number
        #expect(abs((wanted ?? 0) - (found ?? 1)) < 1e-6)
      }
      try await server.stop()
    }
  }
#endif
