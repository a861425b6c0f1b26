/// What a command itself finds wrong.
enum CommandError: Error, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case notText(path: String)
  case notEnoughMemory(plan: String, available: String)
  case notEnoughMemoryToCalibrate(needed: String, available: String)
  case contextTooLong(asked: Int, trained: Int)
  case notEnoughContext(command: String, needed: Int, trained: Int)
  case layerRange(last: Int, layerCount: Int)
  case interrupted(work: String)
  case resumable(work: String, command: String)
  case unansweredTurns(count: Int)
  case option(String)
  case trainingExists(folder: String)
  case noTraining(folder: String)
  case notEnoughMemoryToTrain(needed: String, available: String)
  case notEnoughMemoryToEvaluate(needed: String, available: String)

  /// What a process that ends by it exits with: 75, EX_TEMPFAIL, where the same work can be taken up.
  var exitCode: Int32 {
    if case .resumable = self { 75 } else { 1 }
  }

  var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .notText(let path):
      "\(path): is not UTF-8 text; convert it first (iconv -t utf-8)"
    case .notEnoughMemory(let plan, let available):
      "this needs \(plan), and \(available); use a shorter context (--ctx-size), "
        + "a smaller cache (--cache-type q8_0) or a smaller model"
    case .notEnoughMemoryToCalibrate(let needed, let available):
      "this calibration needs \(needed), and \(available); take fewer windows "
        + "(--calibration-windows)"
    case .contextTooLong(let asked, let trained):
      "a context of \(asked) tokens was asked for, and the model was trained for \(trained); ask for "
        + "at most that (--ctx-size)"
    case .notEnoughContext(let command, let needed, let trained):
      "\(command) needs a context of \(needed) tokens, and the model was trained for \(trained); use "
        + "less"
    case .notEnoughMemoryToTrain(let needed, let available):
      "this training needs \(needed), and \(available); use smaller batches (--batch-size), "
        + "shorter sequences (--max-seq-length) or --optimizer adamw8bit"
    case .notEnoughMemoryToEvaluate(let needed, let available):
      "this evaluation needs \(needed) of memory, and \(available); use smaller batches "
        + "(--batch-size) or shorter sequences (--max-seq-length)"
    case .noTraining(let folder):
      "\(folder) has no training.state to go on with; start without --resume, or with --resume auto"
    case .option(let problem):
      "\(problem); choose another value"
    case .trainingExists(let folder):
      "\(folder) has a training in it already; go on with --resume, or give another --output"
    case .unansweredTurns(let count):
      "\(count) of the lines were not answered, as was said above; send shorter ones, in UTF-8, or start with "
        + "a longer context (--ctx-size)"
    case .layerRange(let last, let count):
      "--control-vector-layer-range ends with block \(last), and the model has blocks 0 to \(count - 1); end with "
        + "one of them"
    case .interrupted(let work):
      "interrupted while \(work)"
    case .resumable(let work, let command):
      "interrupted while \(work); what is done is saved: go on with \(command)"
    }
  }
}
