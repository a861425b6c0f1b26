import LanguageModels
import TextGeneration

/// A model without weights: after the n-th token of a sequence, the n-th id of the script is the
/// most likely one. It records what it is fed.
final class ScriptedModel: SequenceModel {
  let script: [Int]
  let contextLength: Int
  let vocabularySize: Int
  private(set) var fed: [[Int]] = []
  private(set) var position = 0

  init(_ script: [Int], contextLength: Int = 100, vocabularySize: Int = 16) {
    self.script = script
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
  }

  func truncate(to position: Int) { self.position = min(self.position, position) }

  func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float] {
    precondition(!tokens.isEmpty && position + tokens.count <= contextLength)
    fed.append(tokens)
    position += tokens.count
    return logits(after: position)
  }

  func forwardAll<Failure: Error>(
    _ tokens: [Int], logitsFrom first: Int,
    _ body: (_ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(SequenceError<Failure>) {
    fed.append(tokens)
    for index in tokens.indices {
      position += 1
      guard index >= first else { continue }
      let logits = logits(after: position)
      do throws(Failure) { try body(index, logits.span) } catch { throw .listener(error) }
    }
  }

  private func logits(after count: Int) -> [Float] {
    var logits = [Float](repeating: 0, count: vocabularySize)
    logits[script[(count - 1) % script.count]] = 5
    return logits
  }
}

/// Token i reads as the i-th of these.
struct WordDecoder: TextDecoder {
  static let words = [
    "", "a", "b", "c", "d", "e", "f", "g", "h", " ", "\n", "Us", "er:", "é", "x", "y",
  ]
  mutating func append(_ id: Int) -> String { Self.words[id] }
  mutating func finish() -> String { "" }
}

/// What a run reported, put together.
struct Recording {
  var ids: [Int] = []
  var text = ""
  var pieces: [String] = []
  var prefills: [(done: Int, total: Int)] = []
  var reason: FinishReason?
  var statistics = GenerationStatistics()

  init() {}

  init(
    _ generator: Generator, _ prompt: [Int], _ options: GenerationOptions,
    stopAfter limit: Int = .max, stopInPrefill: Bool = false
  ) throws {
    var recording = Recording()
    try generator.run(prompt: Prompt(prompt), options: options) { event in
      precondition(recording.reason == nil, "nothing comes after finished")
      switch event {
      case .prefill(let done, let total):
        recording.prefills.append((done, total))
        if stopInPrefill { return .stop }
      case .token(let id, let text):
        recording.ids.append(id)
        recording.text += text
        recording.pieces.append(text)
      case .heldBack(let text):
        recording.text += text
      case .finished(let reason, let statistics):
        recording.reason = reason
        recording.statistics = statistics
      }
      return recording.ids.count >= limit ? .stop : .more
    }
    self = recording
  }
}
