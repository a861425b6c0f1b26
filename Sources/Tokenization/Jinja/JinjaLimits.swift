/// What a template may use up, so that any source ends soon and in bounded memory.
///
/// Work grows with what the caller says, because an honest template copies that a few times.
enum JinjaLimits {
  /// Characters of a template's source.
  static let sourceCharacters = 1 << 20
  /// How deep expressions and blocks may stand in one another in the source.
  static let nesting = 100
  /// How deep evaluation may be at any time, calls of macros included.
  static let evaluationDepth = 300
  /// How deep lists and dictionaries may be in one another.
  static let valueDepth = 64
  /// Numbers of one `range`, as in Jinja's sandbox.
  static let rangeCount = 100_000
  /// Characters of an indentation.
  static let formattedWidth = 4096

  /// Units of work for one element of a list, and for one expression or statement.
  static let elementWork = 8
  static let stepWork = 16

  /// Units of work for a conversation of `characters`: one for each character that is copied, and the
  /// above.
  static func work(characters: Int) -> Int { (1 << 25) + 64 * characters }

  /// Characters of the result.
  static func output(characters: Int) -> Int { (1 << 22) + 4 * characters }
}
