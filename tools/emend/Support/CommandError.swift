import EditSessions
import EditorTraining
import TensorKernels

/// What a command itself finds wrong.
enum CommandError: Error, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case notEnoughContext(command: String, needed: Int, trained: Int)
  case interrupted(work: String)
  case resumable(work: String, command: String)
  case unansweredTurns(count: Int)
  case option(String)

  /// What a process that ends by it exits with: 75, EX_TEMPFAIL, where the same work can be taken up.
  var exitCode: Int32 {
    if case .resumable = self { 75 } else { 1 }
  }

  var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .notEnoughContext(let command, let needed, let trained):
      "\(command) needs a context of \(needed) tokens, and the model was trained for \(trained); use "
        + "less"
    case .option(let problem):
      "\(problem); choose another value"
    case .unansweredTurns(let count):
      "\(count) of the lines were not answered, as was said above; send shorter ones, in UTF-8, or start with "
        + "a longer context (--ctx-size)"
    case .interrupted(let work):
      "interrupted while \(work)"
    case .resumable(let work, let command):
      "interrupted while \(work); what is done is saved: go on with \(command)"
    }
  }
}

extension CommandError {
  /// What a process that ends by `error` exits with.
  static func exitCode(_ error: any Error) -> Int32 {
    if case TrainingRunError.interrupted = error { return 75 }
    return (error as? CommandError)?.exitCode ?? 1
  }

  /// What `error` says to the user, options being called what they are.
  static func text(_ error: any Error) -> String {
    switch error {
    case let shortage as MemoryShortage: shortage.withOptions
    case TrainingRunError.noTraining(let folder):
      "\(folder) has no training.state to go on with; start without --resume, or with --resume auto"
    case TrainingRunError.trainingExists(let folder):
      "\(folder) has a training in it already; go on with --resume, or give another --output"
    case TrainingRunError.interrupted(let work):
      CommandError.resumable(work: work, command: Invocation.command()).description
    case EditSessionError.contextTooLong(let asked, let trained):
      "a context of \(asked) tokens was asked for, and the model was trained for \(trained); ask for "
        + "at most that (--ctx-size)"
    case EditSessionError.controlVectorBlock(let last, let count):
      "--control-vector-layer-range ends with block \(last), and the model has blocks 0 to \(count - 1); end with "
        + "one of them"
    default: "\(error)"
    }
  }
}
