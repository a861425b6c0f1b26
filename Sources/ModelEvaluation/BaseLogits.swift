import ModelFiles

/// The distributions of a base model, read from a file that `BaseLogitsWriter` or llama.cpp wrote
/// (the layout is described there). The file is mapped, not loaded.
public final class BaseLogits: Sendable {
  static let magic = "_logits_"
  private static let headerSize = 8 + 3 * 4

  /// The text, as it was cut when the file was written.
  public let windows: PerplexityWindows
  /// The base model's vocabulary.
  public let vocabularySize: Int
  private let file: MappedFile
  private let firstRow: Int

  /// Uint16 values that one position takes.
  static func rowLength(_ vocabularySize: Int) -> Int { (vocabularySize + 1) / 2 * 2 + 4 }

  /// Opens the file at `path`; `beginning` as in `PerplexityWindows`, whose token is not recorded.
  public init(path: String, beginning: Int?) throws(ModelEvaluationError) {
    do { file = try MappedFile(path: path) } catch { throw .file(error) }
    let bytes = file.bytes
    guard bytes.count >= Self.headerSize, bytes[..<8].elementsEqual(Self.magic.utf8) else {
      throw .invalidBase(path: path, problem: "it is not a base of log-probabilities")
    }
    func integer(at offset: Int) -> Int {
      Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
    let (length, vocabulary, count) = (integer(at: 8), integer(at: 12), integer(at: 16))
    guard length >= 4, vocabulary >= 1, count >= 1 else {
      throw .invalidBase(
        path: path, problem: "it claims \(count) windows of \(length) tokens of \(vocabulary)")
    }
    // All three are below 2³¹, so one product of two fits; the second may not.
    let scored = count * (length - 1 - length / 2)
    let (rowBytes, overflow) = scored.multipliedReportingOverflow(
      by: 2 * Self.rowLength(vocabulary))
    let tokenBytes = 4 * count * length
    let found = bytes.count - Self.headerSize
    guard !overflow, tokenBytes <= found, rowBytes == found - tokenBytes else {
      throw .invalidBase(
        path: path,
        problem: "it has \(bytes.count) bytes, which is not what \(count) windows of \(length) "
          + "tokens of \(vocabulary) take")
    }
    let tokens = (0..<(count * length)).map { integer(at: Self.headerSize + 4 * $0) }
    if let id = tokens.first(where: { $0 < 0 || $0 >= vocabulary }) {
      throw .invalidBase(
        path: path, problem: "token \(id) is not in its vocabulary of \(vocabulary)")
    }
    windows = PerplexityWindows(whole: tokens, length: length, beginning: beginning)
    vocabularySize = vocabulary
    firstRow = Self.headerSize + tokenBytes
  }

  /// The base's log-probabilities at the `index`-th scored position, in `row`.
  func load(_ index: Int, into row: inout [Float]) throws(ModelEvaluationError) {
    let length = Self.rowLength(vocabularySize)
    let start = firstRow + index * 2 * length
    let scale = float(at: start)
    let least = float(at: start + 4)
    guard scale.isFinite, least.isFinite else {
      throw .invalidBase(
        path: file.path, problem: "the scale of position \(index) is not a number")
    }
    for token in 0..<vocabularySize {
      let code = UInt16(
        littleEndian: file.bytes.loadUnaligned(
          fromByteOffset: start + 8 + 2 * token, as: UInt16.self))
      row[token] = scale * Float(code) + least
    }
    // A text's worth of rows is gigabytes: give back what has been read.
    file.releasePages(start..<(start + 2 * length))
  }

  private func float(at offset: Int) -> Float {
    Float(
      bitPattern: UInt32(
        littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }

  /// Throws unless the model to be compared has the same vocabulary.
  func check(vocabularySize needed: Int) throws(ModelEvaluationError) {
    guard vocabularySize == needed else {
      throw .baseMismatch(
        path: file.path, field: "vocabulary size", found: vocabularySize, needed: needed)
    }
  }
}
