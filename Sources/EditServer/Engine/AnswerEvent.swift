import TextGeneration

/// A token that was chosen, for those who want to know what it was chosen from.
struct TokenRecord: Sendable {
  /// A token with its likelihood.
  struct Alternative: Sendable {
    let id: Int
    /// ln p, or p itself after sampling.
    let value: Double
  }

  let id: Int
  /// ln p of it before sampling, or p after; nil where nobody asked.
  var value: Double?
  /// The likeliest, in order.
  var alternatives: [Alternative] = []
  /// KL(unedited ‖ edited) at it, in nats.
  var divergence: Double?
  /// A token's probability with and without the edit.
  struct Compared: Sendable {
    let id: Int
    let edited: Double
    let unedited: Double
  }
  /// The likeliest with the edit.
  var compared: [Compared] = []
}

/// Counts and times of one answer, as llama-server tells them.
struct AnswerTimings: Sendable {
  /// Tokens of the prompt that were in a cache.
  var cached = 0
  /// Those that were fed.
  var prompt = 0
  var promptSeconds = 0.0
  /// Tokens that were chosen.
  var predicted = 0
  var predictedSeconds = 0.0
  /// Drafts from what came before, their tokens, and those of them that were chosen.
  var drafts = 0
  var drafted = 0
  var accepted = 0

  /// As answers have it. The first token comes from the prompt's logits: rates count the steps after it.
  var json: JSONValue {
    func rate(_ count: Int, _ seconds: Double) -> Double {
      count > 0 && seconds > 0 ? Double(count) / seconds : 0
    }
    let steps = max(0, predicted - 1)
    let promptMilliseconds = promptSeconds * 1e3
    let milliseconds = predictedSeconds * 1e3
    var object: JSONObject = [
      "cache_n": .integer(cached), "prompt_n": .integer(prompt),
      "prompt_ms": .number(promptMilliseconds),
      "prompt_per_token_ms": .number(prompt > 0 ? promptMilliseconds / Double(prompt) : 0),
      "prompt_per_second": .number(rate(prompt, promptSeconds)),
      "predicted_n": .integer(predicted), "predicted_ms": .number(milliseconds),
      "predicted_per_token_ms": .number(steps > 0 ? milliseconds / Double(steps) : 0),
      "predicted_per_second": .number(
        steps > 0 && milliseconds > 0 ? 1e3 / milliseconds * Double(steps) : 0),
    ]
    if drafted > 0 {
      object["draft_n"] = .integer(drafted)
      object["draft_n_accepted"] = .integer(accepted)
    }
    return .object(object)
  }
}

/// What was done to the model for an answer.
struct AppliedEdit: Sendable {
  /// Latents that were added, by block and tokens.
  var sites: [JSONValue] = []
  /// Tokens that the edit put in front of the prompt.
  var ghostTokens = 0
  /// Tokens whose keys and values come from a compiled edit.
  var prefixTokens = 0
  /// Seconds that editors took to read their instructions.
  var editorSeconds = 0.0
  /// Whether it had been made for an earlier request.
  var wasKnown = false
}

/// The end of one answer.
struct AnswerEnd: Sendable {
  /// Why nothing follows.
  enum Reason: String, Sendable {
    case endToken = "end_token"
    case stopString = "stop_string"
    case length
    case contextFull = "context_full"

    /// OpenAI's word.
    var finishReason: String {
      switch self {
      case .endToken, .stopString: "stop"
      case .length, .contextFull: "length"
      }
    }

    /// llama-server's word.
    var stopType: String {
      switch self {
      case .endToken: "eos"
      case .stopString: "word"
      case .length, .contextFull: "limit"
      }
    }
  }

  var reason: Reason
  /// Which string ended it.
  var stoppingWord = ""
  var timings: AnswerTimings
  /// Tokens of the prompt, those of the edit among them.
  var promptTokens: [Int]
  /// Whether the context was full.
  var isTruncated: Bool
  var hasNewLine: Bool
  /// Tokens in the sequence's cache.
  var tokensCached: Int
  var slot: Int
  var edit: AppliedEdit
}

/// What happens while a request is answered; `choice` counts its sequences.
enum AnswerEvent: Sendable {
  /// The sequence has a place, and its edit is made; `cached` tokens of the prompt need not be fed.
  case started(choice: Int, promptTokens: Int, cached: Int, edit: AppliedEdit)
  /// So many of the prompt's tokens are in the cache.
  case progress(choice: Int, total: Int, cached: Int, processed: Int, AnswerTimings)
  /// Of the prompt's own tokens, for those who asked: one record for each but the first.
  case echo(choice: Int, [TokenRecord])
  /// What the edit added to the prompt's tokens.
  case sites(choice: Int, [JSONValue])
  /// Text that is certain, and the tokens since the last event.
  case text(choice: Int, String, [TokenRecord], AnswerTimings)
  /// Nothing follows of this sequence; text that was held back comes with it.
  case finished(choice: Int, String, [TokenRecord], AnswerEnd)
  /// Nothing follows of the request.
  case failed(ServerError)
  /// Nothing happened for a while.
  case ping
}
