import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// The small model of Tests/Fixtures/llama that editors of Tests/Fixtures/editor were made for.
enum TinyModel {
  static let path = OutsideFiles.fixture("llama/f32.gguf").path
  static let pool = ThreadPool(threads: 2)

  static func file() throws -> GGUFFile { try GGUFFile(path: path) }
  static func identity() throws -> ProcessorIdentity { try ProcessorIdentity(file()) }

  static func processor(
    _ activations: ActivationPrecision = .f32, name: String = "f32"
  ) throws -> Processor {
    try Processor(
      GGUFFile(path: OutsideFiles.fixture("llama/\(name).gguf").path), activations: activations,
      pool: pool)
  }

  /// A fixed text and an instruction, of the fixture's tokens.
  static func tokens() throws -> (ids: [Int], instruction: [Int]) {
    struct Given: Decodable {
      let ids: [Int]
      let instruction: [Int]
    }
    let given = try JSONDecoder().decode(
      Given.self, from: Data(contentsOf: OutsideFiles.fixture("editor/ids.json")))
    return (given.ids, given.instruction)
  }

  /// A temporary copy of a safetensors file whose header's strings say `lie` where it says `found`.
  static func lyingCopy(of file: String, _ found: String, _ lie: String) throws -> String {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    let size = Int(
      bytes.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << (8 * $1.offset) })
    let header = String(decoding: bytes[8..<8 + size], as: UTF8.self)
    let escaped = { (text: String) in text.replacingOccurrences(of: "\"", with: "\\\"") }
    #expect(header.contains(escaped(found)), "the fixture has other words")
    let changed = Data(header.replacingOccurrences(of: escaped(found), with: escaped(lie)).utf8)
    let length = withUnsafeBytes(of: UInt64(changed.count).littleEndian) { Data($0) }
    let path = temporaryPath("lie.safetensors")
    try (length + changed + bytes[(8 + size)...]).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// An edit with a latent at several layers and positions, the same each time.
  static func edit(
    positions: [SitePosition] = [.fromStart(0)], scale: LatentScale = .norm, seed: UInt64 = 1
  ) throws -> LatentEdit {
    let c = try processor().configuration
    var random = SplitMix64(seed: seed)
    let sites = (0...c.layerCount).flatMap { point in
      positions.map { position in
        LatentSite(
          point: point, position: position, scale: scale,
          gate: .random(in: 0.2...1, using: &random),
          latent: (0..<c.hiddenSize).map { _ in .random(in: -1...1, using: &random) })
      }
    }
    return try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: sites)
  }

  /// An edit of the first token's values in every block, the same each time.
  static func valueEdit(scale: LatentScale = .norm, seed: UInt64 = 1) throws -> LatentEdit {
    let c = try processor().configuration
    var random = SplitMix64(seed: seed)
    let sites = (0..<c.layerCount).map { block in
      LatentSite(
        point: block, position: .fromStart(0), scale: scale,
        gate: .random(in: 0.2...1, using: &random),
        latent: (0..<c.kvHeadCount * c.headSize).map { _ in .random(in: -1...1, using: &random) },
        part: .values)
    }
    return try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: sites)
  }

  /// Logits after every token, edited or not, the text fed in chunks of `chunk`.
  static func logits(
    _ processor: Processor, _ ids: [Int], _ edit: LatentEdit?, chunk: Int = 64,
    cacheType: CacheType = .f32, firstContent: Int = 0
  ) throws -> [[Float]] {
    let state = try ProcessorState(
      processor, contextLength: 64, cacheType: cacheType, chunkSize: chunk)
    let injector = try edit.map {
      try EditInjector($0, prompt: PromptShape(length: ids.count, firstContent: firstContent))
    }
    var result: [[Float]] = []
    try state.forwardAll(ids, visitor: injector) { _, logits in
      result.append((0..<logits.count).map { logits[$0] })
    }
    return result
  }

  /// A file of its own in the temporary folder, removed by the caller's `defer`.
  static func temporaryPath(_ name: String = "file") -> String {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("emend-\(UUID().uuidString)-\(name)").path
  }
}

/// Largest difference of two lists of the same length.
func largestDifference(_ a: [[Float]], _ b: [[Float]]) -> Float {
  zip(a, b).map { zip($0, $1).map { abs($0 - $1) }.max() ?? 0 }.max() ?? 0
}

/// Edited logits of `ids` are PyTorch's for the fixture's editor `name`, and unedited ones are not: the edit is
/// no small thing.
func expectReference(
  _ name: String, _ edit: LatentEdit, _ processor: Processor, _ ids: [Int],
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let file = try SafetensorsFile(
    path: OutsideFiles.fixture("editor/\(name)/logits.safetensors").path)
  let tensor = try file.tensors.tensor(named: "logits")
  let wanted = try file.tensors.floats(of: tensor)
  let width = tensor.shape[1]
  let rows = (0..<tensor.shape[0]).map { Array(wanted[$0 * width..<($0 + 1) * width]) }
  let largest = wanted.map(\.magnitude).max()!
  let found = try TinyModel.logits(processor, ids, edit)
  #expect(found.count == rows.count, sourceLocation: sourceLocation)
  #expect(largestDifference(found, rows) <= 4e-5 * largest, sourceLocation: sourceLocation)
  let unedited = try TinyModel.logits(processor, ids, nil)
  #expect(largestDifference(unedited, rows) >= 1e-2 * largest, sourceLocation: sourceLocation)
}
