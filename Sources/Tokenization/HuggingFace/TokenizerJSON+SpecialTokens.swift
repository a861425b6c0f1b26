extension TokenizerJSON {
  /// What `post_processor` puts before and after a text; nil where it puts nothing there.
  package struct Surroundings: Equatable {
    package var first: String?
    package var last: String?
  }

  /// Throws `unsupportedTokenizer` where more than one token is put on a side, which a vocabulary cannot
  /// say.
  ///
  /// Source: `TemplateProcessing`, `BertProcessing` and `RobertaProcessing` of the `tokenizers` library.
  package func surroundings() throws(TokenizationError) -> Surroundings {
    var found = Surroundings()
    let processors = content.postProcessor.map { $0.processors ?? [$0] } ?? []
    for processor in processors {
      switch processor.type {
      case "TemplateProcessing":
        let parts = processor.single ?? []
        let place = parts.firstIndex { $0.token == nil } ?? parts.endIndex
        let before = parts[..<place].compactMap(\.token?.id)
        let after = parts[place...].compactMap(\.token?.id)
        guard before.count <= 1, after.count <= 1 else {
          throw unsupported(
            "its post_processor puts \(before) before and \(after) after a text, and at most one token on "
              + "each side is converted")
        }
        found.first = before.first ?? found.first
        found.last = after.first ?? found.last
      case "BertProcessing", "RobertaProcessing":
        found.first = processor.cls?.text
        found.last = processor.sep?.text
      case "ByteLevel": continue
      default:
        throw unsupported(
          "its post_processor is \(processor.type ?? "unnamed"), which is not known here")
      }
    }
    return found
  }

  /// The tokens that begin and end a text, and whether they are added, as `post_processor` has it; tokens
  /// that it does not name are found by the names that models of the family give them.
  func addSpecialTokens(_ vocabulary: inout Vocabulary) throws(TokenizationError) {
    let surroundings = try surroundings()
    func token(_ names: [String?]) -> Int? {
      for name in names {
        if let name, let id = vocabulary.pieces.firstIndex(where: { $0.elementsEqual(name.utf8) }) {
          return id
        }
      }
      return nil
    }
    for (side, name) in [("before", surroundings.first), ("after", surroundings.last)] {
      guard let name, token([name]) == nil else { continue }
      throw unsupported(
        "its post_processor puts \(name) \(side) a text, and there is no such token")
    }
    vocabulary.bosToken = token([surroundings.first, "<s>", "<|begin_of_text|>"])
    vocabulary.eosToken = token(
      [surroundings.last, "</s>", "<|end_of_text|>", "<|endoftext|>", "<|im_end|>"])
    vocabulary.addsBOS = surroundings.first != nil
    vocabulary.addsEOS = surroundings.last != nil
  }
}
