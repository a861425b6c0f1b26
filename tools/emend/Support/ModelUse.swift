import ArgumentParser
import EditSessions
import TensorKernels

/// A model as a command uses it: how it is run, and whether what is loaded is said.
struct ModelUse {
  var settings: ModelSettings
  let verbose: Bool

  func validate() throws {
    if let threads = settings.threads, threads < 1 || threads > 1024 {
      throw ValidationError("--threads is \(threads), and must be from 1 to 1024")
    }
  }

  /// The model's file, of which what is guessed is said; what is loaded after it is shown.
  func open() throws -> OpenedModel {
    let opened = try OpenedModel(
      settings, listener: PreparationLog(isVerbose: verbose).receive)
    opened.tokenizer.warnOfGuesses(path: settings.path)
    return opened
  }

  /// The most memory that there was, for those who want to be told.
  func reportPeak() {
    if verbose { Console.log("peak memory \(Memory.display(Memory.peakResidentBytes))") }
  }
}

/// Shows how a model and its edits are got ready.
final class PreparationLog {
  private let isVerbose: Bool
  private var bar: ProgressBar?

  init(isVerbose: Bool) { self.isVerbose = isVerbose }

  deinit { bar?.finish() }

  func receive(_ event: PreparationEvent) {
    switch event {
    case .threads(let asked, let taken):
      Console.note(
        "\(asked) threads were asked for, and \(taken) run at once here: taking these")
    case .loading(let part):
      let bar = bar ?? ProgressBar("loading")
      bar.update(part, of: 1)
      self.bar = bar
    case .weightsLoaded:
      bar?.finish()
      bar = nil
    case .memory, .editorMemory, .compiledBefore, .loaded, .instructionRead:
      if isVerbose, let text = text(event) { Console.log(text) }
    }
  }

  private func text(_ event: PreparationEvent) -> String? {
    switch event {
    case .threads, .loading, .weightsLoaded: nil
    case .memory(let budget): "memory: \(budget.summary)"
    case .editorMemory(let path, let budget):
      "memory of \(path), before the model: \(budget.summary)"
    case .compiledBefore(let path): "\(path): compiled before"
    case .loaded(let model): text(model)
    case .instructionRead(let path, let loading, let tokens, let reading):
      "\(path): loaded in \(Numbers.fixed(loading, 2)) s, read \(tokens) tokens "
        + "in \(Numbers.fixed(1000 * reading, 1)) ms"
    }
  }

  private func text(_ model: LoadedModel) -> String {
    let settings = model.opened.settings
    let parts = [
      "\(model.processor.instructionSet.rawValue) kernels", "\(settings.threadCount) threads",
      "context \(model.state.contextLength)", "\(settings.activations.rawValue) activations",
      "\(settings.resolvedCacheType.rawValue) cache",
      "\(Memory.display(model.processor.weightBytes)) weights",
      "\(Memory.display(model.state.byteCount)) cache and workspace",
    ]
    let time = Numbers.fixed(model.loadSeconds, 2)
    return "loaded \(model.opened.file.path) in \(time) s: \(parts.joined(separator: ", "))"
  }
}
