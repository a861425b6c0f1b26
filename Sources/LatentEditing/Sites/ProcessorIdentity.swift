import BlockFormats
import Crypto
import LanguageModels
import ModelFiles

/// Which model a processor is, whatever its weights were quantized to: an editor trained on one file
/// of a model is at home on the others.
///
/// The vectors (norm gains) of a model keep their values in every conversion, so that
///
///     sha256(shape, rope base, vocabulary, all vectors in the order of their names)
///
/// tells models apart and formats not.
public struct ProcessorIdentity: Sendable, Equatable, CustomStringConvertible {
  /// Width of the residual stream.
  public let width: Int
  /// Blocks.
  public let layerCount: Int
  /// Tokens in the vocabulary.
  public let vocabularySize: Int
  /// The digest, 64 hexadecimal digits.
  public let digest: String

  /// An identity as a file states it.
  public init(width: Int, layerCount: Int, vocabularySize: Int, digest: String) {
    self.width = width
    self.layerCount = layerCount
    self.vocabularySize = vocabularySize
    self.digest = digest
  }

  /// The identity of the model in `file`. Throws what makes the file unusable.
  public init(_ file: GGUFFile) throws(LatentEditingError) {
    let configuration: ProcessorConfiguration
    do { configuration = try ProcessorConfiguration(file) } catch { throw .model(error) }
    var hash = SHA256()
    let c = configuration
    let shape = [
      c.hiddenSize, c.intermediateSize, c.layerCount, c.headCount, c.kvHeadCount, c.headSize,
      c.rotatedSize, c.vocabularySize, Int(c.ropeTheta.bitPattern),
    ]
    hash.update(data: Array(shape.map(String.init).joined(separator: " ").utf8))
    do throws(ModelFileError) {
      if let tokens = try file.metadata.stringsIfPresent("tokenizer.ggml.tokens") {
        for token in tokens {
          token.withBytes { hash.update(bufferPointer: $0) }
          hash.update(data: [0])
        }
      }
    } catch {
      throw .file(error)
    }
    for tensor in file.tensors.filter({ $0.shape.count == 1 }).sorted(by: { $0.name < $1.name }) {
      hash.update(data: Array(tensor.name.utf8))
      let values = [Float](unsafeUninitializedCapacity: tensor.shape[0]) { buffer, count in
        ReferenceBlocks.dequantize(tensor.format, file.bytes(of: tensor), into: buffer)
        count = tensor.shape[0]
      }
      // The order of a head's numbers is the file's; the model is the same.
      let isRotated = ["attn_q.bias", "attn_k.bias"].contains { tensor.name.hasSuffix($0) }
      let ordered =
        isRotated
        ? c.rotaryOrder.paired(values, headSize: c.headSize, rotatedSize: c.rotatedSize) : values
      ordered.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    self.init(
      width: c.hiddenSize, layerCount: c.layerCount, vocabularySize: c.vocabularySize,
      digest: hash.finalize().hexadecimal)
  }

  /// Bytes of a tensor that `sample` looks at.
  private static let sampleBytes = 4096

  /// The digest of every tensor's name, type, size and first bytes: tells what a model was quantized to,
  /// which its identity does not, without reading its gigabytes.
  package static func sample(of file: GGUFFile) -> String {
    var hash = SHA256()
    for tensor in file.tensors.sorted(by: { $0.name < $1.name }) {
      hash.update(data: Array("\(tensor.name) \(tensor.format.name) \(tensor.byteCount)\n".utf8))
      hash.update(
        bufferPointer: UnsafeRawBufferPointer(
          rebasing: file.bytes(of: tensor).prefix(sampleBytes)))
      // The system maps up to megabytes around what is read. Of a packed file these are the weights.
      if !file.isPacked { file.releasePages(of: tensor) }
    }
    return hash.finalize().hexadecimal
  }

  /// In messages: the shape, and the digest's beginning.
  public var description: String {
    "a model of \(layerCount) blocks, width \(width), \(vocabularySize) tokens (\(digest.prefix(12)))"
  }
}
