import BlockFormats
import Foundation
import LanguageModels
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Adapters that are merged on the way, and attention with biases, of tools/fixtures/make_quantized_fixtures.py.
struct AdapterMergeTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func copy(_ name: String) throws -> String {
    let copy = scratch.path(UUID().uuidString)
    try FileManager.default.copyItem(
      atPath: QuantizedCheckpointTests.path(name), toPath: copy)
    return copy
  }

  /// What PEFT's merge_and_unload makes of base and adapter: one of its ranks is another, and it scales by the root
  /// of the rank.
  @Test func adaptersAreMerged() throws {
    let out = scratch.path("merged.gguf")
    let conversion = try Conversion(
      Checkpoint.open(
        QuantizedCheckpointTests.path("base"), tokenizer: QuantizedCheckpointTests.tokenizer,
        lora: QuantizedCheckpointTests.path("lora")),
      recipe: ConversionRecipe(type: .f32))
    _ = try conversion.write(to: out, pool: ThreadPool(threads: 2)) { _ in true }
    #expect(
      try WitnessLogits("lora", in: "quantized").largestDifference(to: GGUFFile(path: out)) < 2e-3)
    #expect(conversion.plan.first { $0.name == "blk.0.attn_q.weight" }?.from == "f16 + lora")
  }

  /// The same of the base as a GGUF file, whose heads are in another order; also of blocks, which are rounded once more.
  @Test(arguments: [(BlockFormat.f32, Float(2e-3)), (.q8_0, 0.2)])
  func adaptersAreMergedIntoGGUF(type: BlockFormat, tolerance: Float) throws {
    let file = try ConversionFixture.convert(
      QuantizedCheckpointTests.path("base"), ConversionRecipe(type: type), in: scratch,
      tokenizer: QuantizedCheckpointTests.tokenizer)
    let base = try Checkpoint.open(file.path)
    let source = try Checkpoint.open(file.path, lora: QuantizedCheckpointTests.path("lora"))
    #expect(source.files.count == base.files.count + 1)
    #expect(source.heldBytes > 0)
    let out = scratch.path("merged.gguf")
    let conversion = try Conversion(
      source, recipe: ConversionRecipe(type: .f32, allowsRequantizing: true))
    _ = try conversion.write(to: out, pool: ThreadPool(threads: 2)) { _ in true }
    let merged = try GGUFFile(path: out)
    let witness = try WitnessLogits("lora", in: "quantized")
    #expect(try witness.largestDifference(to: merged) < tolerance)
    #expect(try witness.largestDifference(to: file) > 2 * tolerance)
    #expect(
      conversion.plan.first { $0.name == "blk.0.attn_q.weight" }?.from == "\(type.name) + lora")
  }

  private func adapterFailure(
    _ change: (inout [String: Any]) -> Void, _ edit: (inout SafetensorsEdit) -> Void = { _ in }
  ) throws -> ConversionError? {
    let folder = try copy("lora")
    let url = URL(fileURLWithPath: folder + "/adapter_config.json")
    var json =
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    change(&json)
    try JSONSerialization.data(withJSONObject: json).write(to: url)
    let name = (folder + "/adapter_model.safetensors", folder + "/model.safetensors")
    try FileManager.default.moveItem(atPath: name.0, toPath: name.1)
    var tensors = try SafetensorsEdit(folder: folder)
    edit(&tensors)
    try tensors.write(folder: folder)
    try FileManager.default.moveItem(atPath: name.1, toPath: name.0)
    do {
      _ = try Checkpoint.open(
        QuantizedCheckpointTests.path("base"), tokenizer: QuantizedCheckpointTests.tokenizer,
        lora: folder)
      return nil
    } catch { return error }
  }

  @Test func adaptersThatAreMore() throws {
    #expect(try adapterFailure { _ in } == nil)
    let changes: [(String, Any)] = [
      ("use_dora", true), ("peft_type", "LOHA"), ("bias", "all"), ("fan_in_fan_out", true),
      ("alpha_pattern", ["q_proj": 3]), ("modules_to_save", ["lm_head"]),
    ]
    for (field, value) in changes {
      guard case .unsupportedAdapter(_, field, _) = try adapterFailure({ $0[field] = value }) else {
        Issue.record("\(field)")
        continue
      }
    }
    let half = try adapterFailure(
      { _ in },
      { $0.tensors.removeAll { $0.name.hasSuffix("q_proj.lora_B.weight") } })
    guard case .file(.missingTensor) = half else {
      Issue.record("\(String(describing: half))")
      return
    }
    let other = try adapterFailure(
      { _ in },
      { edit in
        for index in edit.tensors.indices {
          edit.tensors[index].name = edit.tensors[index].name.replacing(
            "layers.0", with: "layers.7")
        }
      })
    guard case .unsupportedAdapter = other else {
      Issue.record("\(String(describing: other))")
      return
    }
    #expect(throws: ConversionError.self) {
      try Checkpoint.open(
        QuantizedCheckpointTests.path("lora"), tokenizer: QuantizedCheckpointTests.tokenizer)
    }
    #expect(throws: ConversionError.self) {
      try Checkpoint.open(
        ConversionFixture.path("meta-1"), lora: QuantizedCheckpointTests.path("lora"))
    }
  }

  /// The folder that a training writes, a file in it, and nothing: each is told which folder is meant.
  @Test func foldersThatAreNoAdapter() throws {
    let run = scratch.path("run")
    try FileManager.default.createDirectory(
      atPath: run, withIntermediateDirectories: true)
    let file = run + "/adapters.safetensors"
    try Data().write(to: URL(fileURLWithPath: file))
    for path in [run, file, run + "/peft"] {
      let error = #expect(throws: ConversionError.self) {
        try Checkpoint.open(
          QuantizedCheckpointTests.path("base"), tokenizer: QuantizedCheckpointTests.tokenizer,
          lora: path)
      }
      guard case .noAdapter(path) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(error?.description.contains("RUN/peft") == true)
    }
  }

  /// LLaMA's `attention_bias`, with all cache types' worth of context read at once and token by token.
  @Test(arguments: [1, 12])
  func attentionBiases(chunk: Int) throws {
    let file = try ConversionFixture.convert(
      QuantizedCheckpointTests.path("biased"), ConversionRecipe(type: .f32), in: scratch,
      tokenizer: QuantizedCheckpointTests.tokenizer)
    let witness = try WitnessLogits("biased", in: "quantized")
    let state = try ProcessorState(
      Processor(file, activations: .f32, pool: ThreadPool(threads: 2)),
      contextLength: witness.tokens.count, cacheType: .f32)
    var worst: Float = 0
    for start in stride(from: 0, to: witness.tokens.count, by: chunk) {
      try state.forwardAll(Array(witness.tokens[start..<start + chunk])) { index, logits in
        for id in 0..<witness.vocabularySize {
          let wanted = witness.values[(start + index) * witness.vocabularySize + id]
          worst = max(worst, abs(logits[id] - wanted))
        }
      }
    }
    #expect(worst < 2e-3)
    let text = try CalibrationText(
      String(repeating: "the licence ", count: 40), name: "text",
      tokenizer: Tokenizer(file.metadata),
      length: 16, count: 2)
    let source = try Checkpoint.open(file.path)
    #expect(throws: ConversionError.self) {
      try Conversion(
        source, recipe: ConversionRecipe(type: .q8_0), calibration: Calibration(text: text))
    }
  }
}
