import Foundation
import Quantization
import TensorKernels
import TestSupport

/// Converts folders of quantized weights whose model.safetensors or config.json is damaged: headers that say other
/// shapes, codes, groups and states that are none, settings that are not those of the weights.
///
/// The corpus has files model.safetensors of folders (Tests/Fixtures/quantized); config.json is the one beside each. An
/// input begins with the number of its folder and the length of its config.json. Files are written to the folder for
/// temporary ones, which should be in memory.
struct QuantizedTarget: FuzzTarget {
  static let name = "quantized"

  private let corpus: [[UInt8]]
  private let folders: [URL]
  private let configurations: [[UInt8]]
  private let mutator: SafetensorsMutator
  private let configurationMutator: ByteMutator
  private let pool = ThreadPool(threads: 1)
  private let work: URL

  init(corpus files: [CorpusFile]) throws {
    corpus = files.map(\.bytes)
    precondition(files.count < 256, "a number of a folder is a byte")
    mutator = SafetensorsMutator(
      corpus: corpus,
      words: [
        "qweight", "qzeros", "scales", "g_idx", "biases", "weight_packed", "weight_scale",
        "weight_zero_point", "weight_shape", "SCB", "absmax", "quant_map", "nested_absmax",
        "\"I32\"", "\"U32\"", "\"U8\"", "\"I8\"", "\"F8_E8M0\"", "\"I64\"", ".weight",
      ])
    work = FileManager.default.temporaryDirectory.appending(path: "fuzz-" + UUID().uuidString)
    var folders: [URL] = []
    var configurations: [[UInt8]] = []
    for (index, file) in files.enumerated() {
      let folder = work.appending(path: "\(index)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      configurations.append(
        Array(
          try Data(
            contentsOf: URL(fileURLWithPath: file.name).deletingLastPathComponent().appending(
              path: "config.json"))))
      try Data(contentsOf: OutsideFiles.fixture("conversion/byte-bpe/tokenizer.json"))
        .write(to: folder.appending(path: "tokenizer.json"))
      folders.append(folder)
    }
    self.folders = folders
    self.configurations = configurations
    configurationMutator = ByteMutator(donors: configurations)
  }

  func input(_ random: inout SplitMix64) -> [UInt8] {
    let index = Int.random(in: corpus.indices, using: &random)
    var bytes = corpus[index]
    var configuration = configurations[index]
    let form = Set("{}[]\",: 0123456789".utf8)
    for _ in 0..<Int.random(in: 0...2, using: &random)
    where Int.random(in: 0..<3, using: &random) == 0 {
      configurationMutator.mutate(
        &configuration, places: configuration.indices.filter { form.contains(configuration[$0]) },
        &random)
    }
    for _ in 0..<Int.random(in: 0...3, using: &random) where bytes.count > 8 {
      switch Int.random(in: 0..<3, using: &random) {
      case 0: mutator.mutate(&bytes, &random)
      case 1: swapWords(&bytes, &random)
      default:
        // Any byte of the data: a code, a group, a letter of a state.
        bytes[Int.random(in: bytes.indices, using: &random)] = .random(
          in: 0...255, using: &random)
      }
    }
    let length = UInt32(configuration.count)
    return [UInt8(index)] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
      + configuration + bytes
  }

  /// Writes one number of a shape in the header over another of as many digits, so that the header stays whole.
  private func swapWords(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
    let header = 8..<min(bytes.count, 6000)
    let digits = header.filter { (0x30...0x39).contains(bytes[$0]) }
    guard let from = digits.randomElement(using: &random),
      let to = digits.randomElement(using: &random)
    else { return }
    bytes[to] = bytes[from]
  }

  func run(_ input: [UInt8]) -> String {
    guard let first = input.first, folders.indices.contains(Int(first)) else { return "no folder" }
    let folder = folders[Int(first)]
    let length = input[1..<5].reversed().reduce(0) { $0 << 8 | Int($1) }
    do {
      try Data(input[5..<5 + length]).write(to: folder.appending(path: "config.json"))
      try Data(input[(5 + length)...]).write(to: folder.appending(path: "model.safetensors"))
      let report = FolderReport(path: folder.path)
      let source = try Checkpoint.open(folder.path)
      precondition(report.converts != nil || report.refused != nil)
      let out = work.appending(path: "out.gguf").path
      let conversion = try Conversion(
        source, recipe: ConversionRecipe(type: .q4_0, allowsRequantizing: true))
      _ = try conversion.write(to: out, pool: pool) { _ in true }
      return "accepted"
    } catch let error as ConversionError {
      precondition(
        !"\(error)".unicodeScalars.contains { $0.value < 32 }, "control character: \(error)")
      if case .file(let inner) = error {
        return Mirror(reflecting: inner).children.first?.label ?? "\(inner)"
      }
      return Mirror(reflecting: error).children.first?.label ?? "\(error)"
    } catch { return "\(error)" }
  }
}
