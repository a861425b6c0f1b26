import Tokenization

extension EditRequest {
  /// How conversations are written for a model with `vocabulary` that is edited so, where nobody says it: what an editor
  /// made as the family writes them, which is what editors are trained with, and otherwise as the file's own template
  /// does. Throws where the template is of no known family, or there is none.
  public func template(of vocabulary: Vocabulary) throws(TokenizationError) -> ChatTemplate {
    let isTrained = !instructions.isEmpty || compiled != nil || !edits.isEmpty
    return isTrained ? .family(try ChatFamily(of: vocabulary)) : try ChatTemplate(of: vocabulary)
  }
}
