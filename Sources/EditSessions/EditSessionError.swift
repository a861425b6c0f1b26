/// Why a model with its edits cannot be opened, beside what its files, the model and the edits throw.
public enum EditSessionError: Error, Equatable, CustomStringConvertible {
  /// A context longer than the model was trained for.
  case contextTooLong(asked: Int, trained: Int)
  /// An editor that makes a prefix of keys and values, which sessions do not use yet.
  case prefixEditor(path: String)
  /// Control vectors are asked for after a block that the model does not have.
  case controlVectorBlock(last: Int, blockCount: Int)

  /// One sentence: what was found, what was needed, what to do.
  public var description: String {
    switch self {
    case .contextTooLong(let asked, let trained):
      "a context of \(asked) tokens was asked for, and the model was trained for \(trained); ask for at most that"
    case .prefixEditor(let path):
      "\(path): the editor makes a prefix (p8) and no latents, which only train and evaluate can use; give one of "
        + "another interface"
    case .controlVectorBlock(let last, let count):
      "control vectors are asked for up to block \(last), and the model has blocks 0 to \(count - 1); end with "
        + "one of them"
    }
  }
}
