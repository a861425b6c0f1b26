import EditSessions
import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import Synchronization
import TensorKernels
import TextGeneration
import Tokenization

/// A model that is served: what requests need of it, from any thread.
package final class ServedModel: Sendable {
  package let settings: ServerSettings
  let tokenizer: Tokenizer
  let configuration: ProcessorConfiguration
  let template: ServedTemplate
  package let registry: EditRegistry
  let engine: Engine
  /// What the model is called, and what else.
  package let name: String
  let aliases: [String]
  /// When the server started, in Unix' seconds.
  let created: Int
  let started = ContinuousClock.now
  /// Sequences at once, and the tokens that each can have.
  package let parallel: Int
  package let context: Int
  let modelDigest: String
  private let fileBytes: Int
  private let parameters: Int
  private let opened: Handover<OpenedModel>
  private let counter = Atomic(0)

  /// Opens the model and the edits of `settings`; the weights are not loaded yet. Throws what makes them
  /// unusable. `note` hears what is not as it was asked for.
  package init(
    _ settings: ServerSettings, listener: @escaping PreparationListener = { _ in },
    note: (String) -> Void = { _ in }
  ) throws {
    let opened = try OpenedModel(settings.model, listener: listener)
    self.settings = settings
    self.opened = Handover(opened)
    tokenizer = opened.tokenizer
    configuration = opened.configuration
    template = try ServedTemplate(settings.chatTemplate, opened.tokenizer.vocabulary)
    registry = try EditRegistry(settings, opened)
    engine = Engine(queueLimit: settings.queueLimit)
    created = Int(Date().timeIntervalSince1970)
    modelDigest = try opened.identity().digest
    fileBytes = opened.file.tensors.map(\.byteCount).reduce(0, +)
    parameters = opened.file.tensors.map { $0.shape.reduce(1, *) }.reduce(0, +)
    // llama-server's rule: of several names the first by the alphabet.
    aliases =
      settings.aliases.isEmpty
      ? [EditNames.stem(of: settings.model.path)] : Set(settings.aliases).sorted()
    name = aliases[0]

    let trained = configuration.contextLength
    let whole = opened.contextLength
    let asked = settings.parallel
    let divides = asked != nil && !settings.isUnified
    var context = divides ? whole / (asked ?? 1) : whole
    if context > trained {
      note(
        "a context of \(context) tokens was asked for, and the model was trained for \(trained): taking that"
      )
      context = trained
    }
    guard context > 0 else {
      throw ServerSettingsError.option(
        name: "--parallel",
        problem: "a context of \(whole) tokens cannot be divided among \(asked ?? 1) sequences")
    }
    self.context = context
    parallel = asked ?? Self.affordable(opened, context: context)
  }

  /// Up to four sequences, as many as take no more than half of the memory beside the weights.
  private static func affordable(_ opened: OpenedModel, context: Int) -> Int {
    guard let plan = try? plan(opened, context: context) else { return 1 }
    for count in [4, 3, 2] {
      let budget = opened.program.adding("weights", plan.weights)
        .adding(plan, states: 2 * count)
      if (try? budget.check(limit: opened.settings.memoryLimit)) != nil { return count }
    }
    return 1
  }

  private static func plan(
    _ opened: OpenedModel, context: Int
  ) throws -> ProcessorState.MemoryPlan {
    try ProcessorState.plan(
      opened.file, activations: opened.settings.activations,
      threads: opened.settings.threadCount, contextLength: context,
      cacheType: opened.settings.resolvedCacheType)
  }

  /// Loads the weights on the engine's thread, which then answers; `ended` hears when it does not any more.
  package func start(ended: @escaping @Sendable ((any Error)?) -> Void) {
    engine.start(
      { [opened, context, parallel, settings, template] in
        let opened = opened.value
        let plan = try Self.plan(opened, context: context)
        let budget = opened.program.adding("weights", plan.weights)
          .adding(plan, states: parallel)
        do throws(MemoryShortage) {
          try budget.adding("kept prompts", settings.cacheBytes ?? 0)
            .check(limit: settings.model.memoryLimit)
        } catch {
          throw ServerSettingsError.memory(
            sequences: parallel, context: context, keepsPrompts: settings.cacheBytes ?? 0 > 0,
            error)
        }
        // Nobody said: of what is left, for prompts will come that need it more.
        let left = (settings.model.memoryLimit ?? SystemMemory.availableBytes) - budget.bytes
        let cacheBytes = settings.cacheBytes ?? max(0, min(left / 4, 2 << 30))
        let loaded = try opened.load(contextLength: context, states: parallel)
        return try EngineWorker(
          loaded, count: parallel, batchSize: settings.batchSize,
          shiftsContext: settings.shiftsContext, cacheBytes: cacheBytes, template: template)
      }, ended: ended)
  }

  /// An id for an answer, never given twice.
  func newID(_ prefix: String) -> String {
    let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
    var generator = SystemRandomNumberGenerator()
    let bits = String(generator.next() as UInt64, radix: 36)
    return "\(prefix)-\(bits)\(String(number, radix: 36))"
  }

  /// What answers tell of the build; llama-server's begins with a b too.
  var fingerprint: String { "b1-emend-\(settings.version)" }

  // MARK: What is told of it

  /// `GET /v1/models`.
  func models() -> JSONValue {
    let names = [name] + registry.presets.map { "\(name)+\($0.name)" }
    return [
      "object": "list", "data": .array(names.map(model)),
      "models": .array(
        names.map {
          [
            "name": .string($0), "model": .string($0), "capabilities": ["completion"],
            "type": "model", "description": "", "tags": .array(settings.tags.map(JSONValue.string)),
            "details": ["parent_model": "", "format": "gguf", "family": "llama"],
          ]
        }),
    ]
  }

  /// One entry, of the model or of a preset; nil where there is none of that name.
  func model(named id: String) -> JSONValue? {
    let presets = registry.presets.map { "\(name)+\($0.name)" }
    return aliases.contains(id) ? model(name) : presets.contains(id) ? model(id) : nil
  }

  private func model(_ id: String) -> JSONValue {
    [
      "id": .string(id), "object": "model", "created": .integer(created), "owned_by": "emend",
      "aliases": .array(aliases.map(JSONValue.string)),
      "tags": .array(Set(settings.tags).sorted().map(JSONValue.string)),
      "meta": [
        "n_vocab": .integer(configuration.vocabularySize), "n_ctx": .integer(context),
        "n_ctx_train": .integer(configuration.contextLength),
        "n_embd": .integer(configuration.hiddenSize), "n_params": .integer(parameters),
        "size": .integer(fileBytes),
      ], "parent": id == name ? .null : .string(name),
    ]
  }

  /// `GET /props`.
  func props() -> JSONValue {
    var options = AnswerOptions()
    options.maximumTokens = settings.predict
    options.sampler.sampling = settings.sampling
    let file = settings.model.path.split(separator: "/").last.map(String.init) ?? ""
    return [
      "default_generation_settings": [
        "id": 0, "n_ctx": .integer(context), "is_processing": false,
        "params": GenerationSettings.json(options, seed: settings.seed ?? UInt64(UInt32.max)),
      ], "total_slots": .integer(parallel), "model_alias": .string(name),
      "model_path": .string(file), "modalities": ["vision": false, "audio": false],
      "chat_template": .string(template.source), "bos_token": piece(tokenizer.bosToken),
      "eos_token": piece(tokenizer.eosToken),
      "build_info": .string(fingerprint), "is_sleeping": false,
      "emend": [
        "version": .string(settings.version), "model_digest": .string(modelDigest),
        "layers": .integer(configuration.layerCount), "width": .integer(configuration.hiddenSize),
        "edits": .integer(registry.entries.count),
      ],
    ]
  }

  /// `GET /tokenizer_info`.
  func tokenizerInfo() -> JSONValue {
    [
      "bos_token": piece(tokenizer.bosToken), "eos_token": piece(tokenizer.eosToken),
      "pad_token": piece(tokenizer.vocabulary.paddingToken),
      "chat_template": JSONValue(tokenizer.vocabulary.chatTemplate),
    ]
  }

  private func piece(_ id: Int?) -> JSONValue { JSONValue(id.map(tokenizer.piece)) }

  /// `GET /v1/edits`.
  func edits() -> JSONValue {
    let files = registry.entries.map(\.json)
    let presets = registry.presets.map { preset -> JSONValue in
      [
        "name": .string(preset.name), "kind": "preset", "model": .string("\(name)+\(preset.name)"),
        "edit": .array(preset.items.map(\.json)), "compatible": true, "reason": .null,
      ]
    }
    return ["object": "list", "data": .array(files + presets)]
  }

  /// `GET /slots`.
  func slots() -> [JSONValue] {
    engine.slots.enumerated().map { index, slot in
      [
        "id": .integer(index), "n_ctx": .integer(context), "is_processing": .bool(slot.isBusy),
        "edit": JSONValue(slot.digest), "prompt_tokens": .integer(slot.promptTokens),
        "n_decoded": .integer(slot.decoded),
      ]
    }
  }
}

/// Something that is given to the one thread that uses it from then on.
final class Handover<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
