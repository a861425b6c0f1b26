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
  /// Where the edit is kept when it is compiled.
  private let cache: CompiledEditCache?
  /// The edit as it was found there.
  private var cached: CompiledEdit?

  /// Nil where nothing is to be edited. Runs the editors that do not need the model, unless what they
  /// would make is in `cache`.
  init?(_ options: EditOptions, _ opened: OpenedModel, cache: CompiledEditCache? = nil) throws {
    guard !options.isEmpty else { return nil }
    self.options = options
    self.cache = cache
    cached = try cache?.edit(shape: opened.configuration)
    if opened.options.verbose, cached != nil, let cache {
      Console.log("\(cache.path): compiled before")
    }
    guard !options.editor.isEmpty, cached == nil else { return }
    for path in Set(options.editor).sorted() {
      let budget = MemoryBudget().adding("editor", try Editor.parameterBytes(path: path))
      try budget.check(limit: opened.options.memoryLimit?.bytes)
      if opened.options.verbose, chosenBeforeModel(try Editor.configuration(path: path)) {
        Console.log("memory of \(path), before the model: \(budget.summary)")
      }
    }
    let pool = ThreadPool(threads: opened.options.threadCount)
    latents = [LatentEdit?](repeating: nil, count: options.requests.count)
    try read(opened, pool, nil, chosen: chosenBeforeModel)
  }

  /// Whether an editor of that kind reads its instructions before the model is loaded.
  private func chosenBeforeModel(_ editor: EditorConfiguration) -> Bool {
    editor.crossAttention == nil && !editor.readsWithProcessor
  }

  /// Bytes of the editors that are in memory together with the model: one at a time of those that read
  /// with its blocks, and all that read the prompt.
  func bytesBesideModel() throws -> Int {
    guard cached == nil else { return 0 }
    var (together, largest) = (0, 0)
    for path in Set(options.editor) {
      let configuration = try Editor.configuration(path: path)
      if configuration.crossAttention != nil {
        together += try Editor.parameterBytes(path: path)
      } else if configuration.readsWithProcessor {
        largest = max(largest, try Editor.parameterBytes(path: path))
      }
    }
    return together + largest
  }

  /// The model with the edits, on the state that was loaded.
  mutating func processor(
    _ loaded: LoadedModel, observer: (any EditObserver)? = nil
  ) throws -> EditedProcessor {
    if let cache {
      return try EditedProcessor(
        loaded.state, edit: try nothing(loaded), compiled: try compiled(in: cache, loaded),
        observer: observer)
    }
    return try EditedProcessor(
      loaded.state, edit: try edit(loaded), promptEdit: try promptEdit(loaded),
      compiled: try compiled(loaded), observer: observer)
  }

  /// The edit of the cache; made and kept there where it was not.
  private mutating func compiled(
    in cache: CompiledEditCache, _ loaded: LoadedModel
  ) throws -> CompiledEdit {
    if let cached { return cached }
    let compiled = try cache.compile(
      try compilableEdit(loaded), on: loaded.processor, label: options.label)
    cached = compiled
    return compiled
  }

  /// The sum of all edits. Throws `notCompilable` where an editor reads the prompt, which `edit` leaves out.
  mutating func compilableEdit(_ loaded: LoadedModel) throws -> LatentEdit {
    guard try promptReaders.isEmpty else {
      throw LatentEditingError.notCompilable(reason: "its editor reads the prompt")
    }
    return try edit(loaded)
  }

  /// The files of editors that read the prompt.
  private var promptReaders: [String] {
    get throws {
      try Set(options.editor).sorted().filter {
        try Editor.configuration(path: $0).crossAttention != nil
      }
    }
  }

  private func nothing(_ loaded: LoadedModel) throws -> LatentEdit {
    let c = loaded.configuration
    return try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [])
  }

  /// The sum of what does not depend on the prompt, but for the compiled edit.
  mutating func edit(_ loaded: LoadedModel) throws -> LatentEdit {
    try read(loaded.opened, loaded.processor.pool, loaded.processor) {
      $0.readsWithProcessor && $0.crossAttention == nil
    }
    let vectors = try options.controlVectors(loaded.configuration).map { [$0] } ?? []
    let all = latents.compactMap { $0 } + vectors
    return all.isEmpty ? try nothing(loaded) : try LatentEdit.sum(all)
  }

  /// What editors make of each prompt who read it, or nil where there is none such.
  private func promptEdit(_ loaded: LoadedModel) throws -> EditedProcessor.PromptEdit? {
    var readers: [(editor: Editor, instruction: [Int], strength: Float)] = []
    for path in try promptReaders {
      let editor = try Editor(
        path: path, identity: ProcessorIdentity(loaded.opened.file), processor: loaded.processor,
        pool: loaded.processor.pool)
      for request in options.requests where request.editor == path {
        readers.append(
          (editor, tokens(request.instruction, editor, loaded.opened), request.strength))
      }
    }
    guard !readers.isEmpty else { return nil }
    let layers = try options.layers.map(LayerSelection.init(parsing:))
    return { [readers] prompt, state throws(LatentEditingError) in
      var edits: [LatentEdit] = []
      for reader in readers {
        let edit = try reader.editor.edit(
          reader.instruction, strength: reader.strength, prompt: prompt, on: state)
        edits.append(try restricted(edit, to: layers, reader.editor))
      }
      return try LatentEdit.sum(edits)
    }
  }

  /// Token 0 as a compiled edit has it; nil where there is none.
  func compiled(_ loaded: LoadedModel) throws -> CompiledEdit? {
    try options.edit.map { path in
      try CompiledEdit(
        path: path, identity: ProcessorIdentity(loaded.opened.file), shape: loaded.configuration,
        activations: loaded.processor.activations, cacheType: loaded.state.cacheType)
    }
  }

  /// Reads the instructions whose editor is one of `chosen`. Each editor is loaded once, whatever the
  /// number of its instructions, and one at a time.
  private mutating func read(
    _ opened: OpenedModel, _ pool: ThreadPool, _ processor: Processor?,
    chosen: (EditorConfiguration) -> Bool
  ) throws {
    let layers = try options.layers.map(LayerSelection.init(parsing:))
    for path in Set(options.editor).sorted() {
      guard chosen(try Editor.configuration(path: path)) else { continue }
      let clock = ContinuousClock()
      var editor: Editor!
      let loading = try clock.measure {
        editor = try Editor(
          path: path, identity: ProcessorIdentity(opened.file), processor: processor, pool: pool)
      }
      for (index, request) in options.requests.enumerated() where request.editor == path {
        let ids = tokens(request.instruction, editor, opened)
        var edit: LatentEdit!
        let reading = try clock.measure { edit = try editor.edit(ids, strength: request.strength) }
        latents[index] = try restricted(edit, to: layers, editor)
        if opened.options.verbose {
          Console.log(
            "\(path): loaded in \(Numbers.fixed(loading / .seconds(1), 2)) s, read \(ids.count) tokens "
              + "in \(Numbers.fixed(reading / .milliseconds(1), 1)) ms")
        }
      }
    }
  }

  private func tokens(_ instruction: String, _ editor: Editor, _ opened: OpenedModel) -> [Int] {
    editor.instructionTokenizer(processor: opened.tokenizer).tokens(of: instruction)
  }

  private func restricted(
    _ edit: LatentEdit, to layers: LayerSelection?, _ editor: Editor
  ) throws(LatentEditingError) -> LatentEdit {
    guard let layers else { return edit }
    return try edit.restricted(to: layers, placement: editor.configuration.placement)
  }
}

extension EditorConfiguration {
  /// Whether its backbone is the processor itself.
  fileprivate var readsWithProcessor: Bool {
    if case .processor = backbone { true } else { false }
  }
}
