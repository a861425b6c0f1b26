import BlockFormats
import Foundation
import LanguageModels
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Conversions with a calibration, of the small checkpoints that transformers wrote.
struct CalibrationTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  /// Words from a fixed seed: text in every vocabulary.
  static func text(words: Int, seed: UInt64) -> String {
    var generator = SplitMix64(seed: seed)
    let words = (0..<words).map { _ in
      String(
        (0..<Int.random(in: 1...8, using: &generator)).map { _ in
          Character(UnicodeScalar(UInt8.random(in: 97...122, using: &generator)))
        })
    }
    return words.joined(separator: " ")
  }

  private func calibration(
    _ source: any CheckpointSource, windows: Int = 8, seed: UInt64 = 1
  ) throws -> Calibration {
    Calibration(
      text: try CalibrationText(
        Self.text(words: 2000, seed: seed), name: "words.txt", tokenizer: source.tokenizer(),
        length: 32, count: windows))
  }

  private func convert(
    _ name: String, _ type: BlockFormat, calibrated: Bool, threads: Int = 2
  ) throws -> GGUFFile {
    let out = scratch.path(UUID().uuidString + ".gguf")
    let source = try Checkpoint.open(ConversionFixture.path(name))
    let conversion = try Conversion(
      source, recipe: ConversionRecipe(type: type),
      calibration: calibrated ? try calibration(source) : nil)
    _ = try conversion.write(to: out, pool: ThreadPool(threads: threads)) { _ in true }
    return try GGUFFile(path: out)
  }

  /// Logits of a model on tokens that the calibration has not seen, `[tokens][vocabulary]`.
  private func logits(_ file: GGUFFile, _ tokens: [Int]) throws -> [[Float]] {
    let processor = try Processor(file, activations: .f32, pool: ThreadPool(threads: 1))
    let state = try ProcessorState(processor, contextLength: tokens.count, cacheType: .f32)
    var all: [[Float]] = []
    try state.forwardAll(tokens) { _, logits in
      all.append((0..<processor.configuration.vocabularySize).map { logits[$0] })
    }
    return all
  }

  private func squareDifference(_ a: [[Float]], _ b: [[Float]]) -> Double {
    zip(a, b).reduce(0) { $0 + squareError($1.0, $1.1) }
  }

  /// The same names, shapes and formats as without calibration, and the logits on another text come
  /// closer to the source's. (These random models have inputs that are hardly correlated, so there is
  /// less to gain than in a trained one.)
  @Test(arguments: BlockFormat.searched)
  func comesCloserToTheSource(type: BlockFormat) throws {
    let exact = try convert("whole", .f32, calibrated: false)
    let plain = try convert("whole", type, calibrated: false)
    let calibrated = try convert("whole", type, calibrated: true)
    func declared(_ file: GGUFFile) -> [String] {
      file.tensors.map { "\($0.name) \($0.shape) \($0.format.name)" }.sorted()
    }
    #expect(declared(plain) == declared(calibrated))
    let tokens = try Tokenizer(exact.metadata).encode(
      Self.text(words: 400, seed: 99), addSpecial: true, parseSpecial: false)
    let wanted = try logits(exact, Array(tokens.prefix(128)))
    let before = squareDifference(wanted, try logits(plain, Array(tokens.prefix(128))))
    let after = squareDifference(wanted, try logits(calibrated, Array(tokens.prefix(128))))
    #expect(after < 0.9 * before, "\(after / before)")
  }

  /// The same weights from another kind of source, joined of shards, on any number of threads: the
  /// same tensors.
  @Test(arguments: [("sharded", 3), ("meta-1", 2), ("meta-4", 2)])
  func sourceAndThreadsDoNotMatter(name: String, threads: Int) throws {
    let one = try convert("sharded", .q4_0, calibrated: true, threads: 1)
    let other = try convert(name, .q4_0, calibrated: true, threads: threads)
    #expect(other.tensors.map(\.name) == one.tensors.map(\.name))
    for tensor in one.tensors {
      let same = try other.tensor(named: tensor.name)
      #expect(other.bytes(of: same).elementsEqual(one.bytes(of: tensor)), "\(tensor.name)")
    }
  }

  @Test func saysHowItWasMade() throws {
    let file = try convert("whole", .q4_1, calibrated: true)
    let made = try file.metadata.string("emend.provenance.calibration")
    #expect(made.hasPrefix("text=words.txt sha256="))
    #expect(made.hasSuffix(" windows=8x32 damping=0.01 sweeps=2"))
    #expect(
      try convert("whole", .q4_1, calibrated: false).metadata["emend.provenance.calibration"]
        == nil)
  }

  /// Windows are spread over the text, and each begins as the model's texts do.
  @Test func windowsAreSpread() throws {
    let tokenizer = try Checkpoint.open(ConversionFixture.path("whole")).tokenizer()
    let words = Self.text(words: 500, seed: 2)
    let tokens = tokenizer.encode(words, addSpecial: false, parseSpecial: false)
    let bos = try #require(tokenizer.bosToken)
    #expect(tokenizer.vocabulary.addsBOS)
    let text = try CalibrationText(words, name: "w", tokenizer: tokenizer, length: 11, count: 3)
    let whole = tokens.count / 10
    let starts = [0, whole / 3 * 10, 2 * whole / 3 * 10]
    let wanted: [[Int]] = starts.map { start in [bos] + Array(tokens[start..<start + 10]) }
    #expect(text.sequences == wanted)
    let all = try CalibrationText(words, name: "w", tokenizer: tokenizer, length: 11, count: 10_000)
    let joined: [Int] = all.sequences.flatMap { Array($0.dropFirst()) }
    #expect(joined == Array(tokens.prefix(whole * 10)))
  }

  // MARK: Errors

  @Test func aShortTextIsRefused() throws {
    let tokenizer = try Checkpoint.open(ConversionFixture.path("whole")).tokenizer()
    let count = tokenizer.encode("Too short.", addSpecial: false, parseSpecial: false).count
    #expect(throws: QuantizationError.textTooShort(tokens: count, needed: 511)) {
      try CalibrationText("Too short.", name: "t", tokenizer: tokenizer)
    }
  }

  @Test func plainTypesHaveNothingToCalibrate() throws {
    let source = try Checkpoint.open(ConversionFixture.path("whole"))
    #expect(throws: ConversionError.quantization(.nothingToCalibrate(format: .f16))) {
      try Conversion(
        source, recipe: ConversionRecipe(type: .f16), calibration: calibration(source))
    }
  }

  @Test func interruptionLeavesNothing() throws {
    let source = try Checkpoint.open(ConversionFixture.path("whole"))
    let conversion = try Conversion(
      source, recipe: ConversionRecipe(type: .q4_0), calibration: calibration(source))
    let folder = try ScratchFolder()
    var calls = 0
    var fractions: [Double] = []
    #expect(throws: ConversionError.quantization(.cancelled(layer: 1, layers: 2))) {
      try conversion.write(to: folder.path("out.gguf"), pool: ThreadPool(threads: 2)) {
        guard let calibration = $0.calibration else { return true }
        fractions.append(calibration.fraction)
        calls += calibration.layer
        return calls < 5
      }
    }
    #expect(fractions == fractions.sorted() && fractions.last! > 0.5 && fractions.last! < 1)
    #expect(try folder.names == [])
  }

  /// The calibration runs the model, so what is not finite is found before it is run.
  @Test func valuesThatAreNotFiniteAreRefused() throws {
    let good = try convert("whole", .f32, calibrated: false)
    for name in ["blk.1.ffn_up.weight", "blk.0.attn_norm.weight"] {
      let tensor = try good.tensor(named: name)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: good.path))
      let place = good.bytes(of: tensor).baseAddress! - good.files[0].bytes.baseAddress! + 4 * 5
      bytes.replaceSubrange(place..<place + 4, with: [0, 0, 0x80, 0x7F])
      let path = scratch.path("damaged.gguf")
      try bytes.write(to: URL(fileURLWithPath: path))
      let source = try Checkpoint.open(path)
      for calibrated in [true, false] {
        let conversion = try Conversion(
          source, recipe: ConversionRecipe(type: .q4_0),
          calibration: calibrated ? try calibration(source) : nil)
        #expect(throws: ConversionError.quantization(.notFinite(tensor: name, row: 0, column: 5))) {
          try conversion.write(to: scratch.path("x.gguf"), pool: ThreadPool(threads: 2)) { _ in true
          }
        }
      }
    }
  }
}
