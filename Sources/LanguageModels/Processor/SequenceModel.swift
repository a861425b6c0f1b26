/// A model on one sequence: feed it tokens, get the logits of the one that comes next.
///
/// What generating and measuring need of a model, edited or not: `ProcessorState` is the model as it is,
/// and those who change it wrap one. Prompts come first, tokens then:
///
///     let fed = model.extended(prompt)
///     try model.prepare(prompt)
///     let logits = try model.forward(fed.tokens)
public protocol SequenceModel: AnyObject {
  /// Tokens fed so far.
  var position: Int { get }
  /// Tokens that can be fed in all.
  var contextLength: Int { get }
  /// Forgets the tokens at `position` and after it.
  func truncate(to position: Int)
  /// `prompt` as it is fed: with what the model needs in front of it.
  func extended(_ prompt: Prompt) -> Prompt
  /// Gets ready for `extended(prompt)`, to be fed from the first token that is not fed yet; may forget
  /// what is. Models that do the same to every token need not be told.
  func prepare(_ prompt: Prompt) throws(PromptError)
  /// Feeds `tokens`; the logits after the last of them, one for each token of the vocabulary.
  func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float]
  /// Feeds `tokens` and calls `body` with the index in `tokens` and the logits after that token, for
  /// every index from `first` on, in order. What `body` throws ends it, and comes as `listener`.
  func forwardAll<Failure: Error>(
    _ tokens: [Int], logitsFrom first: Int,
    _ body: (_ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(SequenceError<Failure>)
}

extension SequenceModel {
  /// The prompt alone.
  public func extended(_ prompt: Prompt) -> Prompt { prompt }
  /// Nothing to be done.
  public func prepare(_ prompt: Prompt) throws(PromptError) {}

  /// The last logits of `forwardAll`.
  public func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float] {
    var result: [Float] = []
    do throws(SequenceError<Never>) {
      try forwardAll(tokens, logitsFrom: tokens.count - 1) { _, logits in
        result = logits.indices.map { logits[$0] }
      }
    } catch {
      switch error {
      case .model(let error): throw error
      }
    }
    return result
  }
}

/// Why feeding a sequence ended before its last token.
public enum SequenceError<Failure: Error>: Error, CustomStringConvertible {
  /// The model failed.
  case model(LanguageModelError)
  /// Who was given the logits threw this.
  case listener(Failure)

  /// The reason's own.
  public var description: String {
    switch self {
    case .model(let error): "\(error)"
    case .listener(let error): "\(error)"
    }
  }
}

extension SequenceError: Equatable where Failure: Equatable {}
