import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Planted truth: the rows are answers of an editor whose instructions have a part of their own at the sites of blocks 3 and
/// 7 alone, and penalties leave these two of ten.
@Suite struct PlantedSitesTests {
  private static let (width, blocks, vocabulary) = (32, 10, 64)
  private let file: GGUFFile
  private let processor: Processor
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let path = folder.url.appending(path: "deep.gguf").path
    try Data(Self.model()).write(to: URL(filePath: path))
    file = try GGUFFile(path: path)
    processor = try Processor(file, activations: .f32, pool: Pools.all[1])
  }

  /// A LLaMA of ten blocks with weights drawn at random.
  private static func model() -> [UInt8] {
    var random = SplitMix64(seed: 1)
    func tensor(_ name: String, _ columns: Int, _ rows: Int? = nil, _ deviation: Float? = nil)
      -> GGUFBuilder.Tensor
    {
      let count = columns * (rows ?? 1)
      let values = (0..<count).map { _ in
        rows == nil ? 1 : normal(&random) * (deviation ?? 1 / Float(columns).squareRoot())
      }
      return GGUFBuilder.Tensor(
        name, ([columns] + (rows.map { [$0] } ?? [])).map(UInt64.init),
        data: values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } })
    }
    let inner = 2 * width
    var tensors = [tensor("token_embd.weight", width, vocabulary, 1)]
    for block in 0..<blocks {
      func name(_ part: String) -> String { "blk.\(block).\(part).weight" }
      tensors += [
        tensor(name("attn_norm"), width), tensor(name("attn_q"), width, width),
        tensor(name("attn_k"), width, width), tensor(name("attn_v"), width, width),
        tensor(name("attn_output"), width, width), tensor(name("ffn_norm"), width),
        tensor(name("ffn_gate"), width, inner), tensor(name("ffn_up"), width, inner),
        tensor(name("ffn_down"), inner, width),
      ]
    }
    tensors += [
      tensor("output_norm.weight", width), tensor("output.weight", width, vocabulary, 0.5),
    ]
    func key(_ name: String) -> String { "llama.\(name)" }
    return GGUFBuilder.file(
      metadata: [
        ("general.architecture", .string("llama")), (key("context_length"), .u32(64)),
        (key("embedding_length"), .u32(UInt32(width))), (key("block_count"), .u32(UInt32(blocks))),
        (key("feed_forward_length"), .u32(UInt32(inner))), (key("attention.head_count"), .u32(2)),
        (key("attention.head_count_kv"), .u32(2)), (key("rope.dimension_count"), .u32(16)),
        (key("attention.layer_norm_rms_epsilon"), .f32(1e-5)),
      ], tensors: tensors)
  }

  /// An editor that reads through the model's own blocks, with a matrix other than zero at blocks 3 and 7, and a bias
  /// everywhere.
  private func planted() throws -> Editor {
    let editor = try Editor(
      EditorConfiguration(
        interface: .p0, processor: ProcessorIdentity(file),
        backbone: .processor(depth: Self.blocks, width: Self.width, adapters: nil),
        positions: .all),
      seed: 0, processor: processor, pool: Pools.all[1])
    var random = SplitMix64(seed: 2)
    for layer in 0..<Self.blocks {
      let bias = (0..<Self.width).map { _ in normal(&random) * 0.3 }
      try editor.heads.parameters.setValues(of: "heads.\(layer).bias", to: bias)
      guard layer == 3 || layer == 7 else { continue }
      let weight = (0..<Self.width * Self.width).map { _ in normal(&random) * 0.25 }
      try editor.heads.parameters.setValues(of: "heads.\(layer).weight", to: weight)
    }
    return editor
  }

  /// Rows whose answers the planted editor gives, the likeliest token each time.
  private func rows(_ editor: Editor, _ count: Int) throws -> Trainer.Data {
    var random = SplitMix64(seed: 3)
    func tokens(_ count: Int) -> [Int] {
      (0..<count).map { _ in Int(random.next() % UInt64(Self.vocabulary)) }
    }
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    let examples = try (0..<count).map { row in
      let (instruction, prompt) = (tokens(3), tokens(4))
      let edit = try editor.edit(instruction)
      var answer: [Int] = []
      for _ in 0..<4 {
        let fed = prompt + answer
        state.truncate(to: 0)
        let logits = try state.forward(
          fed, visitor: EditInjector(edit, prompt: PromptShape(length: prompt.count)))
        answer.append(logits.indices.max { (logits[$0], $1) < (logits[$1], $0) }!)
      }
      return TokenizedExample(
        row: row, instruction: instruction, prompt: prompt, response: answer,
        prompted: instruction + prompt)
    }
    return Trainer.Data(
      train: examples, files: examples.map { _ in 0 }, weights: [1], firstContent: 0)
  }

  /// Steps of matrices grow where the truth is zero; gates see the truth, which hardly changes under them.
  @Test(arguments: [
    (EditSparsity(.l0, strength: 0.02), Float(1e-6)),
    (EditSparsity(.group, strength: 2), Float(1e-4)),
    (EditSparsity(.rows, strength: 2), Float(1e-4)),
  ]) func penaltiesLeaveThePlantedSites(sparsity: EditSparsity, rate: Float) throws {
    let data = try rows(planted(), 64)
    var plan = TrainingPlan(steps: 160)
    plan.batchSize = 8
    plan.headRate = rate
    plan.backboneRate = 0
    plan.sparsity = sparsity
    let trainer = try Trainer(plan, editor: planted(), processor: processor, data: data)
    try trainer.run { _ in true }
    #expect(try trainer.sparsityCounts().openLayers == [3, 7])
  }
}
