import LanguageModels
import LatentEditing
import TextGeneration

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An edited processor with an unedited one beside it that is fed the same tokens: what each chosen
/// token's distribution would have been without the edit goes into the trace.
public final class TracedProcessor: TokenPredictor {
  private let edited: EditedProcessor
  private let unedited: ProcessorState
  private let recorder: TraceRecorder
  private let promptLength: Int
  /// Tokens at the beginning that are there for the edit alone.
  private let ghosts: Int
  private var last: (edited: [Float], unedited: [Float])?

  /// `edited`, which has begun with a prompt of `promptLength` tokens, the first `ghosts` of them for
  /// the edit alone, and a state of its own for the unedited model.
  public init(
    _ edited: EditedProcessor, unedited: ProcessorState, recorder: TraceRecorder,
    promptLength: Int, ghosts: Int
  ) {
    self.edited = edited
    self.unedited = unedited
    self.recorder = recorder
    self.promptLength = promptLength
    self.ghosts = ghosts
  }

  /// Tokens in the cache.
  public var position: Int { edited.position }
  /// Tokens that fit.
  public var contextLength: Int { min(edited.contextLength, unedited.contextLength + ghosts) }

  /// Forgets the tokens at `position` and after it.
  public func truncate(to position: Int) {
    edited.truncate(to: position)
    unedited.truncate(to: max(0, position - ghosts))
  }

  /// Feeds `tokens` to both; the edited logits.
  public func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float] {
    let start = edited.position
    if start >= promptLength, let last {
      if let token = tokens.first,
        let divergence = Self.divergence(last.unedited, last.edited)
      {
        recorder.add(EditTrace.Token(position: start, id: token, divergence: divergence))
      }
    }
    let logits = try edited.forward(tokens)
    let own = Array(tokens.dropFirst(max(0, ghosts - start)))
    guard !own.isEmpty else { return logits }
    last = (logits, try unedited.forward(own))
    return logits
  }

  /// KL(softmax(a) || softmax(b)), in nat; nil where a logit is no number, which generation refuses.
  private static func divergence(_ a: [Float], _ b: [Float]) -> Double? {
    guard let first = try? LogSoftmax(a.span, position: 0),
      let second = try? LogSoftmax(b.span, position: 0)
    else { return nil }
    return zip(a, b).reduce(0.0) { total, pair in
      let logP = first(pair.0)
      return total + exp(logP) * (logP - second(pair.1))
    }
  }
}
