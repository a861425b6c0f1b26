import TensorKernels

/// What training takes, in bytes.
public struct TrainingMemory: Sendable, Equatable {
  /// The processor's packed weights.
  public var processor: Int
  /// The editor's weights.
  public var editor: Int
  /// Their gradients.
  public var gradients: Int
  /// The optimizer's moments.
  public var moments: Int
  /// Checkpoints and workspace of the processor's passes.
  public var processorPass: Int
  /// Workspace of the editor's passes.
  public var editorPass: Int
  /// What arrives from other ranks.
  public var exchange = 0
  /// The program itself: its code, tokenizers, rows of data, buffers.
  public var program = 0
  /// All of it.
  public var total: Int {
    program + processor + editor + gradients + moments + processorPass + editorPass + exchange
  }

  /// Throws when `limit`, or without one the memory that is available beside the program, the model and the
  /// editor, which are there already, is not enough for the rest.
  public func check(limit: Int?) throws(MemoryShortage) {
    try MemoryShortage.check(
      .training, total, resident: program + processor + editor, limit: limit)
  }
}
