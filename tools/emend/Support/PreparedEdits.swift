import LanguageModels
import LatentEditing
import TensorKernels
import TextGeneration

/// What the options ask to be done to a model.
///
/// Editors with weights of their own read their instructions before the model is loaded, and are gone
/// when it is: the two are never in memory together.
struct PreparedEdits {
  private let options: EditOptions
  /// What instructions mean, by their number; nil for those whose editor needs the model.
  private var latents: [LatentEdit?] = []

  /// Nil where nothing is to be edited. Runs the editors that do not need the model.
  init?(_ options: EditOptions, _ opened: OpenedModel) throws {
    guard !options.isEmpty else { return nil }
    self.options = options
    guard !options.editor.isEmpty else { return }
    let pool = ThreadPool(threads: opened.options.threadCount)
    latents = try edits(opened, pool) { configuration in
      if case .gpt2 = configuration.backbone { true } else { false }
    }
  }

  /// The model with the edits, on the state that was loaded.
  func processor(
    _ loaded: LoadedModel, observer: (any EditObserver)? = nil
  ) throws -> EditedProcessor {
    try EditedProcessor(
      loaded.state, edit: try edit(loaded), compiled: try compiled(loaded), observer: observer)
  }

  /// The sum of everything but the compiled edit.
  func edit(_ loaded: LoadedModel) throws -> LatentEdit {
    let c = loaded.configuration
    var all = latents.compactMap { $0 }
    if latents.contains(where: { $0 == nil }) {
      all += try edits(loaded.opened, loaded.processor.pool, loaded.processor) { configuration in
        if case .processor = configuration.backbone { true } else { false }
      }.compactMap { $0 }
    }
    if let vectors = try options.controlVectors(c) { all.append(vectors) }
    return all.isEmpty
      ? try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [])
      : try LatentEdit.sum(all)
  }

  /// Token 0 as a compiled edit has it; nil where there is none.
  func compiled(_ loaded: LoadedModel) throws -> CompiledEdit? {
    try options.edit.map { path in
      try CompiledEdit(
        path: path, identity: ProcessorIdentity(loaded.opened.file), shape: loaded.configuration,
        activations: loaded.processor.activations, cacheType: loaded.state.cacheType)
    }
  }

  /// What the instructions mean whose editor is one of `chosen`.
  private func edits(
    _ opened: OpenedModel, _ pool: ThreadPool, _ processor: Processor? = nil,
    chosen: (EditorConfiguration) -> Bool
  ) throws -> [LatentEdit?] {
    let identity = try ProcessorIdentity(opened.file)
    let layers = try options.layers.map(LayerSelection.init(parsing:))
    var result = [LatentEdit?](repeating: nil, count: options.requests.count)
    // Each editor is loaded once, whatever the number of its instructions, and one at a time.
    for path in Set(options.editor).sorted() {
      guard chosen(try Editor.configuration(path: path)) else { continue }
      let editor = try Editor(path: path, identity: identity, processor: processor, pool: pool)
      for (index, request) in options.requests.enumerated() where request.editor == path {
        let tokens = opened.tokenizer.encode(
          request.instruction, addSpecial: true, parseSpecial: false)
        let edit = try editor.edit(tokens, strength: request.strength)
        result[index] =
          try layers.map {
            try edit.restricted(to: $0, placement: editor.configuration.placement)
          } ?? edit
      }
    }
    return result
  }
}
