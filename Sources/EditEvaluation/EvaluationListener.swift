import EditorTraining

/// A baseline that has to be trained.
public enum TrainedBaseline: String, Sendable {
  /// One learned edit for all instructions.
  case constant
  /// Low-rank changes to the model itself.
  case tuned
}

/// What happens while an editor is measured.
public enum EvaluationEvent: Sendable {
  /// A baseline is trained in that folder.
  case training(TrainedBaseline, folder: String)
  /// What will be in memory, in bytes: the model, and the passes through it.
  case memory(model: Int, passes: Int)
  /// So many rows of a split are measured.
  case measured(split: String, rows: Int, of: Int)
  /// So many windows of the unrelated text.
  case unrelated(windows: Int, of: Int)
  /// So many rows are answered.
  case answered(rows: Int, of: Int)
}

/// Who is told what happens in an evaluation and in the trainings of its baselines, and may end it.
public protocol EvaluationListener: TrainingListener {
  /// Hears what has happened, on the thread that measures.
  func receive(_ event: EvaluationEvent)
}

/// One who does not listen.
final class NoListener: EvaluationListener {
  func receive(_ event: TrainingEvent) {}
  func receive(_ event: EvaluationEvent) {}
}
