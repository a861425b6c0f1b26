import LanguageModels

/// What generation needs of a model: feed tokens, get the logits of the one that comes next.
///
/// `ProcessorState` is one; tests bring their own.
public protocol TokenPredictor: AnyObject {
  /// Tokens fed so far.
  var position: Int { get }
  /// Tokens that can be fed in all.
  var contextLength: Int { get }
  /// Forgets the tokens at `position` and after it.
  func truncate(to position: Int)
  /// Feeds `tokens`; the logits after the last of them, one for each token of the vocabulary.
  func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float]
}

extension ProcessorState: TokenPredictor {}
