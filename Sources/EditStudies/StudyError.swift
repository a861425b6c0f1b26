import MessagePassing

/// What keeps edits from being studied.
public enum StudyError: Error, Equatable, CustomStringConvertible {
  /// The editor's edits are no keys and values in front of prompts.
  case unsupportedEditor(path: String, interface: String, positions: String)
  /// There are too few known instructions for a mean and neighbours.
  case tooFewInstructions(found: Int, needed: Int)
  /// There are too few prompts to learn from and to measure on, or some of them are the same.
  case tooFewPrompts(found: Int, of: Int, needed: Int)
  /// A control vector has no direction after block 0.
  case noDirection(layer: Int?, layerCount: Int)
  /// An input has no place beside the instruction in the model's context.
  case tooLong(what: String, tokens: Int, most: Int)
  /// A measurement that changes nothing did, or one that changes all did not.
  case control(name: String, found: String)
  /// Told to stop.
  case interrupted(work: String)
  /// A text has too few tokens to be measured on.
  case shortText(path: String, tokens: Int, needed: Int)
  /// A file of a study is not as it has to be.
  case configuration(path: String, problem: String)
  /// A file of results was changed by somebody else.
  case damaged(path: String, problem: String)
  /// Somebody else works on the study.
  case claimed(path: String, by: String)
  /// Ranks that are to share a study do not have one folder.
  case folderNotShared(path: String, rank: Int, host: String)

  /// One sentence: what was found, what was needed, what to do.
  public var description: String {
    switch self {
    case .unsupportedEditor(let path, let interface, let positions):
      "\(path): an editor of interface \(interface) acts at \(positions), and what is studied here are edits that "
        + "become keys and values in front of prompts; use one of p8, or of p0, p1 or p7 at first or ghost"
    case .tooFewInstructions(let found, let needed):
      "there are \(found) different known instructions, and \(needed) are needed to take a mean and find "
        + "neighbours; give more"
    case .tooFewPrompts(let found, let all, let needed):
      found < all
        ? "\(all - found) of the \(all) prompts are there twice; what is measured on must not be learnt from: give each "
          + "once"
        : "there are \(found) prompts, and \(needed) are needed to learn from some and measure on others; give more"
    case .noDirection(let layer, let count):
      "a control vector has nothing after block \(layer ?? 0), and the model has blocks 0 to \(count - 1); choose from "
        + "those behind block 0 (--layers 1-\(count - 1))"
    case .tooLong(let what, let tokens, let most):
      "\(what) needs \(tokens) tokens with its instruction and answer, and the model has room for \(most); give a "
        + "shorter one"
    case .control(let name, let found):
      "the control '\(name)' failed: \(found); nothing that was measured can be trusted, so nothing is reported"
    case .interrupted(let work): "interrupted while \(work)"
    case .shortText(let path, let tokens, let needed):
      "\(path): has \(tokens) tokens, and \(needed) are needed; give a longer text"
    case .configuration(let path, let problem): "\(path): \(problem)"
    case .damaged(let path, let problem): "\(path): \(problem)"
    case .claimed(let path, let by):
      "\(path): \(by) works on this study; wait until it has finished, or end it"
    case .folderNotShared(let path, let rank, let host):
      "\(path): rank \(rank) on \(host) does not see what rank 0 writes there; ranks of a study work in one folder: "
        + "give one that all their machines share"
    }
  }
}

extension StudyError: RankError {
  /// Ranks stop together, and find together that they have no folder in common.
  public var rankFailure: RankFailure {
    switch self {
    case .interrupted, .folderNotShared: .everybodys
    default: .own
    }
  }
}
