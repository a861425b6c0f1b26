import BlockFormats
import Foundation
import LanguageModels
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing

/// Packed files: the same model, byte for byte in its logits, as the file they come from.
struct PackedConversionTests {
  let scratch: ScratchFolder
  private let pool = ThreadPool(threads: 2)

  init() throws { scratch = try ScratchFolder() }

  private func pack(
    _ path: String, _ recipe: ConversionRecipe? = nil, to name: String = "out.packed"
  ) throws -> GGUFFile {
    let out = scratch.path(name)
    let conversion = try Conversion(Checkpoint.open(path), recipe: recipe, packed: true)
    let result = try conversion.write(to: out, pool: pool) { _ in true }
    let file = try GGUFFile(path: out, acceptingPacked: true)
    #expect(result.byteCount == file.totalBytes)
    return file
  }

  private func logits(_ file: GGUFFile, _ activations: ActivationPrecision) throws -> [UInt32] {
    let processor = try Processor(file, activations: activations, pool: pool)
    let state = try ProcessorState(processor, contextLength: 32)
    let tokens = (0..<24).map { (7 * $0 + 3) % processor.configuration.vocabularySize }
    var all: [UInt32] = []
    try state.forwardAll(tokens) { _, row in
      for i in row.indices { all.append(row[i].bitPattern) }
    }
    return all
  }

  /// Every format, tied and untied, mixed and not.
  @Test(arguments: ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "k", "mixed", "q5"])
  func keptTypesGiveTheSameLogits(name: String) throws {
    let path = OutsideFiles.fixture("llama/\(name).gguf").path
    let source = try GGUFFile(path: path)
    let packed = try pack(path)
    #expect(packed.isPacked)
    #expect(packed.tensors.map(\.name) == source.tensors.map(\.name))
    #expect(packed.tensors.map(\.format) == source.tensors.map(\.format))
    #expect(packed.tensors.map(\.shape) == source.tensors.map(\.shape))
    let isTied = source.tensorIfPresent(named: "output.weight") == nil
    for tensor in packed.tensors {
      #expect(
        tensor.isPacked
          == (tensor.shape.count == 2 && (isTied || tensor.name != "token_embd.weight")))
      #expect(tensor.offset % 64 == 0)
    }
    for key in source.metadata.keys where !key.hasPrefix("emend.") && key != "general.alignment" {
      #expect(packed.metadata[key]?.description == source.metadata[key]?.description, "\(key)")
    }
    for activations in ActivationPrecision.allCases {
      #expect(try logits(packed, activations) == logits(source, activations), "\(activations)")
    }
  }

  /// Quantized on the way: the same as quantizing first.
  @Test(arguments: [BlockFormat.q4_0, .q4_1, .q8_0, .f16, .f32], ["sharded", "tied"])
  func chosenTypesGiveTheSameLogits(type: BlockFormat, folder: String) throws {
    let path = ConversionFixture.path(folder)
    let recipe = ConversionRecipe(type: type)
    let plain = try ConversionFixture.convert(path, recipe, in: scratch)
    let packed = try pack(path, recipe)
    #expect(packed.tensors.map(\.format) == plain.tensors.map(\.format))
    #expect(try logits(packed, .int8) == logits(plain, .int8))
    // And packing what was quantized first gives the same tensors.
    let later = try pack(plain.path, to: "later.packed")
    for (a, b) in zip(packed.tensors, later.tensors) {
      #expect(a.name == b.name && a.isPacked == b.isPacked && a.format == b.format)
      #expect(packed.bytes(of: a).elementsEqual(later.bytes(of: b)), "\(a.name)")
    }
  }

  /// The source's checksum is the one that sha256sum wrote beside the fixture.
  @Test(arguments: ["q4_0", "k"])
  func theSourceIsRecorded(name: String) throws {
    let sums = try String(
      contentsOf: OutsideFiles.fixture("llama/SHA256SUMS"), encoding: .utf8)
    let line = try #require(
      sums.split(separator: "\n").first { $0.hasSuffix("  \(name).gguf") })
    let packed = try pack(OutsideFiles.fixture("llama/\(name).gguf").path)
    let recorded = try packed.metadata.strings("emend.provenance.sha256")
    #expect(recorded.map(\.text) == [String(line)])
    #expect(try packed.metadata.string("emend.provenance.recipe") == "type=kept")
    #expect(try packed.metadata.string("emend.provenance.source") == "\(name).gguf")
  }

  @Test func everyShardIsRecorded() throws {
    let packed = try pack(ConversionFixture.path("sharded"), ConversionRecipe(type: .q8_0))
    let lines = try packed.metadata.strings("emend.provenance.sha256").map { $0.text ?? "" }
    #expect(
      lines.map { String($0.dropFirst(66)) }
        == ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])
  }

  /// The same bytes on any number of threads.
  @Test func threadsDoNotMatter() throws {
    let path = ConversionFixture.path("sharded")
    let recipe = ConversionRecipe(type: .q4_0)
    let sums = try [1, 3].map { threads in
      try Conversion(Checkpoint.open(path), recipe: recipe, packed: true)
        .write(to: scratch.path("\(threads)"), pool: ThreadPool(threads: threads)) { _ in true }
        .sha256
    }
    #expect(sums[0] == sums[1])
  }

  /// A scale that is no number is found when it is packed, and nothing is left behind.
  @Test func notANumberIsFound() throws {
    var bytes = try Array(Data(contentsOf: OutsideFiles.fixture("llama/q8_0.gguf")))
    let tensor = try GGUFFile(path: OutsideFiles.fixture("llama/q8_0.gguf").path)
      .tensor(named: "blk.1.ffn_down.weight")
    let rowBytes = tensor.format.byteCount(elements: tensor.shape[0])!
    bytes.replaceSubrange(
      tensor.offset + 37 * rowBytes..<tensor.offset + 37 * rowBytes + 2, with: [0x00, 0x7E])
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.path("bad.gguf")))
    #expect(throws: ConversionError.notFinite(tensor: tensor.name, row: 37)) {
      try pack(scratch.path("bad.gguf"))
    }
    #expect(try scratch.names == ["bad.gguf"])
  }

  /// A packed file is no source: its rows are gone.
  @Test func isNoSource() throws {
    let packed = try pack(OutsideFiles.fixture("llama/q4_0.gguf").path)
    #expect(
      throws: ConversionError.notACheckpoint(
        path: packed.path, found: FileKind.packed.description)
    ) { try Checkpoint.open(packed.path) }
  }

  /// An embedding that is read row by row must not be packed.
  @Test func packedEmbeddingIsRefused() throws {
    let source = try ConversionFixture.convert(
      ConversionFixture.path("sharded"), ConversionRecipe(type: .q4_0), in: scratch)
    try #require(source.tensorIfPresent(named: "output.weight") != nil)
    let tensors = source.tensors.map {
      GGUFWriter.Tensor(
        name: $0.name, shape: $0.shape, format: $0.format, isPacked: $0.shape.count == 2)
    }
    var metadata: [(key: String, value: GGUFEntry)] = source.metadata.keys.compactMap { key in
      key == "general.alignment" ? nil : source.metadata[key].map { (key, .value($0)) }
    }
    metadata.append(("general.alignment", .uint32(64)))
    let path = scratch.path("lie.packed")
    var writer = try GGUFWriter(path: path, metadata: metadata, tensors: tensors, packed: true)
    for tensor in source.tensors {
      let groups = tensor.shape.count == 2 ? (tensor.shape[1] + 15) / 16 : 0
      let count =
        groups > 0
        ? groups * 16 * tensor.format.byteCount(elements: tensor.shape[0])! : tensor.byteCount
      // Norms of nothing but zeros would be refused before.
      try writer.append([UInt8](repeating: groups > 0 ? 0 : 1, count: count).span.bytes)
    }
    try writer.commit()
    let file = try GGUFFile(path: path, acceptingPacked: true)
    #expect(
      throws: LanguageModelError.packedRows(path: path, tensor: "token_embd.weight")
    ) { try Processor(file, pool: pool) }
  }
}
