#if Server
  import EditServer
  import EditSessions
  import Foundation
  import LanguageModels
  import TestSupport
  import Testing
  import TextGeneration
  import Tokenization

  /// The server beside what `emend generate --chat` is made of, on a real model with the editors that are shipped.
  @Suite(
    .serialized,
    .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
  struct RealModelTests {
    private static let model = OutsideFiles.smolLM2?.path ?? ""
    private static let folder = OutsideFiles.repository.appending(path: "models/editors").path
    private static let instructions = [
      nil, "Answer in upper case.", "Answer in French.", "Answer in one sentence.",
    ]

    /// What the generator says, alone and in a state of its own.
    private func alone(
      _ question: String, _ instruction: String?, _ editor: String
    ) throws -> String {
      let opened = try OpenedModel(
        ModelSettings(path: Self.model, threads: 2, contextLength: 256))
      let template: ChatTemplate =
        try instruction == nil ? ChatTemplate(of: opened.tokenizer.vocabulary) : .family(.chatml)
      let request = instruction.map { EditRequest($0, editor: editor) } ?? EditRequest()
      var preparation = try EditPreparation(request, opened, form: .conversation(template))
      let loaded = try opened.load(beside: preparation)
      let model: any SequenceModel = try preparation?.processor(loaded) ?? loaded.state
      var options = GenerationOptions(sampling: .greedy, maximumTokens: 16)
      let end = template.assistantTurnEnd(with: opened.tokenizer)
      options.endTokens = end.tokens
      options.turnEnds = end.strings
      var text = ""
      try Generator(model, tokenizer: opened.tokenizer, startsText: true).run(
        prompt: template.prompt([ChatMessage(.user, question)], with: opened.tokenizer),
        options: options
      ) { event in
        switch event {
        case .token(_, let piece), .heldBack(let piece): text += piece
        case .prefill, .finished: break
        }
        return .more
      }
      return text
    }

    /// Eight at once with four edits, drafted or not: each answer is the generator's, byte for byte.
    @Test(
      arguments: [
        ("smollm2-135m-instruct-p0", false), ("smollm2-135m-instruct", true),
      ])
    func answersAsGenerateDoes(_ name: String, _ speculates: Bool) async throws {
      let editor = "\(Self.folder)/\(name).safetensors"
      let server = try await RunningServer(Self.model) {
        $0.model = ModelSettings(path: Self.model, threads: 2, contextLength: 256)
        $0.parallel = 8
        $0.speculates = speculates
        $0.editors = [.init(name: "editor", path: editor)]
      }
      let questions = ["Why is the sky blue?", "What is a lighthouse?"]
      var clients: [(HTTPClient, String)] = []
      for question in questions {
        for instruction in Self.instructions {
          let client = try HTTPClient(port: server.port)
          let edit =
            JSONValue(instruction) == .null
            ? "[]" : #"{"instruction":\#(JSONValue(instruction).text)}"#
          try client.request(
            "POST", "/v1/chat/completions",
            #"{"messages":[{"role":"user","content":"\#(question)"}],"temperature":0,"max_tokens":16,"edit":\#(edit)}"#
          )
          clients.append((client, try alone(question, instruction, editor)))
        }
      }
      for (client, wanted) in clients {
        let answer = try await client.answer().json
        #expect(answer["choices"]?[0]?["message"]?["content"]?.string == wanted)
      }
      try await server.stop()
    }
  }
#endif
