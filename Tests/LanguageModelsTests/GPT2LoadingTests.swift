import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Files that lie, or are of another kind: one clear error each.
@Suite struct GPT2LoadingTests {
  private let scratch = FileManager.default.temporaryDirectory.appending(
    path: "emend-gpt2-\(UUID().uuidString)")

  private struct Tensor {
    var shape: [Int]
    var values: [Float]
  }

  /// Writes the fixture "head" with changes; what reading it throws.
  private func failure(
    configuration: [String: Any] = [:], orientation: LinearOrientation = .detected,
    _ change: (inout [String: Tensor]) -> Void = { _ in }
  ) throws -> LanguageModelError? {
    let folder = scratch.path
    try FileManager.default.createDirectory(
      at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let source = try CheckpointTensors(huggingFaceFolder: GPT2Fixture.path("head"))
    var tensors: [String: Tensor] = [:]
    for tensor in source {
      tensors[tensor.name] = Tensor(shape: tensor.shape, values: try source.floats(of: tensor))
    }
    change(&tensors)
    let sorted = tensors.sorted { $0.key < $1.key }
    var writer = try SafetensorsWriter(
      path: folder + "/model.safetensors",
      tensors: sorted.map { .init(name: $0.key, type: .f32, shape: $0.value.shape) })
    for (_, tensor) in sorted { try writer.append(tensor.values.span) }
    try writer.commit()
    let json = try Data(contentsOf: URL(fileURLWithPath: GPT2Fixture.path("head/config.json")))
    var fields = try JSONSerialization.jsonObject(with: json) as! [String: Any]
    fields.merge(configuration) { $1 }
    try JSONSerialization.data(withJSONObject: fields).write(
      to: scratch.appending(path: "config.json"))
    do throws(LanguageModelError) {
      _ = try GPT2(
        huggingFaceFolder: folder, readsOutput: true, orientation: orientation, pool: Pools.one)
    } catch { return error }
    return nil
  }

  private var file: String { scratch.path }
  private let fused = "transformer.h.0.attn.c_attn.weight"
  private let square = "transformer.h.1.attn.c_proj.weight"

  @Test func unchangedIsRead() throws { #expect(try failure() == nil) }

  @Test func missingTensor() throws {
    #expect(
      try failure { $0[square] = nil } == .file(.missingTensor(path: file, tensor: square)))
  }

  @Test func shapesOfAnotherModel() throws {
    let error = try failure { $0["transformer.wpe.weight"]!.shape = [32, 40] }
    #expect(
      error
        == .wrongShape(
          path: file, tensor: "transformer.wpe.weight", found: [32, 40], wanted: [40, 32]))
  }

  /// One matrix is turned and the others are not: no orientation fits all.
  @Test func orientationsThatDiffer() throws {
    let expansion = "transformer.h.1.mlp.c_fc.weight"
    #expect(
      try failure { $0[expansion]!.shape = [128, 32] }
        == .wrongShape(path: file, tensor: expansion, found: [128, 32], wanted: [32, 128]))
    #expect(
      try failure { $0[fused]!.shape = [96, 32] }
        == .wrongShape(
          path: file, tensor: "transformer.h.0.mlp.c_fc.weight", found: [32, 128],
          wanted: [128, 32]))
  }

  @Test func orientationThatIsAskedFor() throws {
    #expect(try failure(orientation: .conv1D) == nil)
    #expect(
      try failure(orientation: .linear)
        == .wrongShape(path: file, tensor: fused, found: [32, 96], wanted: [96, 32]))
  }

  @Test func unknownTensor() throws {
    let name = "transformer.h.0.crossattention.c_attn.weight"
    #expect(
      try failure { $0[name] = Tensor(shape: [2], values: [1, 2]) }
        == .unknownTensor(path: file, tensor: name))
  }

  @Test func infinity() throws {
    #expect(
      try failure { $0[square]!.values[32 * 5 + 3] = .infinity }
        == .notFinite(path: file, tensor: square, row: 5))
    #expect(
      try failure { $0["transformer.ln_f.bias"]!.values[2] = .nan }
        == .notFinite(path: file, tensor: "transformer.ln_f.bias", row: 2))
  }

  @Test(arguments: [
    ("model_type", "llama"), ("activation_function", "relu"), ("activation_function", "gelu"),
  ])
  func otherModels(key: String, value: String) throws {
    guard case .unusableValue(_, key, value, _) = try failure(configuration: [key: value]) else {
      Issue.record("\(key) \(value)")
      return
    }
  }

  @Test(arguments: [
    ("scale_attn_weights", false), ("scale_attn_by_inverse_layer_idx", true),
    ("add_cross_attention", true),
  ])
  func variantsThatAreNotComputed(key: String, value: Bool) throws {
    guard case .unusableValue(_, key, "\(value)", _) = try failure(configuration: [key: value])
    else {
      Issue.record("\(key)")
      return
    }
  }

  @Test(arguments: ["n_embd", "n_layer", "n_head", "n_positions", "vocab_size", "n_inner"])
  func sizesThatLie(key: String) throws {
    for value in [0, -1, 7, 1 << 40, Int.max] {
      #expect(try failure(configuration: [key: value]) != nil, "\(value)")
    }
  }

  @Test func outputOfItsOwnThatIsMissing() throws {
    #expect(
      try failure(configuration: ["tie_word_embeddings": false]) { $0["lm_head.weight"] = nil }
        == .file(.missingTensor(path: file, tensor: "lm_head.weight")))
  }

  @Test func emptyFolder() throws {
    #expect(throws: LanguageModelError.self) {
      try GPT2(huggingFaceFolder: scratch.path, pool: Pools.one)
    }
  }

  @Test func otherArchitectures() throws {
    let llama = try LogitsFixture("f32").file
    #expect(
      throws: LanguageModelError.unusableValue(
        path: llama.path, key: "general.architecture", found: "llama", wanted: "gpt2")
    ) { try GPT2(llama, pool: Pools.one) }
    let gpt2 = try GGUFFile(path: GPT2Fixture.path("blocks.gguf"))
    #expect(
      throws: LanguageModelError.unsupportedArchitecture(path: gpt2.path, found: "gpt2")
    ) { try Processor(gpt2, pool: Pools.one) }
  }
}
