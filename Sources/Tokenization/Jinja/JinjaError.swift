/// A place in a template's source.
public struct JinjaPosition: Equatable, Sendable {
  /// The line, from 1.
  public var line: Int
  /// The character in the line, from 1.
  public var column: Int
}

/// Why a template could not be read or evaluated.
public struct JinjaError: Error, Equatable, Sendable {
  /// The kinds of failure.
  public enum Kind: Equatable, Sendable {
    /// The source is not Jinja.
    case syntax
    /// Jinja that is not computed here.
    case unsupported
    /// The template does what its own language refuses: an attribute of what is undefined, say.
    case evaluation
    /// A limit on size, work or nesting.
    case limit
    /// The template itself refuses the conversation, by `raise_exception`.
    case refused
  }

  /// What kind of failure it is.
  public var kind: Kind
  /// What was found, in words; for `refused`, what the template says.
  public var reason: String
  /// Where.
  public var position: JinjaPosition
}

extension JinjaError: CustomStringConvertible {
  /// "line 3, column 14: there is no filter "groupby" here".
  public var description: String {
    "line \(position.line), column \(position.column): \(reason)"
  }
}
