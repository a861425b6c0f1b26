import LanguageModels

/// Low-rank adapters on what reads the instruction, alpha being twice their rank.
extension TrainingOptions {
  /// The linear layers that there are to adapt.
  enum AdaptedLayers {
    /// Of the processor, as the backbone or to be tuned.
    case processor
    case gpt2

    var names: [String] {
      switch self {
      case .processor: AdapterConfiguration.Module.allCases.map(\.rawValue)
      case .gpt2: GPT2AdapterConfiguration.Module.allCases.map(\.rawValue)
      }
    }

    func has(_ name: String) -> Bool {
      switch self {
      case .processor: AdapterConfiguration.Module(rawValue: name) != nil
      case .gpt2: !GPT2AdapterConfiguration.Module.named(name).isEmpty
      }
    }
  }

  /// Whether the editor that is made writes states of tokens in front of the prompt (P8).
  var makesPrefix: Bool { editor.interface?.isPrefix == true }

  /// Whether heads make them, of the states of a GPT-2.
  var makesPrefixHeads: Bool {
    guard makesPrefix, let backbone = editor.backbone else { return false }
    if case .processor = backbone { return false }
    return true
  }

  /// What is to be adapted; nil where an editor's file says it.
  var adaptedLayers: AdaptedLayers? {
    if editor.isTuning || (makesPrefix && !makesPrefixHeads) { return .processor }
    guard editor.file == nil else { return nil }
    if case .processor? = editor.backbone { return .processor }
    return .gpt2
  }

  /// What of the options makes no sense for adapters on such layers.
  func adapterProblems(_ layers: AdaptedLayers) -> [(name: String, found: String, needed: String)] {
    var problems: [(name: String, found: String, needed: String)] = []
    let unknown = (editor.loraModules ?? []).filter { !layers.has($0) }
    if !unknown.isEmpty {
      problems.append(
        (
          "lora_modules", unknown.joined(separator: ","),
          "of \(layers.names.joined(separator: ", ")), the linear layers of "
            + (layers == .gpt2
              ? "a GPT-2 (c_attn and c_fc for short, c_proj for two)" : "the model")
        ))
    }
    if editor.loraModules != nil, editor.loraRank == 0 {
      problems.append(("lora_rank", "0", "above 0 where `lora_modules` is given"))
    }
    guard layers == .gpt2 else { return problems }
    if editor.loraModules != nil, editor.loraRank == nil {
      problems.append(("lora_rank", "not given", "given with `lora_modules` for a GPT-2"))
    }
    if editor.loraRank ?? 0 > 0, editor.frozen.contains("backbone") {
      problems.append(
        (
          "frozen", editor.frozen.joined(separator: ", "),
          "without backbone where `lora_rank` is given: the adapters are what is trained of it"
        ))
    }
    return problems
  }

  /// Those of the processor's own linear layers. Throws `option`.
  func processorAdapters(depth: Int) throws(EditorTrainingError) -> AdapterConfiguration {
    try checkAdapters(.processor)
    let rank = editor.loraRank ?? 16
    let modules = editor.loraModules?.compactMap(AdapterConfiguration.Module.init)
    let usual = AdapterConfiguration.Module.allCases.filter {
      !makesPrefix || !AdapterConfiguration.Module.makesKeyValues($0.rawValue)
    }
    return AdapterConfiguration(
      rank: rank, alpha: Float(2 * rank), modules: Set(modules ?? usual), depth: depth)
  }

  /// Those of a GPT-2; nil where all of it is trained. Throws `option`.
  func gpt2Adapters() throws(EditorTrainingError) -> GPT2AdapterConfiguration? {
    try checkAdapters(.gpt2)
    guard let rank = editor.loraRank, rank > 0 else { return nil }
    let modules = editor.loraModules?.flatMap(GPT2AdapterConfiguration.Module.named)
    return GPT2AdapterConfiguration(
      rank: rank, alpha: Float(2 * rank),
      modules: Set(modules ?? GPT2AdapterConfiguration.Module.allCases))
  }

  /// Throws `option` where what is given is not what an editor's file has on the processor's own layers.
  func checkAdapters(
    depth: Int, ofFile adapters: AdapterConfiguration?
  ) throws(EditorTrainingError) {
    let given = try processorAdapters(depth: depth)
    if let rank = editor.loraRank, rank != adapters?.rank ?? 0 {
      throw .option(
        name: "lora_rank", found: "\(rank)",
        needed: "not given, or \(adapters?.rank ?? 0), which the editor's own adapters have")
    }
    if let modules = editor.loraModules, given.modules != adapters?.modules {
      throw .option(
        name: "lora_modules", found: modules.joined(separator: ","),
        needed: "not given, or those of the editor's own adapters")
    }
  }

  private func checkAdapters(_ layers: AdaptedLayers) throws(EditorTrainingError) {
    guard let problem = adapterProblems(layers).first else { return }
    throw .option(name: problem.name, found: problem.found, needed: problem.needed)
  }
}

extension AdapterConfiguration.Module {
  /// Whether the layer of that name makes keys or values.
  static func makesKeyValues(_ name: String) -> Bool {
    name == key.rawValue || name == value.rawValue
  }
}
