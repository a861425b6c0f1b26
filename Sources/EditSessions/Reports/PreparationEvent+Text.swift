import PlainText
import TensorKernels

extension PreparationEvent {
  /// What has happened, in a line; nil for the progress of loading.
  public var text: String? {
    switch self {
    case .loading, .weightsLoaded: nil
    case .threads(let asked, let taken):
      "\(asked) threads were asked for, and \(taken) run at once here: taking these"
    case .memory(let budget): "memory: \(budget.summary)"
    case .editorMemory(let path, let budget):
      "memory of \(path), before the model: \(budget.summary)"
    case .compiledBefore(let path): "\(path): compiled before"
    case .loaded(let model): model.summary
    case .instructionRead(let path, let loading, let tokens, let reading):
      "\(path): loaded in \(Numbers.fixed(loading, 2)) s, read \(tokens) tokens "
        + "in \(Numbers.fixed(1000 * reading, 1)) ms"
    }
  }
}

extension LoadedModel {
  /// How the model runs, in how much memory, and how long it took to load.
  fileprivate var summary: String {
    let settings = opened.settings
    let parts = [
      "\(processor.instructionSet.rawValue) kernels", "\(settings.threadCount) threads",
      "context \(state.contextLength)", "\(settings.activations.rawValue) activations",
      "\(settings.resolvedCacheType.rawValue) cache",
      "\(SystemMemory.display(processor.weightBytes)) weights",
      "\(SystemMemory.display(state.byteCount)) cache and workspace",
    ]
    let time = Numbers.fixed(loadSeconds, 2)
    return "loaded \(opened.file.path) in \(time) s: \(parts.joined(separator: ", "))"
  }
}
