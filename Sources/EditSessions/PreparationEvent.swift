/// What happens while a model and its edits are got ready, for whoever shows it.
public enum PreparationEvent {
  /// More threads were asked for than run at once; these are taken.
  case threads(asked: Int, taken: Int)
  /// What will be in memory, with the model.
  case memory(MemoryBudget)
  /// What an editor that reads before the model is there will have in memory.
  case editorMemory(path: String, MemoryBudget)
  /// The edit was compiled before, and lies at `path`.
  case compiledBefore(path: String)
  /// The part of the weights that is loaded, 0 to 1.
  case loading(Double)
  /// All weights are.
  case weightsLoaded
  /// The model is ready.
  case loaded(LoadedModel)
  /// An editor was loaded and read an instruction of so many tokens.
  case instructionRead(path: String, loadSeconds: Double, tokens: Int, readSeconds: Double)
}

/// Who hears of them.
public typealias PreparationListener = (PreparationEvent) -> Void
