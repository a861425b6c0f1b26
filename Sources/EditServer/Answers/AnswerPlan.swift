import Tokenization

/// What a request is answered with: what all forms of an answer need to know of it.
struct AnswerPlan: Sendable {
  /// The forms of answers.
  enum Form: Sendable {
    case chat
    case text
    /// llama-server's own; with several prompts an array of answers.
    case native(fields: [String])
  }

  /// A choice's side where edited and unedited are compared.
  enum Side: String, Sendable {
    case edited
    case unedited
  }

  let form: Form
  let id: String
  let created: Int
  let model: String
  let fingerprint: String
  let tokenizer: Tokenizer
  let options: AnswerOptions
  let selection: EditSelection
  /// Of each choice.
  let sides: [Side?]
  /// Of each choice, before the edit extends it.
  let prompts: [[Int]]
  let seed: UInt64
  let bias: [(id: Int, bias: Double)]
  let ignored: [String]
  let streams: Bool
  let includesUsage: Bool
  let tellsTimings: Bool
  let isVerbose: Bool
  let tellsTokens: Bool
  /// Choices that each prompt has.
  let choicesOfPrompt: Int

  /// Choices in all.
  var count: Int { prompts.count }

  /// `X-Emend-Edit`.
  var header: String { selection.digest ?? "none" }

  /// The text of tokens, special ones by their names, nothing taken away.
  func text(_ tokens: [Int]) -> String {
    var bytes: [UInt8] = []
    for id in tokens where (0..<tokenizer.vocabularyCount).contains(id) {
      bytes += tokenizer.bytes(of: id, special: true)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// What is known of one choice so far.
struct ChoiceState: Sendable {
  var text = ""
  var records: [TokenRecord] = []
  var echo: [TokenRecord] = []
  var sites: [JSONValue] = []
  var applied = AppliedEdit()
  var promptTokens = 0
  var cached = 0
  var hasBegun = false
  var end: AnswerEnd?

  /// Takes an event of this choice in.
  mutating func take(_ event: AnswerEvent) {
    switch event {
    case .started(_, let tokens, let cached, let edit):
      promptTokens = tokens
      self.cached = cached
      applied = edit
    case .echo(_, let records): echo = records
    case .sites(_, let sites): self.sites = sites
    case .text(_, let text, let records, _):
      self.text += text
      self.records += records
    case .finished(_, let text, let records, let end):
      self.text += text
      self.records += records
      // It may have taken over what others read meanwhile.
      cached = end.timings.cached
      self.end = end
    case .progress, .failed, .ping: break
    }
  }
}

extension AnswerEvent {
  /// The choice that it is about.
  var choice: Int? {
    switch self {
    case .started(let choice, _, _, _), .progress(let choice, _, _, _, _), .echo(let choice, _),
      .sites(let choice, _), .text(let choice, _, _, _), .finished(let choice, _, _, _):
      choice
    case .failed, .ping: nil
    }
  }
}
