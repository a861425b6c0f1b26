import Foundation
import LanguageModels
import LatentEditing
import ModelFiles

/// The fields of PEFT's `adapter_config.json` that say what its tensors mean; of others only those are
/// known that would change that.
private struct PEFTConfiguration: Codable {
  var peftType: String?
  var taskType: String?
  var r: Int?
  var loraAlpha: Float?
  var targetModules: TargetModules?
  var layersToTransform: Layers?
  var bias: String?
  var useRslora: Bool?
  var useDora: Bool?
  var fanInFanOut: Bool?
  var rankPattern: [String: Int]?
  var alphaPattern: [String: Float]?
  var modulesToSave: [String]?
  var loraDropout: Float?
  var inferenceMode: Bool?
  var loraBias: Bool?
  var useQalora: Bool?
  var useBdlora: Extra?
  var excludeModules: Extra?
  var targetParameters: Extra?
  var trainableTokenIndices: Extra?
  var aloraInvocationTokens: Extra?
  var layerReplication: Extra?
  var arrowConfig: Extra?
  var kasaConfig: Extra?
  var initLoraWeights: Initialization?

  /// What asks for something beside A and B: whether it is there, and not null, false or empty.
  struct Extra: Codable {
    let isPresent: Bool

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let flag = try? value.decode(Bool.self) {
        isPresent = flag
      } else if let list = try? decoder.unkeyedContainer() {
        isPresent = list.count != 0
      } else if let object = try? decoder.container(keyedBy: AnyKey.self) {
        isPresent = !object.allKeys.isEmpty
      } else {
        isPresent = !value.decodeNil()
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(isPresent)
    }

    private struct AnyKey: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
  }

  /// A name of how A and B began, or whether they did so in the usual way.
  struct Initialization: Codable {
    let name: String?

    init(from decoder: any Decoder) throws {
      name = try? decoder.singleValueContainer().decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(name)
    }

    /// Those that begin by taking B A, or what quantizing loses, from the model's own weights.
    var changesModel: Bool {
      ["pissa", "olora", "corda", "loftq", "lora_ga"].contains { name?.hasPrefix($0) == true }
    }
  }

  /// Names, or an expression for them.
  enum TargetModules: Codable {
    case names([String])
    case expression(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let names = try? container.decode([String].self) {
        self = .names(names)
      } else {
        self = .expression(try container.decode(String.self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .names(let names): try container.encode(names)
      case .expression(let text): try container.encode(text)
      }
    }
  }

  /// One number or several.
  struct Layers: Codable {
    var numbers: [Int]

    init(_ numbers: [Int]) { self.numbers = numbers }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      numbers = try (try? container.decode([Int].self)) ?? [container.decode(Int.self)]
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(numbers)
    }
  }
}

extension LowRankAdapters {
  /// The names of a PEFT folder's files.
  private static let configurationName = "adapter_config.json"
  private static let tensorsName = "adapter_model.safetensors"

  /// Writes a folder that PEFT opens:
  ///
  ///     PeftModel.from_pretrained(model, folder)
  ///
  /// with `adapter_config.json` and `adapter_model.safetensors`, which is the file that `write(to:)` makes.
  /// Throws `file`.
  public func writeFolder(
    _ folder: String, identity: ProcessorIdentity
  ) throws(LatentEditingError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch { throw .file(.noSuchFolder(path: folder)) }
    var description = PEFTConfiguration()
    description.peftType = "LORA"
    description.taskType = "CAUSAL_LM"
    description.r = configuration.rank
    description.loraAlpha = configuration.alpha
    description.targetModules = .names(
      AdapterConfiguration.Module.allCases.filter(configuration.modules.contains).map(\.rawValue))
    description.bias = "none"
    description.useRslora = false
    description.useDora = false
    description.fanInFanOut = false
    description.loraDropout = 0
    description.inferenceMode = true
    description.layersToTransform =
      configuration.depth < identity.layerCount
      ? PEFTConfiguration.Layers(Array(0..<configuration.depth)) : nil
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    guard let json = try? encoder.encode(description) else {
      preconditionFailure("numbers and texts can be written as JSON")
    }
    try write(to: folder + "/" + Self.tensorsName, identity: identity)
    do throws(ModelFileError) {
      try TextFile.write(
        String(decoding: json, as: UTF8.self) + "\n", to: folder + "/" + Self.configurationName)
    } catch { throw .file(error) }
  }

  /// Whether `path` is a folder, of PEFT's then, and no file.
  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// Reads a folder as PEFT writes them. What its configuration and its tensors say must be the same: PEFT
  /// itself leaves tensors out that the configuration does not name, and makes up those that are missing.
  ///
  /// Throws `peftField`, `unknownTensor`, `tensorShape`, `tensorNotFinite`, and what makes the files
  /// unreadable.
  convenience init(
    folder: String, processor: Processor
  ) throws(LatentEditingError) {
    let path = folder + "/" + Self.configurationName
    let description: PEFTConfiguration
    let file: SafetensorsFile
    do throws(ModelFileError) {
      description = try JSONFile.read(PEFTConfiguration.self, path: path)
      file = try SafetensorsFile(path: folder + "/" + Self.tensorsName)
    } catch { throw .file(error) }
    let configuration = try Self.configuration(
      description, path, layerCount: processor.configuration.layerCount, file)
    try self.init(file, configuration, processor)
  }

  private static func configuration(
    _ d: PEFTConfiguration, _ path: String, layerCount: Int, _ file: SafetensorsFile
  ) throws(LatentEditingError) -> AdapterConfiguration {
    func check(
      _ field: String, _ found: String?, _ needed: String, _ holds: Bool
    ) throws(LatentEditingError) {
      guard holds else {
        throw .peftField(
          path: path, field: field, found: found.map { String($0.prefix(200)) } ?? "missing",
          needed: needed)
      }
    }
    try check("peft_type", d.peftType, "LORA", d.peftType == "LORA")
    let rank = d.r ?? 0
    try check(
      "r", d.r.map { "\($0)" }, "1 to \(HeadKind.mostRank)", (1...HeadKind.mostRank).contains(rank))
    var alpha = d.loraAlpha ?? 0
    try check("lora_alpha", d.loraAlpha.map { "\($0)" }, "above 0", alpha > 0 && alpha.isFinite)
    try check("bias", d.bias, "none", d.bias ?? "none" == "none")
    try check("use_dora", "true", "false", d.useDora != true)
    try check("fan_in_fan_out", "true", "false", d.fanInFanOut != true)
    let ranks = d.rankPattern ?? [:]
    try check("rank_pattern", ranks.keys.min(), "empty: one rank for all", ranks.isEmpty)
    let alphas = d.alphaPattern ?? [:]
    try check("alpha_pattern", alphas.keys.min(), "empty: one alpha for all", alphas.isEmpty)
    let saved = d.modulesToSave ?? []
    try check("modules_to_save", saved.min(), "null or empty", saved.isEmpty)
    let extras = [
      ("lora_bias", d.loraBias == true), ("use_qalora", d.useQalora == true),
      ("use_bdlora", d.useBdlora?.isPresent == true),
      ("exclude_modules", d.excludeModules?.isPresent == true),
      ("target_parameters", d.targetParameters?.isPresent == true),
      ("trainable_token_indices", d.trainableTokenIndices?.isPresent == true),
      ("alora_invocation_tokens", d.aloraInvocationTokens?.isPresent == true),
      ("layer_replication", d.layerReplication?.isPresent == true),
      ("arrow_config", d.arrowConfig?.isPresent == true),
      ("kasa_config", d.kasaConfig?.isPresent == true),
    ]
    for (field, isPresent) in extras { try check(field, "set", "null, false or empty", !isPresent) }
    try check(
      "init_lora_weights", d.initLoraWeights?.name,
      "one that leaves the model's own weights as they are: save the adapters with "
        + "path_initial_model_for_weight_conversion", d.initLoraWeights?.changesModel != true)
    // Scales by alpha / sqrt(r).
    if d.useRslora == true { alpha *= Float(rank).squareRoot() }

    let all = AdapterConfiguration.Module.allCases
    guard case .names(let names)? = d.targetModules else {
      var found: String?
      if case .expression(let text)? = d.targetModules { found = text }
      throw .peftField(
        path: path, field: "target_modules", found: found ?? "missing",
        needed: "a list of names as \(all.map(\.rawValue).joined(separator: ", "))")
    }
    // "self_attn.q_proj" means all of that name too.
    let modules = names.compactMap { name in
      AdapterConfiguration.Module(rawValue: name.split(separator: ".").last.map(String.init) ?? "")
    }
    try check(
      "target_modules", names.joined(separator: ", "),
      "names as \(all.map(\.rawValue).joined(separator: ", "))",
      !modules.isEmpty && modules.count == names.count)
    let blocks = d.layersToTransform?.numbers.sorted() ?? Array(0..<layerCount)
    try check(
      "layers_to_transform", "\(blocks)", "the model's blocks from the first on",
      !blocks.isEmpty && blocks == Array(0..<blocks.count) && blocks.count <= layerCount)
    let chosen = Set(modules)
    // What PEFT would leave out without a word.
    for tensor in file.tensors.map(\.name).sorted() {
      if let module = all.first(where: { tensor.contains(".\($0.rawValue).") }) {
        try check(
          "target_modules", names.joined(separator: ", "),
          "\(module.rawValue) too, of which there are tensors", chosen.contains(module))
      }
    }
    return AdapterConfiguration(rank: rank, alpha: alpha, modules: chosen, depth: blocks.count)
  }
}
