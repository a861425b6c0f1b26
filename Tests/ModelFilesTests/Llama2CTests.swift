import Foundation
import ModelFiles
import TestSupport
import Testing

private let path = BadFile.path

/// The header of a model of width 4, feed-forward width 6, 2 layers, 2 heads, 1 key/value head,
/// vocabulary 3, context 5; each number can be made to lie.
private func numbers(
  dim: Int32 = 4, hidden: Int32 = 6, layers: Int32 = 2, heads: Int32 = 2, kvHeads: Int32 = 1,
  vocabulary: Int32 = 3, context: Int32 = 5
) -> [UInt8] {
  var bytes: [UInt8] = []
  for number in [dim, hidden, layers, heads, kvHeads, vocabulary, context] { bytes.put(number) }
  return bytes
}

/// A version 1 or 2 file with so many bytes behind its header.
private func file(
  version: UInt32, _ numbers: [UInt8] = numbers(), shared: UInt8 = 1, group: Int32? = nil,
  data: Int
) -> [UInt8] {
  var bytes = Array("24ka".utf8)
  bytes.put(version)
  bytes += numbers + [shared]
  if let group { bytes.put(group) }
  return bytes + [UInt8](repeating: 0, count: 256 - bytes.count + data)
}

/// Floats of the model above: matrices of 16 + 8 + 8 + 16 + 3 * 24 and two norms of 4 a layer, one
/// norm, and the embedding.
private let matrixFloats = 2 * (16 + 8 + 8 + 16 + 72) + 3 * 4
private let normFloats = 2 * 8 + 4
/// Two tables of half a head, one number, for each position.
private let tableFloats = 2 * 5

struct Llama2CTests {
  @Test(arguments: lies)
  func isRefused(lie: BadFile) {
    let error = lie.refusal { file throws(ModelFileError) in _ = try Llama2CFile(file) }
    #expect(error == lie.error)
  }

  @Test func theTruthIsRead() throws {
    let data = [UInt8](repeating: 0, count: (matrixFloats + normFloats + tableFloats) * 4)
    let zero = try Llama2CFile(mapped(numbers() + data))
    #expect(zero.version == 0 && zero.configuration.isOutputTied)
    #expect(zero.tensors.tensorIfPresent(named: "output.weight") == nil)
    // A negative vocabulary: the output, of 3 x 4, is last.
    let untied = try Llama2CFile(
      mapped(numbers(vocabulary: -3) + data + [UInt8](repeating: 0, count: 48)))
    #expect(untied.configuration.vocabularySize == 3 && !untied.configuration.isOutputTied)
    #expect(try untied.tensors.tensor(named: "output.weight").shape == [3, 4])
    let one = try Llama2CFile(
      mapped(file(version: 1, shared: 0, data: (matrixFloats + normFloats + 12) * 4)))
    #expect(one.version == 1 && !one.configuration.isOutputTied && one.groupSize == nil)
    let two = try Llama2CFile(
      mapped(
        file(
          version: 2, group: 2, data: normFloats * 4 + matrixFloats + matrixFloats / 2 * 4)))
    #expect(two.version == 2 && two.groupSize == 2)
    #expect(try two.tensors.tensor(named: "layers.1.feed_forward.w2.weight").shape == [4, 6])
  }

  /// The width 640 begins a file with the bytes that a pickle begins with.
  @Test func aWidthIsNoPickle() {
    let bytes = numbers(dim: 640, heads: 2, kvHeads: 2)
    let error = thrown { () throws(ModelFileError) in try Llama2CFile(mapped(bytes)) }
    guard case .tensorPastEnd(_, "tok_embeddings.weight", _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  private static func field(_ field: String, _ found: String, _ wanted: String) -> ModelFileError {
    .invalidField(path: path, field: field, found: found, wanted: wanted)
  }

  private static func number(_ field: String, _ found: Int, _ bytes: [UInt8]) -> BadFile {
    BadFile(
      "\(field) \(found)", Self.field(field, "\(found)", "from 1 to 16777216"),
      bytes + [UInt8](repeating: 0, count: 4096))
  }

  static let lies: [BadFile] = [
    BadFile(
      "half a header",
      .truncated(
        path: path, field: "the number of heads (n_heads)", offset: 12, needed: 4, left: 2),
      Array(numbers().prefix(14))),
    BadFile(
      "another kind", .wrongKind(path: path, wanted: .llama2c, found: .gguf),
      Array("GGUF".utf8) + [UInt8](repeating: 0, count: 100)),
    number("the width (dim)", 0, numbers(dim: 0)),
    number("the width (dim)", -4, numbers(dim: -4)),
    number("the feed-forward width (hidden_dim)", Int(Int32.max), numbers(hidden: .max)),
    number("the number of layers (n_layers)", -1, numbers(layers: -1)),
    number("the vocabulary's size (vocab_size)", Int(Int32.min), numbers(vocabulary: .min)),
    number("the vocabulary's size (vocab_size)", 0, numbers(vocabulary: 0)),
    number("the context length (seq_len)", 0, numbers(context: 0)),
    BadFile(
      "a vocabulary whose sign only version 0 has",
      field("the vocabulary's size (vocab_size)", "-3", "from 1 to 16777216"),
      file(version: 1, numbers(vocabulary: -3), data: 4096)),
    BadFile(
      "heads that do not divide the width",
      field("the width (dim)", "4", "an even number for each of 3 heads"),
      numbers(heads: 3) + [0]),
    BadFile(
      "heads of an odd width", field("the width (dim)", "6", "an even number for each of 2 heads"),
      numbers(dim: 6) + [0]),
    BadFile(
      "key/value heads that do not divide the heads",
      field("the number of key/value heads (n_kv_heads)", "3", "a divisor of 2"),
      numbers(kvHeads: 3) + [0]),
    BadFile(
      "version 3", field("the version", "3", "1 or 2"), file(version: 3, data: 0)),
    BadFile(
      "a tie of 2", field("whether the output is tied", "2", "0 or 1"),
      file(version: 1, shared: 2, data: 0)),
    BadFile(
      "a header that is not filled with zeros", field("byte 255 of the header", "9", "0"),
      {
        var bytes = file(version: 1, data: 0)
        bytes[255] = 9
        return bytes
      }()),
    BadFile(
      "groups that do not divide the width",
      field("the group size", "3", "a divisor of 4"),
      file(version: 2, group: 3, data: 4096)),
    BadFile(
      "groups of nothing", field("the group size", "0", "a divisor of 4"),
      file(version: 2, group: 0, data: 4096)),
    BadFile(
      "sixteen million layers",
      .tensorPastEnd(
        path: path, tensor: "layers.2.attention_norm.weight", end: 256 + 48, byteCount: 256 + 40),
      file(version: 1, numbers(layers: 1 << 24), data: 40)),
    BadFile(
      "one byte too few",
      .tensorPastEnd(
        path: path, tensor: "layers.1.feed_forward.w3.weight",
        end: UInt64(256 + (matrixFloats + normFloats) * 4),
        byteCount: 255 + (matrixFloats + normFloats) * 4),
      file(version: 1, data: (matrixFloats + normFloats) * 4 - 1)),
    BadFile(
      "one byte too many",
      .unusedBytes(
        path: path, from: 256 + (matrixFloats + normFloats) * 4,
        to: 257 + (matrixFloats + normFloats) * 4),
      file(version: 1, data: (matrixFloats + normFloats) * 4 + 1)),
    BadFile(
      "no tables",
      .truncated(
        path: path, field: "the tables of RoPE", offset: 28 + (matrixFloats + normFloats) * 4,
        needed: 20, left: 0),
      numbers() + [UInt8](repeating: 0, count: (matrixFloats + normFloats) * 4)),
  ]
}

/// A trained model in all three versions, as llama2.c's exporter wrote them.
@Suite(.enabled(if: OutsideFiles.hasData("models/stories260K.bin"), "needs EMEND_DATA"))
struct Llama2CModelTests {
  private func open(_ name: String) throws -> Llama2CFile {
    try Llama2CFile(path: OutsideFiles.data("models/" + name).path)
  }

  private func floats(_ file: Llama2CFile, _ tensor: CheckpointTensor) throws -> [Float] {
    var values = [Float](repeating: 0, count: tensor.elementCount)
    try values.withUnsafeMutableBufferPointer { buffer throws(ModelFileError) in
      try file.tensors.readFloats(of: tensor, elements: 0..<tensor.elementCount, into: buffer)
    }
    return values
  }

  @Test func versionsHoldTheSameModel() throws {
    let zero = try open("stories260K.bin")
    let one = try open("tinystories_260k_v1.bin")
    let two = try open("stories260K-q8.bin")
    let versions = [zero, one, two]
    #expect(versions.map(\.version) == [0, 1, 2])
    #expect(versions.map(\.groupSize) == [nil, nil, 8])
    for file in versions {
      let model = file.configuration
      #expect(model.hiddenSize == 64 && model.intermediateSize == 172 && model.layers == 5)
      #expect(model.heads == 8 && model.kvHeads == 4 && model.vocabularySize == 512)
      #expect(model.maxSequenceLength == 512 && model.isOutputTied)
      #expect(Set(file.tensors.map(\.name)) == Set(zero.tensors.map(\.name)))
    }
    for tensor in zero.tensors {
      let exact = try floats(zero, tensor)
      #expect(try floats(one, one.tensors.tensor(named: tensor.name)) == exact, "\(tensor.name)")
      let quantized = try two.tensors.tensor(named: tensor.name)
      #expect(quantized.shape == tensor.shape)
      let values = try floats(two, quantized)
      guard quantized.groupSize != nil else {
        #expect(values == exact, "\(tensor.name)")
        continue
      }
      // Rounding to 127 steps of the group's greatest is off by half a step at most; the scale
      // itself is rounded to single precision.
      for group in stride(from: 0, to: exact.count, by: 8) {
        let greatest = exact[group..<group + 8].map(abs).max()!
        for index in group..<group + 8 {
          #expect(abs(values[index] - exact[index]) <= greatest / 127 * 0.5001)
        }
      }
    }
  }

  @Test func partsOfATensorAreItsElements() throws {
    let file = try open("stories260K-q8.bin")
    let tensor = try file.tensors.tensor(named: "layers.3.feed_forward.w2.weight")
    let all = try floats(file, tensor)
    // Across the borders of groups.
    for range in [0..<1, 5..<30, 171..<173, all.count - 3..<all.count, 7..<7] {
      var part = [Float](repeating: 0, count: range.count)
      try part.withUnsafeMutableBufferPointer { buffer throws(ModelFileError) in
        try file.tensors.readFloats(of: tensor, elements: range, into: buffer)
      }
      #expect(part == Array(all[range]))
    }
  }

  @Test(arguments: ["stories260K.bin", "tinystories_260k_v1.bin", "stories260K-q8.bin"])
  func truncationsAreRefused(name: String) throws {
    let whole = try MappedFile(path: OutsideFiles.data("models/" + name).path)
    for length in Array(1..<300) + Array(stride(from: 300, to: whole.byteCount, by: 997)) {
      let error = thrown { () throws(ModelFileError) in
        try Llama2CFile(
          MappedFile(
            path: path, contents: UnsafeRawBufferPointer(rebasing: whole.bytes[..<length])
          ) { _ = whole })
      }
      switch error {
      case .truncated, .tensorPastEnd: break
      default: Issue.record("\(length): \(String(describing: error))")
      }
    }
  }

  /// Against the model's own vocabulary size, and the larger one of LLaMA.
  @Test func tokenizers() throws {
    let small = OutsideFiles.data("models/tok512.bin").path
    let tokenizer = try Llama2CTokenizer(path: small, expecting: 512)
    #expect(tokenizer.longestPiece == tokenizer.pieces.map(\.count).max())
    #expect(
      tokenizer.pieces.prefix(3).map { String(decoding: $0, as: UTF8.self) } == [
        "<unk>", "\n<s>\n", "\n</s>\n",
      ])
    #expect(tokenizer.pieces[3] == Array("<0x00>".utf8))
    #expect(tokenizer.scores[0] == 0 && tokenizer.scores[400] == -141)
    let large = try Llama2CTokenizer(
      path: OutsideFiles.data("tokenizers/llama2/tokenizer.bin").path)
    #expect(large.pieces.count == 32000 && large.longestPiece == 27)
    let error = thrown { () throws(ModelFileError) in
      try Llama2CTokenizer(path: small, expecting: 32000)
    }
    #expect(
      error
        == .invalidField(
          path: small, field: "the number of pieces", found: "512", wanted: "32000, the model's"))
  }
}

struct Llama2CTokenizerTests {
  private func refusal(_ write: (inout [UInt8]) -> Void) -> ModelFileError? {
    var bytes: [UInt8] = []
    write(&bytes)
    return thrown { () throws(ModelFileError) in try Llama2CTokenizer(mapped(bytes)) }
  }

  private func field(_ field: String, _ found: String, _ wanted: String) -> ModelFileError {
    .invalidField(path: path, field: field, found: found, wanted: wanted)
  }

  @Test func liesAreRefused() {
    #expect(
      refusal { $0.put(Int32(-1)) }
        == field("the longest piece's length", "-1", "from 1 to 0"))
    #expect(
      refusal { $0 = [0xFF, 0xFF, 0xFF, 0x7F, 0, 0] }
        == field("the longest piece's length", "2147483647", "from 1 to 2"))
    #expect(
      refusal {
        $0.put(Int32(3))
        $0.put(Float.nan)
        $0.put(Int32(0))
      } == field("the score of piece 0", "nan", "a finite number"))
    #expect(
      refusal {
        $0.put(Int32(3))
        $0.put(Float(1))
        $0.put(Int32(4))
      } == field("the length of piece 0", "4", "from 0 to 3"))
    #expect(
      refusal {
        $0.put(Int32(3))
        $0.put(Float(1))
        $0.put(Int32(-1))
      } == field("the length of piece 0", "-1", "from 0 to 3"))
    #expect(
      refusal {
        $0.put(Int32(3))
        $0.put(Float(1))
        $0.put(Int32(2))
        $0.append(65)
      } == .truncated(path: path, field: "piece 0", offset: 12, needed: 2, left: 1))
    #expect(
      refusal {
        $0.put(Int32(1))
        $0.put(Float(1))
        $0.put(UInt16(0))
      }
        == .truncated(path: path, field: "the length of piece 0", offset: 8, needed: 4, left: 2))
  }
}
