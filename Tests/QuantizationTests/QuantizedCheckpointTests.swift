import BlockFormats
import Foundation
import LanguageModels
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Folders whose weights are quantized, of tools/fixtures/make_quantized_fixtures.py: each was made by the tool that people
/// use for it, and has the logits of what that tool dequantizes its weights to.
struct QuantizedCheckpointTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  static let tokenizer = ConversionFixture.path("byte-bpe") + "/tokenizer.json"

  static func path(_ name: String) -> String {
    OutsideFiles.fixture("quantized/" + name).path
  }

  static let folders = [
    "gptq", "gptq-order", "gptq-mixed", "awq", "mlx-4bit", "mlx-8bit", "mlx-mixed", "bnb-nf4",
    "bnb-nf4-double", "bnb-fp4", "bnb-int8", "ct-packed", "ct-packed-zero", "ct-int8",
    "ct-int8-zero", "ct-fp8", "ct-fp8-channel", "ct-fp8-block", "fp8-block", "fp8-tensor",
    "fp8-row",
  ]

  /// Within a thousandth of the logits' deviation: a scale in the wrong place, a zero point off by one or rows in another
  /// order are a hundred times that.
  @Test(arguments: folders)
  func logitsAreThoseOfTheToolsOwnWeights(folder: String) throws {
    let file = try ConversionFixture.convert(
      Self.path(folder), ConversionRecipe(type: .f32), in: scratch, tokenizer: Self.tokenizer)
    let witness = try WitnessLogits(folder, in: "quantized")
    let mean = witness.values.reduce(0, +) / Float(witness.values.count)
    let variance = witness.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = (variance / Float(witness.values.count)).squareRoot()
    #expect(try witness.largestDifference(to: file) < 1e-3 * deviation)
  }

  /// The same bytes on any number of threads.
  @Test(arguments: ["gptq-order", "bnb-nf4-double"])
  func threadsDoNotMatter(folder: String) throws {
    let files = try [1, 3].map {
      try ConversionFixture.convert(
        Self.path(folder), ConversionRecipe(type: .q8_0, allowsRequantizing: true), in: scratch,
        tokenizer: Self.tokenizer, threads: $0)
    }
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: files[0].path))
        == Data(contentsOf: URL(fileURLWithPath: files[1].path)))
  }

  // MARK: Rounding twice

  @Test func roundingTwiceIsRefusedUnlessAllowed() throws {
    #expect(
      throws: ConversionError.lossyToLossy(
        path: Self.path("awq"), tensor: "blk.0.attn_q.weight", from: "awq 4-bit", to: .q4_0)
    ) {
      try ConversionFixture.convert(
        Self.path("awq"), ConversionRecipe(type: .q4_0), in: scratch, tokenizer: Self.tokenizer)
    }
  }

  private func loss(_ folder: String, _ type: BlockFormat) throws -> RequantizationLoss? {
    let conversion = try Conversion(
      Checkpoint.open(Self.path(folder), tokenizer: Self.tokenizer),
      recipe: ConversionRecipe(
        type: type, outputType: .f16, embeddingType: .f16, allowsRequantizing: true))
    let pool = ThreadPool(threads: 2)
    return try conversion.write(to: scratch.path(UUID().uuidString), pool: pool) { _ in true }
      .requantization
  }

  /// Symmetric codes of four bits in groups of 32 are Q4_0 with other words: nothing is lost. Others lose what the
  /// grids have apart.
  @Test func whatIsLostIsSaid() throws {
    let same = try #require(try loss("gptq", .q4_0))
    #expect(same.tensors == 7 && same.relativeError < 1e-4)
    let other = try #require(try loss("bnb-nf4", .q4_0))
    #expect(other.tensors == 7 && (0.03...0.15).contains(other.relativeError))
    let eight = try #require(try loss("bnb-nf4", .q8_0))
    #expect((1e-4...0.01).contains(eight.relativeError))
    #expect(try loss("bnb-nf4", .f16) == nil)
  }

  // MARK: Lies

  /// A copy of a fixture's folder, to be damaged.
  private func copy(_ name: String) throws -> String {
    let copy = scratch.path(UUID().uuidString)
    try FileManager.default.copyItem(atPath: Self.path(name), toPath: copy)
    return copy
  }

  private func failure(_ folder: String) -> ConversionError? {
    do {
      _ = try ConversionFixture.convert(
        folder, ConversionRecipe(type: .f16), in: scratch, tokenizer: Self.tokenizer)
      return nil
    } catch let error as ConversionError {
      #expect(!"\(error)".contains("\n") && "\(error)".contains(folder))
      return error
    } catch {
      Issue.record("\(error)")
      return nil
    }
  }

  private func failure(
    _ name: String, _ change: (inout SafetensorsEdit) -> Void
  ) throws -> ConversionError? {
    let folder = try copy(name)
    var weights = try SafetensorsEdit(folder: folder)
    change(&weights)
    try weights.write(folder: folder)
    return failure(folder)
  }

  private static let q = "model.layers.0.self_attn.q_proj."

  @Test(arguments: [64, -1, Int32.max, 2, Int32.min])
  func groupsOutOfRange(group: Int32) throws {
    let error = try failure("gptq-order") {
      $0.change(Self.q + "g_idx") {
        $0.data.replaceSubrange(
          20..<24, with: withUnsafeBytes(of: group.littleEndian) { Array($0) })
      }
    }
    guard case .groupOutOfRange(_, Self.q + "g_idx", 5, Int(group), 2) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [
    ("gptq", "scales"), ("gptq", "qzeros"), ("awq", "scales"), ("awq", "qzeros"),
    ("mlx-4bit", "scales"), ("mlx-4bit", "biases"), ("bnb-nf4", "weight.absmax"),
    ("bnb-nf4", "weight.quant_map"), ("bnb-nf4", "weight.quant_state.bitsandbytes__nf4"),
    ("bnb-nf4-double", "weight.nested_absmax"), ("bnb-nf4-double", "weight.nested_quant_map"),
    ("bnb-int8", "SCB"), ("ct-packed", "weight_scale"), ("ct-int8", "weight_scale"),
    ("ct-fp8", "weight_scale"), ("fp8-row", "weight_scale"),
  ])
  func absentScales(folder: String, ending: String) throws {
    let error = try failure(folder) { $0.tensors.removeAll { $0.name == Self.q + ending } }
    guard case .missingScales(_, _, Self.q + ending) = error else {
      Issue.record("\(folder) \(ending): \(String(describing: error))")
      return
    }
  }

  /// Tensors of other shapes than go together. `weight_zero_point` and `g_idx` may be absent, but not wrong.
  @Test(arguments: [
    ("gptq", "qweight"), ("gptq", "scales"), ("gptq", "qzeros"), ("gptq", "g_idx"),
    ("awq", "qweight"), ("awq", "scales"), ("awq", "qzeros"), ("mlx-4bit", "weight"),
    ("mlx-4bit", "scales"), ("mlx-4bit", "biases"), ("bnb-nf4", "weight"),
    ("bnb-nf4", "weight.absmax"), ("bnb-nf4", "weight.quant_map"),
    ("bnb-nf4-double", "weight.nested_quant_map"), ("bnb-int8", "SCB"), ("bnb-int8", "weight"),
    ("ct-packed", "weight_packed"),
    ("ct-packed", "weight_scale"), ("ct-packed-zero", "weight_zero_point"),
    ("ct-packed", "weight_shape"), ("ct-int8-zero", "weight_zero_point"),
    ("ct-int8", "weight_scale"), ("ct-fp8-channel", "weight_scale"), ("fp8-row", "weight_scale"),
    ("fp8-row", "weight"),
  ])
  func wrongShapes(folder: String, ending: String) throws {
    let error = try failure(folder) {
      $0.change(Self.q + ending) {
        // Half of what is there: a file that is whole in itself.
        let axis = $0.shape.firstIndex { $0 % 2 == 0 }!
        $0.shape[axis] /= 2
        $0.data.removeLast($0.data.count / 2)
      }
    }
    let text = try #require(error.map { "\($0)" }, "\(folder) \(ending)")
    #expect(text.contains(Self.q), "\(text)")
  }

  /// Codes of five bits, which GPTQ's layout has not.
  @Test func bitsThatDoNotDivide() throws {
    let error = try failure("gptq") {
      $0.change(Self.q + "qweight") {
        $0.shape = [10, 64]
        $0.data = [UInt8](repeating: 7, count: 10 * 64 * 4)
      }
    }
    guard case .unusableValue(_, let field, "[10, 64]", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(field.contains(Self.q + "qweight"))
  }

  /// The state that bitsandbytes keeps as text.
  @Test(arguments: [
    (#""blocksize": 64"#, #""blocksize": 0"#), (#""blocksize": 64"#, #""blocksize": -1"#),
    (#""blocksize": 64"#, #""blocksize": 32"#), (#"[64, 64]"#, #"[64, 65]"#),
    (#"[64, 64]"#, #"[32, 128]"#), ("{", "["), (#""blocksize": 64"#, #""blocksize": 1e99"#),
    (#""nested_blocksize": 256"#, #""nested_blocksize": 0"#),
    (#""nested_offset""#, #""other""#),
  ])
  func liesInTheState(text: String, lie: String) throws {
    let name = Self.q + "weight.quant_state.bitsandbytes__nf4"
    let error = try failure("bnb-nf4-double") {
      $0.change(name) {
        let changed = String(decoding: $0.data, as: UTF8.self)
          .replacingOccurrences(of: text, with: lie)
        #expect(changed != String(decoding: $0.data, as: UTF8.self), "\(text)")
        $0.data = Array(changed.utf8)
        $0.shape = [$0.data.count]
      }
    }
    #expect(error != nil)
  }

  /// A layout of a GPU's kernels, a bias that is not zero, a scale that is no number.
  @Test func otherLies() throws {
    let layout = try failure("bnb-int8") { $0.change(Self.q + "weight_format") { $0.data = [2] } }
    guard case .unsupportedQuantization = layout else {
      Issue.record("\(String(describing: layout))")
      return
    }
    let bias = try failure("gptq") { $0.change(Self.q + "bias") { $0.data[1] = 0x3C } }
    guard case .unsupportedFeature(_, Self.q + "bias", _) = bias else {
      Issue.record("\(String(describing: bias))")
      return
    }
    let folder = try copy("ct-fp8-channel")
    var weights = try SafetensorsEdit(folder: folder)
    weights.change(Self.q + "weight_scale") {
      $0.data.replaceSubrange(0..<4, with: [0, 0, 0x80, 0x7F])
    }
    try weights.write(folder: folder)
    #expect(throws: ConversionError.self) {
      try ConversionFixture.convert(
        folder, ConversionRecipe(type: .f16), in: scratch, tokenizer: Self.tokenizer)
    }
  }

  // MARK: What is not read

  private func setConfiguration(
    _ folder: String, _ change: (inout [String: Any]) -> Void
  ) throws {
    let url = URL(fileURLWithPath: folder + "/config.json")
    var json =
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    change(&json)
    try JSONSerialization.data(withJSONObject: json).write(to: url)
  }

  /// Named as what it is.
  @Test(
    arguments: [
      ("gptq", "quant_method", "aqlm"), ("gptq", "checkpoint_format", "marlin"),
      ("gptq", "pack_dtype", "int16"), ("awq", "version", "gemv"),
      ("ct-packed", "format", "nvfp4-pack-quantized"), ("mlx-4bit", "mode", "nvfp4"),
    ])
  func unreadLayoutsAreNamed(name: String, key: String, value: String) throws {
    let folder = try copy(name)
    try setConfiguration(folder) {
      for place in ["quantization_config", "quantization"] {
        guard var settings = $0[place] as? [String: Any] else { continue }
        settings[key] = value
        $0[place] = settings
      }
    }
    guard case .unsupportedQuantization(_, let field, value) = failure(folder) else {
      Issue.record("\(String(describing: failure(folder)))")
      return
    }
    #expect(field.hasSuffix("." + key))
  }

  /// Bits and groups that config.json states, and the weights contradict: for all, for a layer, in the words of each
  /// tool. Nothing that is stored shows which of the two is the lie.
  @Test(
    arguments: [
      ("mlx-4bit", ["bits"], 8), ("mlx-8bit", ["bits"], 4), ("mlx-4bit", ["group_size"], 32),
      ("mlx-mixed", ["model.layers.0.mlp.down_proj", "bits"], 3), ("gptq", ["bits"], 8),
      ("gptq-mixed", ["dynamic", #"+:.*\.q_proj$"#, "bits"], 4),
      ("gptq-order", ["bits"], 3), ("awq", ["bits"], 8),
      ("ct-packed", ["config_groups", "group_0", "weights", "num_bits"], 8),
    ] as [(String, [String], Int)])
  func statedBitsAreThoseOfTheWeights(name: String, keys: [String], value: Int) throws {
    let folder = try copy(name)
    func set(_ object: inout [String: Any], _ keys: ArraySlice<String>) {
      guard let key = keys.first else { return }
      guard keys.count > 1 else {
        object[key] = value
        return
      }
      var inner = object[key] as? [String: Any] ?? [:]
      set(&inner, keys.dropFirst())
      object[key] = inner
    }
    try setConfiguration(folder) {
      for place in ["quantization_config", "quantization"] {
        guard var settings = $0[place] as? [String: Any] else { continue }
        set(&settings, keys[...])
        $0[place] = settings
      }
    }
    let error = try #require(failure(folder))
    switch error {
    case .unusableValue, .unsupportedQuantization: break
    default: Issue.record("\(error)")
    }
  }

  /// Without its configuration a folder lacks that, and no tensor.
  @Test(arguments: folders)
  func aFolderThatDoesNotSayHow(name: String) throws {
    let folder = try copy(name)
    try setConfiguration(folder) {
      $0["quantization_config"] = nil
      $0["quantization"] = nil
    }
    #expect(
      failure(folder)
        == .missingValue(path: folder + "/config.json", field: "quantization_config"))
  }

  /// AutoGPTQ's older folders have it in a file of its own.
  @Test func quantizeConfigOfAutoGPTQ() throws {
    let folder = try copy("gptq")
    try setConfiguration(folder) { $0["quantization_config"] = nil }
    try Data(#"{"bits": 4, "group_size": 32, "desc_act": false, "sym": true}"#.utf8).write(
      to: URL(fileURLWithPath: folder + "/quantize_config.json"))
    let file = try ConversionFixture.convert(
      folder, ConversionRecipe(type: .f32), in: scratch, tokenizer: Self.tokenizer)
    #expect(try WitnessLogits("gptq", in: "quantized").largestDifference(to: file) < 2e-3)
  }
}
