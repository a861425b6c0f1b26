/// `text` fit for one line of a terminal: control characters escaped (names come from files, and
/// could carry terminal commands), and cut after `limit` characters.
package func displayed(_ text: String, limit: Int = 120) -> String {
  var result = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == limit { return result + "…" }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
      result += scalar.escaped(asASCII: true)
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

extension String {
  /// All of the text with its control characters escaped, for a line of a terminal.
  package var onOneLine: String { displayed(self, limit: .max) }
}

extension Substring {
  /// The same with a small letter at its beginning, to stand within a sentence.
  package func lowercasingFirst() -> String { prefix(1).lowercased() + dropFirst() }
}
