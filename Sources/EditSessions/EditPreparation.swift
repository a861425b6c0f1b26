import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels

/// What is asked to be done to a model, on its way to an edited model.
///
/// Editors with weights of their own read their instructions before the model is loaded, and are gone
/// when it is: the two are never in memory together. Each file is opened once.
public struct EditPreparation {
  private let request: EditRequest
  /// What a prefix editor is to read; nil where there is none.
  private let prefix: PrefixReading?
  private let opened: OpenedModel
  /// By path; those of a cached edit are not there.
  private var editors: [String: OpenedEditor]
  /// What instructions mean, by their number; nil for those whose editor needs the model.
  private var latents: [LatentEdit?] = []
  /// Where the edit is kept when it is compiled.
  private let cache: CompiledEditCache?
  /// The editor that read last; nil where none is kept.
  private let kept: KeptEditor?
  /// The edit as it was found there.
  private var cached: CompiledEdit?

  /// Nil where nothing is to be edited. Runs the editors that do not need the model, unless what they
  /// would make is in the cache.
  ///
  /// - Parameters:
  ///   - request: what is asked for.
  ///   - opened: the model it is for.
  ///   - form: how prompts begin.
  ///   - kept: where a prefix editor is left for the next instruction, and found; nil for nowhere.
  ///   - cache: a folder of compiled edits, and the token that prompts begin with; nil for none. The request
  ///     is then for editors alone, which act on that token alone.
  /// - Throws: `MemoryShortage`, and what editors and their files throw.
  public init?(
    _ request: EditRequest, _ opened: OpenedModel, form: PromptForm = .text,
    keeping kept: KeptEditor? = nil,
    cache: (folder: String, firstToken: Int)? = nil
  ) throws {
    guard !request.isEmpty else { return nil }
    self.request = request
    self.opened = opened
    self.kept = kept
    var editors: [String: OpenedEditor] = [:]
    for path in request.editorPaths {
      let editor = try OpenedEditor(path: path)
      try editor.configuration.check(for: opened.configuration, path: path)
      editors[path] = editor
    }
    if request.strengthAround == .mean,
      let reader = editors.values.first(where: { $0.configuration.reading == .withPrompt })
    {
      throw EditSessionError.noMean(path: reader.path)
    }
    let prefix = try PrefixReading(request, editors, form, opened.tokenizer)
    self.prefix = prefix
    let store = try cache.map { [editors] place in
      try EditPreparation.store(
        place.folder, request, opened, editors, place.firstToken, prefix)
    }
    self.cache = store
    self.editors = editors
    cached = try store?.edit(shape: opened.configuration)
    if let store, cached != nil {
      opened.listener(.compiledBefore(path: store.path))
      self.editors = [:]
    }
    guard !self.editors.isEmpty else { return }
    for editor in openedEditors {
      let budget = MemoryBudget().adding("editor", editor.parameterBytes)
      try budget.check(limit: opened.settings.memoryLimit)
      if editor.configuration.reading == .beforeModel {
        opened.listener(.editorMemory(path: editor.path, budget))
      }
    }
    let pool = ThreadPool(threads: opened.settings.threadCount)
    latents = [LatentEdit?](repeating: nil, count: request.instructions.count)
    try read(.beforeModel, pool, nil)
  }

  private static func store(
    _ folder: String, _ request: EditRequest, _ opened: OpenedModel,
    _ editors: [String: OpenedEditor], _ firstToken: Int,
    _ prefix: PrefixReading?
  ) throws -> CompiledEditCache {
    if prefix != nil, editors.count > 1 {
      throw EditSessionError.prefixBeside("other editors in a compiled edit")
    }
    let digests = editors.mapValues { $0.digest() }
    return try CompiledEditCache(
      folder: folder, model: opened.file, identity: opened.identity(),
      requests: request.instructions.map {
        .init(
          editor: $0.editor, digest: digests[$0.editor], instruction: $0.text, strength: $0.strength
        )
      },
      layers: request.layers,
      around: request.strengthAround == .zero ? nil : request.strengthAround.rawValue,
      firstToken: firstToken, opening: prefix?.opening,
      written: prefix?.written, activations: opened.settings.activations,
      cacheType: opened.settings.resolvedCacheType)
  }

  /// In the order of their paths.
  private var openedEditors: [OpenedEditor] {
    editors.values.sorted { $0.path < $1.path }
  }

  /// Bytes of the editors that are in memory together with the model: one at a time of those that read
  /// with its blocks, and all that read the prompt.
  var bytesBesideModel: Int {
    func bytes(_ reading: EditorConfiguration.Reading) -> [Int] {
      editors.values.filter { $0.configuration.reading == reading }.map(\.parameterBytes)
    }
    return bytes(.withPrompt).reduce(0, +) + (bytes(.withModel).max() ?? 0) + prefixBytes
  }

  /// Tokens that a prefix editor puts in front of prompts.
  public var tokensInFront: Int { prefix?.written.count ?? 0 }

  /// What is said where an editor that was trained on conversations is to read a line of plain text, of which it
  /// makes something or other, often an empty answer; nil elsewhere. `remedy` says how to make it a conversation.
  public func warningOfPlainText(remedy: String) -> String? {
    guard let prefix, prefix.isTurnInText else { return nil }
    return
      "warning: \(prefix.path) was trained on conversations, and this is plain text; \(remedy)"
  }

  /// Tokens that the file of a compiled edit keeps, 0 where there is none. Throws what makes it unreadable.
  func compiledTokenCount() throws -> Int {
    try request.compiled.map { try CompiledEdit.tokenCount(path: $0) } ?? 0
  }

  /// What a prefix editor writes, in words, and the tokens at the beginning of prompts that it takes the place of; nil
  /// where there is no such editor.
  public var beginning: (words: [String], replaced: [Int])? {
    prefix.map { ($0.words, $0.opening.replaced) }
  }

  /// Bytes of a prefix editor while it reads.
  private var prefixBytes: Int {
    guard let prefix, let editor = editors[prefix.path] else { return 0 }
    return editor.parameterBytes
      + Editor.readingBytes(
        editor.configuration, of: opened.configuration, tokens: prefix.opening.tokens.count,
        threads: opened.settings.threadCount,
        isAsTrained: prefix.strength == 1 && request.layers == nil)
  }

  /// The model with the edits, on `state`; without one on the state that was loaded.
  public mutating func processor(
    _ loaded: LoadedModel, on state: ProcessorState? = nil, observer: (any EditObserver)? = nil
  ) throws -> EditedProcessor {
    let state = state ?? loaded.state
    if let cache {
      return try EditedProcessor(
        state, edit: try nothing(), compiled: try compiled(in: cache, loaded),
        observer: observer)
    }
    return try EditedProcessor(
      state, edit: try edit(loaded), promptEdit: try promptEdit(loaded),
      compiled: try compiled(loaded, observer), observer: observer)
  }

  /// What `processor` is made of, for those who give it to several sequences: the sum of what all prompts
  /// share, what editors make of each prompt, and the compiled edit. Throws as `processor` does.
  package mutating func parts(
    _ loaded: LoadedModel
  ) throws -> (edit: LatentEdit, promptEdit: EditedProcessor.PromptEdit?, compiled: CompiledEdit?) {
    (try edit(loaded), try promptEdit(loaded), try compiled(loaded))
  }

  /// The edit of the cache; made and kept there where it was not.
  private mutating func compiled(
    in cache: CompiledEditCache, _ loaded: LoadedModel
  ) throws -> CompiledEdit {
    if let cached { return cached }
    let compiled: CompiledEdit
    if prefix != nil {
      compiled = try readPrefix(loaded)
      try cache.store(compiled, shape: loaded.configuration)
    } else {
      compiled = try cache.compile(
        try compilableEdit(loaded), on: loaded.processor, label: request.label)
    }
    cached = compiled
    return compiled
  }

  /// What the request asks for as a compiled edit, for prompts that begin with `firstToken` where it acts on
  /// the first token. Throws as `compilableEdit`, and `prefixBeside`.
  public mutating func compiledEdit(
    _ loaded: LoadedModel, firstToken: Int
  ) throws -> CompiledEdit {
    guard prefix == nil else {
      guard editors.count == 1, request.controlVectors.isEmpty, request.edits.isEmpty else {
        throw EditSessionError.prefixBeside("other edits in a compiled one")
      }
      return try readPrefix(loaded)
    }
    return try CompiledEdit.compiling(
      compilableEdit(loaded), on: loaded.processor, identity: opened.identity(),
      firstToken: firstToken, cacheType: loaded.state.cacheType, label: request.label)
  }

  /// What the prefix editor, of which there is one, makes of its instructions.
  private func readPrefix(
    _ loaded: LoadedModel, _ observer: (any EditObserver)? = nil
  ) throws -> CompiledEdit {
    guard let prefix, let file = editors[prefix.path] else {
      preconditionFailure("no editor writes a prefix")
    }
    let clock = ContinuousClock()
    let start = clock.now
    let editor =
      try kept?.editor(of: file, identity: opened.identity(), processor: loaded.processor)
      ?? file.editor(
        identity: opened.identity(), processor: loaded.processor, pool: loaded.processor.pool)
    let loading = start.duration(to: clock.now)
    let begin = clock.now
    let compiled: CompiledEdit
    if request.strengthAround == .mean, prefix.strength != 1 || request.layers != nil {
      compiled = try prefix.readAroundMean(
        with: editor, layers: request.layers, on: loaded.processor,
        identity: opened.identity(), cacheType: loaded.state.cacheType, label: request.label)
    } else {
      compiled = try CompiledEdit.reading(
        prefix.opening.tokens, replacing: prefix.opening.replaced, with: editor,
        strength: prefix.strength, layers: request.layers, on: loaded.processor,
        identity: opened.identity(), cacheType: loaded.state.cacheType, label: request.label,
        observer: observer)
    }
    opened.listener(
      .instructionRead(
        path: prefix.path, loadSeconds: loading / .seconds(1),
        tokens: prefix.opening.tokens.count,
        readSeconds: begin.duration(to: clock.now) / .seconds(1)))
    return compiled
  }

  /// The sum of all edits. Throws `notCompilable` where an editor reads the prompt, which `edit` leaves out.
  public mutating func compilableEdit(_ loaded: LoadedModel) throws -> LatentEdit {
    guard promptReaders.isEmpty else {
      throw LatentEditingError.notCompilable(reason: "its editor reads the prompt")
    }
    guard prefix == nil else {
      throw LatentEditingError.notCompilable(
        reason: "its editor writes the beginning of the prompt, and no latents")
    }
    return try edit(loaded)
  }

  /// The editors that read the prompt.
  private var promptReaders: [OpenedEditor] {
    openedEditors.filter { $0.configuration.reading == .withPrompt }
  }

  private func nothing() throws -> LatentEdit {
    let c = opened.configuration
    return try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [])
  }

  /// The sum of what does not depend on the prompt, but for the compiled edit.
  public mutating func edit(_ loaded: LoadedModel) throws -> LatentEdit {
    try read(.withModel, loaded.processor.pool, loaded.processor)
    let vectors = try request.controlVectorEdit(loaded.configuration).map { [$0] } ?? []
    let all = latents.compactMap { $0 } + vectors + request.edits
    return all.isEmpty ? try nothing() : try LatentEdit.sum(all)
  }

  /// What editors make of each prompt who read it, or nil where there is none such.
  private func promptEdit(_ loaded: LoadedModel) throws -> EditedProcessor.PromptEdit? {
    var readers: [(editor: Editor, instruction: [Int], strength: Float)] = []
    for file in promptReaders {
      let editor = try file.editor(
        identity: opened.identity(), processor: loaded.processor, pool: loaded.processor.pool)
      for instruction in request.instructions where instruction.editor == file.path {
        readers.append((editor, tokens(instruction.text, editor), instruction.strength))
      }
    }
    guard !readers.isEmpty else { return nil }
    return { [readers, layers = request.layers] prompt, state throws(LatentEditingError) in
      var edits: [LatentEdit] = []
      for reader in readers {
        let edit = try reader.editor.edit(
          reader.instruction, strength: reader.strength, prompt: prompt, on: state)
        edits.append(try EditPreparation.restricted(edit, to: layers, reader.editor))
      }
      return try LatentEdit.sum(edits)
    }
  }

  /// What a prefix editor makes of the beginning of conversations, from the cache where there is one; nil where
  /// no such editor reads. The place of another system text's beginning is taken with
  /// `EditedProcessor.replaceOpening`.
  public mutating func opening(_ loaded: LoadedModel) throws -> CompiledEdit? {
    guard prefix != nil else { return nil }
    if let cache { return try compiled(in: cache, loaded) }
    return try compiled(loaded)
  }

  /// The tokens in front as a compiled edit or a prefix editor has them; nil where there is neither.
  public mutating func compiled(
    _ loaded: LoadedModel, _ observer: (any EditObserver)? = nil
  ) throws -> CompiledEdit? {
    if prefix != nil {
      // What was read before has nothing left to be seen.
      let known = observer == nil ? cached : nil
      let compiled = try known ?? readPrefix(loaded, observer)
      cached = compiled
      return compiled
    }
    return try request.compiled.map { path in
      try CompiledEdit(
        path: path, identity: opened.identity(), shape: loaded.configuration,
        activations: loaded.processor.activations, cacheType: loaded.state.cacheType)
    }
  }

  /// Reads the instructions whose editor reads then. Each editor is loaded once, whatever the number of
  /// its instructions, and one at a time.
  private mutating func read(
    _ reading: EditorConfiguration.Reading, _ pool: ThreadPool, _ processor: Processor?
  ) throws {
    for file in openedEditors where file.configuration.reading == reading {
      let clock = ContinuousClock()
      let start = clock.now
      let editor = try file.editor(
        identity: opened.identity(), processor: processor, pool: pool)
      let loading = start.duration(to: clock.now)
      let mean = try meanEdit(file, editor)
      for (index, instruction) in request.instructions.enumerated()
      where instruction.editor == file.path {
        let ids = tokens(instruction.text, editor)
        let start = clock.now
        let edit =
          try mean.map {
            try editor.edit(ids).scaled(by: instruction.strength, around: $0)
          } ?? editor.edit(ids, strength: instruction.strength)
        let time = start.duration(to: clock.now)
        latents[index] = try EditPreparation.restricted(edit, to: request.layers, editor)
        opened.listener(
          .instructionRead(
            path: file.path, loadSeconds: loading / .seconds(1), tokens: ids.count,
            readSeconds: time / .seconds(1)))
      }
    }
  }

  /// The mean edit of `editor`, where strengths are around it and one is not 1; else nil.
  private func meanEdit(_ file: OpenedEditor, _ editor: Editor) throws -> LatentEdit? {
    guard request.strengthAround == .mean,
      request.instructions.contains(where: { $0.editor == file.path && $0.strength != 1 })
    else { return nil }
    return try editor.meanEdit(
      of: KnownInstructions.some.map { (tokens($0.text, editor), $0.family) })
  }

  private func tokens(_ instruction: String, _ editor: Editor) -> [Int] {
    editor.instructionTokenizer(processor: opened.tokenizer).tokens(of: instruction)
  }

  private static func restricted(
    _ edit: LatentEdit, to layers: LayerSelection?, _ editor: Editor
  ) throws(LatentEditingError) -> LatentEdit {
    guard let layers else { return edit }
    return try edit.restricted(to: layers, placement: editor.configuration.placement)
  }
}
