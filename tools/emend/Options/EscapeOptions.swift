import ArgumentParser
import PlainText

/// Whether texts that are given may be written with escapes, as llama.cpp has it.
struct EscapeOptions: ParsableArguments {
  @Flag(
    name: [.customShort("e"), .customLong("escape")],
    help:
      "Escapes in the texts that are given, as \\n, \\t, \\\\ and \\x41, stand for their characters."
  )
  var escapes = false

  /// What `text` stands for.
  func read(_ text: String) -> String { escapes ? text.unescaped : text }
}
