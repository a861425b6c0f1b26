import MessagePassing

/// Command lines as a shell reads them.
enum ShellWords {
  /// How this process was called, and one word more.
  static func command(adding word: String? = nil) -> String {
    quoted(RankEnvironment.current.words + CommandLine.arguments + [word].compactMap { $0 })
  }

  /// Words that come out as they are: those with other than plain characters between quotes.
  static func quoted(_ words: [String]) -> String {
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
