/// Why a model with its edits cannot be opened, beside what its files, the model and the edits throw.
public enum EditSessionError: Error, Equatable, CustomStringConvertible {
  /// A context longer than the model was trained for.
  case contextTooLong(asked: Int, trained: Int)
  /// Control vectors are asked for after a block that the model does not have.
  case controlVectorBlock(last: Int, blockCount: Int)

  /// An instruction without words, which a prefix editor cannot make an edit of.
  case emptyInstruction(path: String)
  /// Instructions that would have to be read as one text, and are for several prefix editors, or of several
  /// strengths.
  case severalPrefixes(paths: [String])
  case prefixStrengths([Float])
  /// A prefix for conversations that are written by the model's own template.
  case prefixOfOwnTemplate
  /// Strengths around the mean edit of an editor that makes another edit for each prompt.
  case noMean(path: String)
  /// A prefix beside an edit that it cannot be together with.
  case prefixBeside(String)

  /// One sentence: what was found, what was needed, what to do.
  public var description: String {
    switch self {
    case .contextTooLong(let asked, let trained):
      "a context of \(asked) tokens was asked for, and the model was trained for \(trained); ask for at most that"
    case .controlVectorBlock(let last, let count):
      "control vectors are asked for up to block \(last), and the model has blocks 0 to \(count - 1); end with "
        + "one of them"
    case .emptyInstruction(let path):
      "the instruction for \(path) is empty; say what the answer shall be like"
    case .severalPrefixes(let paths):
      "\(paths.joined(separator: " and ")) read instructions as the beginning of the prompt, of which there is "
        + "one; give all such instructions to one of them"
    case .prefixStrengths(let strengths):
      "instructions of a prefix editor are read as one text, and these are to be "
        + "\(strengths.map { "\($0)" }.joined(separator: ", ")) times as strong; give all of them one strength"
    case .prefixOfOwnTemplate:
      "an editor that writes the beginning of the prompt was trained with conversations of a family of templates; "
        + "name the family instead of the model's own template"
    case .noMean(let path):
      "\(path) reads the prompt, so that its edits have no mean for strengths to be around; count strengths from zero"
    case .prefixBeside(let other):
      "an editor that writes the beginning of the prompt cannot be used together with \(other); use one of them"
    }
  }
}
