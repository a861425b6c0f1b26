import ModelFiles
import Tokenization

/// Texts that a direction is derived from.
public enum ExampleTexts {
  /// The lines of the file at `path` in tokens, those without words left out: each as it is, or with a `template` as what
  /// a user says in a conversation. Throws what keeps the file from being read, `LatentEditingError.noExamples`, and
  /// what the template does not take.
  public static func read(
    _ path: String, with tokenizer: Tokenizer, as template: ChatTemplate? = nil
  ) throws -> [[Int]] {
    let lines = TextFile.lines(try TextFile.read(path))
      .filter { !$0.allSatisfy(\.isWhitespace) }
    guard !lines.isEmpty else {
      throw LatentEditingError.noExamples(path: path, problem: "there is no text in the file")
    }
    return try lines.map { line in
      let ids =
        try template.map { try $0.encode([ChatMessage(.user, String(line))], with: tokenizer) }
        ?? tokenizer.encode(String(line), addSpecial: true, parseSpecial: false)
      guard !ids.isEmpty else {
        throw LatentEditingError.noExamples(path: path, problem: "a line has no tokens")
      }
      return ids
    }
  }
}
