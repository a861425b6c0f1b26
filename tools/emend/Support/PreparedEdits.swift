import LanguageModels
import LatentEditing
import TextGeneration

/// What the options ask to be done to a model that is loaded.
struct PreparedEdits {
  /// Latents that do not depend on the prompt.
  let edit: LatentEdit
  /// Token 0 as a compiled edit has it.
  let compiled: CompiledEdit?

  /// Nil where nothing is to be edited.
  init?(_ options: EditOptions, _ loaded: LoadedModel) throws {
    guard !options.isEmpty else { return nil }
    let c = loaded.configuration
    var edits: [LatentEdit] = []
    if let vectors = try options.controlVectors(c) { edits.append(vectors) }
    edit =
      edits.isEmpty
      ? try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [])
      : try LatentEdit.sum(edits)
    compiled = try options.edit.map { path in
      try CompiledEdit(
        path: path, identity: ProcessorIdentity(loaded.opened.file), shape: c,
        activations: loaded.processor.activations, cacheType: loaded.state.cacheType)
    }
  }

  /// The model with the edits, on `state`.
  func processor(
    _ state: ProcessorState, observer: (any EditObserver)? = nil
  ) throws -> EditedProcessor {
    try EditedProcessor(state, edit: edit, compiled: compiled, observer: observer)
  }
}
