import EditSessions
import EditorTraining
import Foundation
import LanguageModels
import LatentEditing
import Synchronization
import TensorKernels
import TestSupport
import Testing

/// The real model, and small editors of every kind for it whose heads are random.
enum Real {
  static let model = OutsideFiles.smolLM2?.path ?? ""
  static let reason: Comment = "needs the model that tools/fetch-models brings"

  static func settings(contextLength: Int? = 128) -> ModelSettings {
    ModelSettings(path: model, threads: 2, contextLength: contextLength)
  }

  /// The editor of that kind, in a file that is made once: an interface, and "processor" for one that reads
  /// with the processor's own blocks.
  static func editor(_ name: String) throws -> String {
    try made.withLock { made in
      if let path = made.files[name] { return path }
      let opened = try OpenedModel(settings())
      let processor = try opened.loadProcessor()
      var options = TrainingOptions()
      try options.set("interface", to: name == "processor" ? "p0" : name)
      try options.set("backbone", to: name == "processor" ? "processor:1" : "gpt2:2x16x1")
      try options.set("heads", to: "rank-1")
      let editor = try options.editor(
        for: processor, identity: opened.identity(), tokenizer: opened.tokenizer)
      editor.heads.parameters.initialize(seed: 3, pool: processor.pool) { _ in
        .normal(deviation: 0.5)
      }
      let folder = try made.folder ?? TemporaryFolder()
      made.folder = folder
      let path = try folder.file("\(name).safetensors")
      try editor.write(to: path)
      made.files[name] = path
      return path
    }
  }

  private struct Made {
    var folder: TemporaryFolder?
    var files: [String: String] = [:]
  }

  private static let made = Mutex(Made())
}
