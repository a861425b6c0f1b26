import ArgumentParser
import EditSessions
import TensorKernels
import Terminal

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
    Console.warn(opened.tokenizer.warningOfGuesses(path: settings.path))
    return opened
  }

  /// The most memory that there was, for those who want to be told.
  func reportPeak() {
    if verbose {
      Console.log("peak memory \(SystemMemory.display(SystemMemory.peakResidentBytes))")
    }
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
    case .loading(let part):
      let bar = bar ?? ProgressBar("loading")
      bar.update(part, of: 1)
      self.bar = bar
    case .weightsLoaded:
      bar?.finish()
      bar = nil
    case .threads:
      if let text = event.text { Console.note(text) }
    case .memory, .editorMemory, .compiledBefore, .loaded, .instructionRead:
      if isVerbose, let text = event.text { Console.log(text) }
    }
  }
}
