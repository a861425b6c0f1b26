import LanguageModels
import ModelFiles

/// Writes the distribution a model gives at every scored position of a text, for others to be
/// compared with: llama.cpp's `--kl-divergence-base` format, so that either program reads what the
/// other wrote.
///
/// Little-endian: `_logits_`; int32 window length, vocabulary size V, windows; the windows' tokens
/// as int32; then for each scored position float32 scale, float32 least log-probability, V codes of
/// uint16 (one more, 0, when V is odd): log p = scale · code + least. Logits more than 16 below the
/// greatest become code 0.
struct BaseLogitsWriter: ~Copyable {
  private var file: AtomicFileWriter
  private var row: [UInt16]
  private let vocabularySize: Int

  /// Starts the file at `path`.
  init(path: String, windows: PerplexityWindows, vocabularySize: Int) throws(EvaluationError) {
    self.vocabularySize = vocabularySize
    row = Array(repeating: 0, count: BaseLogits.rowLength(vocabularySize))
    do {
      var file = try AtomicFileWriter(path: path)
      try file.append(BaseLogits.magic)
      for value in [windows.length, vocabularySize, windows.count] + windows.tokens {
        try file.append(Int32(value))
      }
      self.file = file
    } catch {
      throw .file(error)
    }
  }

  /// Adds the next scored position.
  mutating func append(_ logits: Span<Float>, _ softmax: LogSoftmax) throws(EvaluationError) {
    var least = softmax.greatest
    for index in logits.indices { least = min(least, logits[index]) }
    least = max(least, softmax.greatest - 16)
    // In single precision and in this order, so that the codes are llama.cpp's.
    let scale = (softmax.greatest - least) / 65535
    let leastLogProbability = least - softmax.greatest - Float(softmax.logSum)
    (row[0], row[1]) = scale.halves
    (row[2], row[3]) = leastLogProbability.halves
    let inverse = scale > 0 ? 1 / scale : 0
    for index in 0..<vocabularySize {
      let above = logits[index] - least
      let code = above > 0 ? min((inverse * above).rounded(.toNearestOrEven), 65535) : 0
      row[4 + index] = UInt16(code)
    }
    let bytes = row
    do { try file.append(bytes.span.bytes) } catch { throw .file(error) }
  }

  /// Puts the finished file in its place.
  mutating func commit() throws(EvaluationError) {
    do { try file.commit() } catch { throw .file(error) }
  }
}

extension Float {
  /// The lower and the upper 16 bits.
  fileprivate var halves: (UInt16, UInt16) {
    (UInt16(truncatingIfNeeded: bitPattern), UInt16(truncatingIfNeeded: bitPattern >> 16))
  }
}
