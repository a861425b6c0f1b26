import ModelFiles

/// How the weights of a Hugging Face folder were quantized, as far as their tensors do not say it.
enum QuantizationScheme: Sendable, Equatable {
  /// GPTQ. In version 1 of the layout a zero point is stored less one.
  case gptq(zerosAreLessOne: Bool, groupSize: Int?, bits: Set<Int>)
  /// AWQ in the layout of its matrix kernels, "gemm".
  case awq
  /// mlx's affine groups.
  case mlx(MLXSettings)
  case bitsAndBytes
  /// `block` is (rows, columns) that share a scale, where scales are of blocks.
  case compressedTensors(block: [Int]?, bits: Set<Int>)
  /// FP8 as DeepSeek, transformers and FBGEMM write it.
  case fp8(block: [Int]?)
}

/// What `quantization_config` of config.json says (mlx calls it `quantization`, AutoGPTQ has it in quantize_config.json).
///
/// Sources: `QuantizationConfigMixin` of transformers, `QuantizationConfig` of compressed-tensors, mlx-lm's config.json.
struct QuantizationSettings: Decodable {
  let quantMethod: String?
  let groupSize: Int?
  let checkpointFormat: String?
  let version: String?
  let mode: String?
  let format: String?
  let weightBlockSize: [Int]?
  let bits: Int?
  /// GPTQModel's settings of single layers.
  let dynamicBits: [Int]
  let loadsBitsAndBytes: Bool
  let hasTransform: Bool
  let packType: String?
  let configGroups: [String: Group]?

  /// One group of compressed-tensors' layers.
  struct Group: Decodable {
    struct Weights: Decodable {
      let blockStructure: [Int]?
      let numBits: Int?

      enum CodingKeys: CodingKey { case blockStructure, numBits }

      init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        // Older files have a text there.
        blockStructure = try? values.decode([Int].self, forKey: .blockStructure)
        numBits = try? values.decode(Int.self, forKey: .numBits)
      }
    }
    let weights: Weights?
    let format: String?
  }

  enum CodingKeys: CodingKey {
    case quantMethod, groupSize, checkpointFormat, version, mode, format, weightBlockSize, bits
    case loadIn4bit, loadIn8bit, transformConfig, configGroups, packDtype, dynamic
  }

  init(from decoder: any Decoder) throws {
    // What is of another type than here is none of what is looked at.
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys) -> Value? {
      try? values.decode(Value.self, forKey: key)
    }
    quantMethod = value(.quantMethod)
    groupSize = value(.groupSize)
    checkpointFormat = value(.checkpointFormat)
    version = value(.version)
    mode = value(.mode)
    format = value(.format)
    weightBlockSize = value(.weightBlockSize)
    bits = value(.bits)
    let dynamic: [String: Layer]? = value(.dynamic)
    dynamicBits = (dynamic ?? [:]).values.compactMap(\.bits)
    packType = value(.packDtype)
    let flags: [Bool?] = [value(.loadIn4bit), value(.loadIn8bit)]
    loadsBitsAndBytes = flags.contains(true)
    let transform: [String: Ignored]? = value(.transformConfig)
    hasTransform = transform?["configGroups"] != nil || transform?["config_groups"] != nil
    configGroups = value(.configGroups)
  }

  private struct Layer: Decodable {
    let bits: Int?
    enum CodingKeys: CodingKey { case bits }

    init(from decoder: any Decoder) throws {
      bits = try? decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .bits)
    }
  }

  private struct Ignored: Decodable {
    init(from decoder: any Decoder) throws {}
  }
}

extension QuantizationSettings {
  /// The scheme. Throws `unsupportedQuantization` with the name of one that is not read; `path` is the file
  /// that says so, `field` where it does, `otherwise` the method where none is named.
  func scheme(
    path: String, field: String, otherwise: String? = nil
  ) throws(ConversionError) -> QuantizationScheme {
    func refuse(_ key: String, _ found: String) -> ConversionError {
      .unsupportedQuantization(path: path, field: "\(field).\(key)", found: found)
    }
    switch (quantMethod ?? otherwise)?.lowercased() {
    case "gptq":
      let layout = (checkpointFormat ?? format ?? "gptq").lowercased()
      guard ["gptq", "gptq_v2"].contains(layout) else { throw refuse("checkpoint_format", layout) }
      if let packType, packType != "int32" { throw refuse("pack_dtype", packType) }
      return .gptq(
        zerosAreLessOne: layout == "gptq", groupSize: groupSize,
        bits: Set([bits].compactMap { $0 } + dynamicBits))
    case "awq":
      let layout = (version ?? checkpointFormat ?? format ?? "gemm").lowercased()
      guard layout == "gemm" else { throw refuse("version", layout) }
      if let bits, bits != 4 { throw refuse("bits", "\(bits)") }
      return .awq
    case "bitsandbytes": return .bitsAndBytes
    case nil where loadsBitsAndBytes: return .bitsAndBytes
    case "compressed-tensors":
      let known = [
        "pack-quantized", "int-quantized", "float-quantized", "naive-quantized", "dense",
      ]
      let groups = (configGroups ?? [:]).values
      let formats = groups.compactMap(\.format) + (format.map { [$0] } ?? [])
      for format in formats where !known.contains(format) && format != "mixed-precision" {
        throw refuse("format", format)
      }
      if hasTransform { throw refuse("transform_config", "set") }
      return .compressedTensors(
        block: groups.compactMap { $0.weights?.blockStructure }.first,
        bits: Set(groups.compactMap { $0.weights?.numBits }))
    case "fp8", "fbgemm_fp8": return .fp8(block: weightBlockSize)
    case nil where bits != nil && groupSize != nil:
      let mode = mode ?? "affine"
      guard mode == "affine" else { throw refuse("mode", mode) }
      return .mlx(try MLXSettings(path: path, field: field))
    case let other: throw refuse("quant_method", other ?? "missing")
    }
  }
}
