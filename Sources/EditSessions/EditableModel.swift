import LanguageModels
import LatentEditing
import Synchronization
import Tokenization

/// A model that can be edited: open it once, and make a session for each edit and conversation.
///
///     let model = try EditableModel(path: "smollm2.q4_0.gguf")
///     let session = try await model.session(EditRequest("Answer in French.", editor: "editor.safetensors"))
///     for try await piece in session.respond(to: "What is a lighthouse?") { print(piece, terminator: "") }
///
/// Opening reads the file's header and its tokenizer. The weights are loaded for the first session, after
/// the editors that do not need them have read their instructions, and shared by all.
public final class EditableModel: Sendable {
  /// What is run, and how.
  public let settings: ModelSettings
  /// The blueprint.
  public let configuration: ProcessorConfiguration
  /// The tokenizer.
  public let tokenizer: Tokenizer
  private let parts: Mutex<Parts>

  /// What sessions share. Whoever holds the lock is the only one who uses it.
  private struct Parts: @unchecked Sendable {
    let opened: OpenedModel
    var processor: Processor?
  }

  /// Opens the model of `settings`. Throws what makes its file, its blueprint or its vocabulary unusable.
  public init(_ settings: ModelSettings) throws {
    let opened = try OpenedModel(settings)
    self.settings = settings
    configuration = opened.configuration
    tokenizer = opened.tokenizer
    parts = Mutex(Parts(opened: opened, processor: nil))
  }

  /// Opens the model at `path`, run as `emend` does without options.
  public convenience init(path: String) throws {
    try self.init(ModelSettings(path: path))
  }

  /// A session of the model with `edits`; without any it is the model as it is.
  ///
  /// - Parameters:
  ///   - edits: what is done to the model.
  ///   - system: what the system says first; nil for nothing.
  ///   - template: how conversations are written; nil for what the file says.
  /// - Throws: `MemoryShortage`, `EditSessionError`, `TokenizationError` where the file has no template, and
  ///   what editors and their files throw.
  public func session(
    _ edits: EditRequest = EditRequest(), system: String? = nil, template: ChatTemplate? = nil
  ) async throws -> EditSession {
    let thread = SessionThread()
    let template = try template ?? edits.template(of: tokenizer.vocabulary)
    let core = try await thread.run { [self] in
      try Confined(
        SessionCore(
          load(edits, .conversation(template, system: system)), tokenizer: tokenizer,
          template: template, system: system
        ) { [self] system in
          try withLoaded(edits, .conversation(template, system: system), contextLength: 1) {
            preparation, loaded in
            var preparation = preparation
            return try preparation?.opening(loaded)
          }
        })
    }
    return EditSession(core, on: thread)
  }

  /// What `edits` makes of the model as one edit, to be scaled, restricted and added to others. Editors that
  /// read the prompt have none, and are left out by `notCompilable`.
  public func edit(_ edits: EditRequest) async throws -> LatentEdit {
    try await SessionThread().run { [self] in
      try withLoaded(edits, .text, contextLength: 1) { preparation, loaded in
        guard var preparation else {
          let c = configuration
          return try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [])
        }
        return try preparation.compilableEdit(loaded)
      }
    }
  }

  private func load(_ edits: EditRequest, _ form: PromptForm) throws -> any SequenceModel {
    try withLoaded(edits, form, contextLength: nil) { preparation, loaded in
      var preparation = preparation
      return Confined(try preparation?.processor(loaded) ?? loaded.state as any SequenceModel)
    }.value
  }

  private func withLoaded<Result: Sendable>(
    _ edits: EditRequest, _ form: PromptForm, contextLength: Int?,
    _ body: (EditPreparation?, LoadedModel) throws -> Result
  ) throws -> Result {
    try parts.withLock { parts in
      let preparation = try EditPreparation(edits, parts.opened, form: form)
      let loaded = try parts.opened.load(
        contextLength: contextLength, beside: preparation, processor: parts.processor)
      parts.processor = loaded.processor
      return try body(preparation, loaded)
    }
  }
}
