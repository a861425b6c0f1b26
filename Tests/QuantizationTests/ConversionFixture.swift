import Foundation
import LanguageModels
import ModelFiles
import Quantization
import TensorKernels
import TestSupport

/// The checkpoints of tools/fixtures/make_conversion_fixtures.py.
enum ConversionFixture {
  /// Folders that transformers wrote; each has its logits beside it.
  static let folders = ["whole", "sharded", "tied", "bin", "bin-sharded", "byte-bpe"]

  static func path(_ name: String) -> String { OutsideFiles.fixture("conversion/" + name).path }

  /// Converts the checkpoint at `path` into a new file of `folder`.
  static func convert(
    _ path: String, _ recipe: ConversionRecipe, in folder: ScratchFolder, tokenizer: String? = nil,
    threads: Int = 2
  ) throws -> GGUFFile {
    let out = folder.path(UUID().uuidString + ".gguf")
    let conversion = try Conversion(
      Checkpoint.open(path, tokenizer: tokenizer), recipe: recipe)
    _ = try conversion.write(to: out, pool: ThreadPool(threads: threads)) { _ in true }
    return try GGUFFile(path: out)
  }
}

/// Tokens and the logits transformers computes after each of them.
struct WitnessLogits {
  let tokens: [Int]
  let vocabularySize: Int
  /// [tokens][vocabulary]
  let values: [Float]

  init(_ name: String, in fixtures: String = "conversion") throws {
    let data = try Data(contentsOf: OutsideFiles.fixture("\(fixtures)/\(name).logits"))
    let words = data.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
      }
    }
    vocabularySize = Int(words[1])
    tokens = words[2..<2 + Int(words[0])].map(Int.init)
    values = words[(2 + tokens.count)...].map(Float.init(bitPattern:))
  }

  /// The largest difference to what `file` gives with f32 activations.
  func largestDifference(to file: GGUFFile) throws -> Float {
    let processor = try Processor(file, activations: .f32, pool: ThreadPool(threads: 1))
    let state = try ProcessorState(processor, contextLength: tokens.count, cacheType: .f32)
    var largest: Float = 0
    try state.forwardAll(tokens) { index, logits in
      for id in 0..<vocabularySize {
        let difference = logits[id] - values[index * vocabularySize + id]
        largest = max(largest, difference.isNaN ? .infinity : difference.magnitude)
      }
    }
    return largest
  }
}

/// A new empty folder that is removed with the object.
final class ScratchFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }

  /// A copy of a fixture's folder, to be damaged.
  func copy(_ name: String) throws -> String {
    let copy = path(name)
    try FileManager.default.copyItem(atPath: ConversionFixture.path(name), toPath: copy)
    return copy
  }
}
