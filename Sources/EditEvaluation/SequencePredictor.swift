import LanguageModels
import TextGeneration

/// What evaluation needs of a model: the logits after every token of a text.
///
/// `ProcessorState` is one; tests bring their own.
public protocol SequencePredictor: AnyObject {
  /// Tokens fed so far.
  var position: Int { get }
  /// Tokens that can be fed in all.
  var contextLength: Int { get }
  /// Forgets the tokens at `position` and after it.
  func truncate(to position: Int)
  /// Feeds `tokens` and calls `body` with the index in `tokens` and the logits after that token, for
  /// every index from `first` on.
  func forwardAll(
    _ tokens: [Int], logitsFrom first: Int, _ body: (Int, Span<Float>) throws -> Void) throws
}

extension ProcessorState: SequencePredictor {}
extension EditedProcessor: SequencePredictor {}

extension SequencePredictor {
  /// Feeds `tokens` to an empty cache.
  func evaluate(
    _ tokens: [Int], logitsFrom first: Int,
    _ body: (Int, Span<Float>) throws(EvaluationError) -> Void
  ) throws(EvaluationError) {
    truncate(to: 0)
    do {
      try forwardAll(tokens, logitsFrom: first) { index, logits in try body(index, logits) }
    } catch let error as EvaluationError {
      throw error
    } catch let error as LanguageModelError {
      throw .model(error)
    } catch {
      throw .predictor(error)
    }
  }
}
