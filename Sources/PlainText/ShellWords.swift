/// Command lines as a shell reads them.
package enum ShellWords {
  /// Words that come out as they are: those with other than plain characters between quotes.
  package static func quoted(_ words: [String]) -> String {
    words.map { word in
      let isPlain =
        !word.isEmpty
        && word.unicodeScalars.allSatisfy {
          $0.value > 127 || $0.properties.isAlphabetic || ("0"..."9").contains($0)
            || "-_./:=,+%@".unicodeScalars.contains($0)
        }
      return isPlain ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
    }.joined(separator: " ")
  }
}
