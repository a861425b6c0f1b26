import LanguageModels
import LatentEditing

/// A processor that says in words what an edit in front of a question asks for: low-rank adapters that act on the tokens
/// behind the edit alone, and the edits that they learn from.
public final class EditReader {
  /// What is trained.
  public let adapters: LowRankAdapters
  /// The processor that they are of.
  public let identity: ProcessorIdentity
  package let edits: any ReadEdits

  /// New or trained adapters, and what is read through them.
  package init(
    _ adapters: LowRankAdapters, identity: ProcessorIdentity, edits: any ReadEdits
  ) {
    self.adapters = adapters
    self.identity = identity
    self.edits = edits
  }
}

/// Edits of examples, as states of the tokens in front of their prompts.
package protocol ReadEdits: AnyObject {
  /// What tells them from others: a training goes on with the same alone.
  var digest: String { get }
  /// The states at the input of every block, `[layers][tokens][width]`, of the tokens that example `row` has in front
  /// (`TokenizedExample.instruction`), whose keys and values are all that is seen of them; nil where they stay as the
  /// processor has them.
  func states(ofRow row: Int) throws(LatentEditingError) -> [Float]?
}
