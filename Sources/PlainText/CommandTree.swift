/// The names of a command and of those below it, to say which one was meant where a word is none of them.
package struct CommandTree {
  /// What it is called by.
  package let name: String
  /// Whether words that name none below it may be its own: an argument, or one of a command that may be left out.
  package let takesWords: Bool
  /// The commands below it.
  package let children: [CommandTree]

  /// A command and those below it.
  package init(_ name: String, takesWords: Bool, _ children: [CommandTree]) {
    self.name = name
    self.takesWords = takesWords
    self.children = children
  }

  /// The word in `words`, which come after the command's name, that is in the place of a command and is none; nil where
  /// there is none such. Options in front of a command are left to who reads them, and `help` may come before the words.
  package func unknownCommand(in words: some Sequence<String>) -> UnknownCommand? {
    var (command, path, isHelp) = (self, [name], false)
    for word in words {
      if command.children.isEmpty || word.hasPrefix("-") { return nil }
      if let child = command.children.first(where: { $0.name == word }) {
        command = child
        path.append(word)
        continue
      }
      if word == "help", path.count == 1, !isHelp {
        isHelp = true
        continue
      }
      guard isHelp || !command.takesWords else { return nil }
      return UnknownCommand(
        word: word, parent: path.joined(separator: " "),
        nearest: nearestName(to: word, of: command.children.map(\.name)))
    }
    return nil
  }
}

/// What is wrong with a command's words before they are read as options; it says where to read on.
package protocol WrongWords: Error, CustomStringConvertible {}

/// A word in the place of a command that there is not.
package struct UnknownCommand: WrongWords, Equatable {
  /// The word, and the command whose it would be.
  package let word, parent: String
  /// The one that was meant; nil where none is like it.
  package let nearest: String?

  package var description: String {
    "\(parent) has no command '\(displayed(word))'; "
      + (nearest.map { "did you mean '\($0)'? See '\(parent) --help' for all" }
        ?? "see '\(parent) --help' for those that it has")
  }
}

/// An argument that is no text.
package struct UnreadableArgument: WrongWords {
  /// Which one, from 1.
  package let number: Int

  /// Of that number.
  package init(number: Int) { self.number = number }

  package var description: String {
    "argument \(number) is not UTF-8 text; convert it first, or give text by -f FILE"
  }
}
