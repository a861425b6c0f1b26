/// Instructions of many kinds that the library knows, one of each family of the project's own instruction set
/// (tools/fixtures/make_known_instructions.py): what edits are compared with where nobody gives others, and what their
/// mean is taken over.
public enum KnownInstructions {
  /// An instruction, and the kind that it is of.
  public struct Entry: Sendable, Equatable {
    /// The kind; instructions without one are kinds of their own.
    public let family: String
    /// The instruction.
    public let text: String

    /// An instruction of a family; its own text where none is given.
    public init(_ text: String, family: String? = nil) {
      self.text = text
      self.family = family ?? text
    }
  }

  /// All of them, by family.
  public static let all: [Entry] = String(
    decoding: PackageResources.known_instructions_tsv, as: UTF8.self
  ).split(separator: "\n").map { line in
    let parts = line.split(separator: "\t", maxSplits: 1)
    precondition(parts.count == 2, "a line is a family, a tab and an instruction")
    return Entry(String(parts[1]), family: String(parts[0]))
  }

  /// Every fourth of them, over which a mean is nearly the same.
  public static var some: [Entry] { stride(from: 0, to: all.count, by: 4).map { all[$0] } }
}
