#if Server
  import EditServer
  import Foundation
  import TestSupport
  import Testing

  /// What bad input gets: each is told what is wrong and with which member, and the server goes on.
  @Suite(.serialized) struct ErrorTests {
    private let tiny: TinyModel

    init() throws { tiny = try TinyModel() }

    private func server(_ change: (inout ServerSettings) -> Void = { _ in }) async throws
      -> RunningServer
    {
      let (vector, folder) = (tiny.vector, tiny.folder.url.path)
      return try await RunningServer(tiny.path) {
        $0.controlVectors = [.init(name: "pirate", path: vector)]
        $0.editFolder = folder
        change(&$0)
      }
    }

    /// Body, and param, code and a word of the message that it gets.
    private static let bodies: [(body: String, param: String?, code: String?, word: String)] = [
      ("{", nil, nil, "JSON"), ("[]", nil, nil, "object"), ("{}", "messages", nil, "required"),
      (#"{"messages":"a"}"#, "messages", nil, "array"),
      (#"{"messages":[{"role":"user"}]}"#, "messages[0].content", nil, "content"),
      (#"{"messages":[{"role":"tool","content":"a"}]}"#, "messages[0].role", nil, "role"),
      (
        #"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#,
        "messages[0].content[0]",
        "unsupported_parameter", "type"
      ),
      (#"{Q,"max_tokens":"a"}"#, "max_tokens", nil, "whole"),
      (#"{Q,"max_tokens":true}"#, "max_tokens", nil, "whole"),
      (#"{Q,"max_tokens":-2}"#, "max_tokens", nil, "-2"), (#"{Q,"n":9}"#, "n", nil, "parallel"),
      (#"{Q,"top_logprobs":2}"#, "top_logprobs", nil, "logprobs"),
      (#"{Q,"stop":[1]}"#, "stop", nil, "string"), (#"{Q,"top_p":2}"#, "top_p", nil, "0"),
      (#"{Q,"tools":[{"type":"function"}]}"#, "tools", "unsupported_parameter", "tool_choice"),
      (
        #"{Q,"response_format":{"type":"json_object"}}"#, "response_format",
        "unsupported_parameter",
        "lenient"
      ),
      (#"{Q,"grammar":"root ::= a"}"#, "grammar", "unsupported_parameter", "lenient"),
      (#"{Q,"mirostat":2}"#, "mirostat", "unsupported_parameter", "0"),
      (#"{Q,"lora":[{"id":0}]}"#, "lora", "unsupported_parameter", "edit"),
      (#"{Q,"edit":3}"#, "edit", "invalid_edit", "object"),
      (#"{Q,"edit":{}}"#, "edit", "invalid_edit", "exactly one"),
      (
        #"{Q,"edit":{"vector":"pirate","strenght":1}}"#, "edit.strenght", "invalid_edit",
        "not known"
      ),
      (
        #"{Q,"edit":[{"vector":"pirate"},{"vector":"parrot"}]}"#, "edit[1].vector",
        "edit_not_found",
        "parrot"
      ),
      (#"{Q,"edit":{"vector":"wide"}}"#, "edit.vector", "edit_model_mismatch", "wide"),
      (#"{Q,"edit":{"vector":"../pirate"}}"#, "edit.vector", "edit_not_found", "pirate"),
      (
        #"{Q,"edit":{"vector":"pirate","strength":"1"}}"#, "edit.strength", "invalid_edit", "number"
      ),
      (
        #"{Q,"edit":{"vector":"pirate","strength":1e60}}"#, "edit.strength", "invalid_edit",
        "finite"
      ),
      (#"{Q,"edit":{"vector":"pirate","layers":"9"}}"#, "edit.layers", "invalid_edit", "9"),
      (
        #"{Q,"edit":{"vector":"pirate","layers":[]}}"#, "edit.layers", "invalid_edit",
        "one at least"
      ),
      (#"{Q,"edit":{"instruction":"Be brief."}}"#, "edit.editor", "invalid_edit", "editor"),
      (#"{Q,"edit":{"instruction":" "}}"#, "edit.instruction", "invalid_edit", "empty"),
      (#"{Q,"trace":{"k":true}}"#, "trace.k", nil, "kl"),
      (#"{Q,"compare":true,"n":2}"#, "compare", nil, "one answer"),
      (
        #"{Q,"add_generation_prompt":true,"continue_final_message":true}"#,
        "continue_final_message",
        nil, "both"
      ),
    ]

    @Test func refusesWithReasons() async throws {
      let server = try await server()
      let question = #""messages":[{"role":"user","content":"Why?"}]"#
      for (body, param, code, word) in Self.bodies {
        let answer = try await server.post(
          "/v1/chat/completions", body.replacing("Q,", with: question + ","))
        #expect(answer.status == 400, "\(body): \(answer.text)")
        let error = try answer.json["error"]
        #expect(error?["type"] == "invalid_request_error", "\(body)")
        #expect(error?["param"] == JSONValue(param), "\(body): \(answer.text)")
        #expect(error?["code"] == JSONValue(code), "\(body): \(answer.text)")
        #expect(error?["message"]?.string?.contains(word) ?? false, "\(body): \(answer.text)")
        #expect(!answer.text.contains(tiny.folder.url.path), "no client sees a path")
      }
      // It is listed with the reason, and the server is up.
      let edits = try await server.get("/v1/edits").json["data"]?.array ?? []
      let wide = edits.first { $0["name"] == "wide" }
      #expect(wide?["compatible"] == false && wide?["reason"]?.string != nil)
      #expect(try await server.post("/completion", #"{"prompt":"a","n_predict":2}"#).status == 200)
      try await server.stop()
    }

    /// Members that are null are not there, members that are not known are told, and refused where that is
    /// asked for.
    @Test func toleratesWhatChangesNothing() async throws {
      let server = try await server()
      let body =
        #"{"messages":[{"role":"developer","content":"Be.","name":"x"},{"role":"user","content":[{"type":"text","text":"a"}]}],"max_tokens":2.0,"temperature":-1,"seed":null,"stop":null,"logprobs":null,"tools":[],"user":"me","response_format":{"type":"text"},"mirostat":0,"nonsense":1}"#
      let answer = try await server.json("/chat/completions", body)
      #expect(answer["emend"]?["ignored"] == ["nonsense", "user"])
      let strict = try await server.post(
        "/chat/completions", body, headers: ["extra-parameters": "error"])
      #expect(strict.status == 400)
      #expect(try strict.json["error"]?["param"] == "nonsense")
      let tools =
        #"{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"tools":[{"type":"function"}]}"#
      let dropped = try await server.post(
        "/chat/completions", tools, headers: ["extra-parameters": "drop"])
      #expect(try dropped.json["emend"]?["ignored"] == ["tools"])
      try await server.stop()
    }

    @Test func saysWhatIsWhere() async throws {
      let server = try await server {
        $0.bodyLimit = 1000
        $0.showsPage = false
        $0.showsSlots = false
      }
      let nowhere = try await server.get("/nowhere")
      #expect(nowhere.status == 404)
      #expect(try nowhere.json["error"]?["type"] == "not_found_error")
      let wrong = try await server.get("/v1/chat/completions")
      #expect(wrong.status == 405 && wrong.headers["allow"] == "POST")
      #expect(try await server.post("/tokenize", String(repeating: " ", count: 2000)).status == 413)
      for path in ["/slots", "/metrics"] { #expect(try await server.get(path).status == 501) }
      #expect(try await server.post("/v1/embeddings", "{}").status == 501)
      #expect(try await server.get("/").status == 404)
      #expect(try await server.get("/v1/models/tiny").json["id"] == "tiny")
      #expect(try await server.get("/v1/models/other").status == 404)
      #expect(try await server.get("/props").json["model_path"] == "tiny.gguf")
      try await server.stop()
    }

    @Test func letsInWhoHasAKey() async throws {
      let server = try await server { $0.keys = ["one", "two"] }
      let body = #"{"content":"a"}"#
      #expect(try await server.post("/tokenize", body).status == 401)
      for headers in [["Authorization": "Bearer three"], ["X-Api-Key": "on"]] {
        let answer = try await server.post("/tokenize", body, headers: headers)
        #expect(try answer.json["error"]?["type"] == "authentication_error")
      }
      for headers in [["Authorization": "Bearer one"], ["X-Api-Key": "two"]] {
        #expect(try await server.post("/tokenize", body, headers: headers).status == 200)
      }
      #expect(try await server.get("/health").status == 200)
      #expect(try await server.get("/").status == 200)
      try await server.stop()
    }

    @Test func tellsBrowsersWhatTheyMay() async throws {
      let server = try await server()
      func preflight(_ origin: String) async throws -> HTTPClient.Answer {
        let client = try HTTPClient(port: server.port)
        try client.request(
          "OPTIONS", "/completion",
          headers: [
            "Origin": origin, "Access-Control-Request-Headers": "authorization, x-stainless-lang",
          ])
        return try await client.answer()
      }
      let near = try await preflight("http://localhost:3000")
      #expect(near.status == 200)
      #expect(near.headers["access-control-allow-origin"] == "http://localhost:3000")
      #expect(near.headers["access-control-allow-headers"] == "authorization, x-stainless-lang")
      for origin in [
        "http://evil.com", "http://localhost.evil.com", "http://localhost:3000.evil.com",
      ] {
        #expect(try await preflight(origin).headers["access-control-allow-origin"] == nil)
      }
      let error = try await server.get("/nowhere", headers: ["Origin": "http://127.0.0.1"])
      #expect(error.headers["access-control-allow-origin"] == "http://127.0.0.1")
      #expect(try await server.get("/health").headers["access-control-allow-origin"] == nil)
      try await server.stop()
    }
  }
#endif
