import Foundation
import ModelFiles
import TestSupport
import Testing

private let path = BadFile.path

/// A file with this header and so many bytes of data.
private func file(_ header: String, data: Int = 0) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.put(UInt64(header.utf8.count))
  return bytes + Array(header.utf8) + [UInt8](repeating: 0, count: data)
}

private func entry(
  _ name: String = "a", _ type: String = "F32", _ shape: String = "2", _ from: String = "0",
  _ to: String = "8"
) -> String {
  "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(from),\(to)]}"
}

struct SafetensorsLieTests {
  @Test(arguments: lies)
  func isRefused(lie: BadFile) {
    let error = lie.refusal { file throws(ModelFileError) in _ = try SafetensorsFile(file) }
    #expect(error == lie.error)
  }

  /// The files that the lies are variations of are read.
  @Test func theTruthIsRead() throws {
    let header =
      "{\"__metadata__\":{\"k\":\"\\u00e9\\ud83d\\udc4b\\/\"}, "
      + entry("b", "F16", "2, 1 ,2", "8", "16") + " ,\n"
      + "\"a\":{\"new\":[{\"x\":[1.5e3,true,null]}],\"shape\":[2],\"dtype\":\"F32\","
      + "\"data_offsets\":[0,8]},"
      + entry("none", "I64", "0,99999999", "16", "16") + "," + entry("one", "U8", "", "16", "17")
      + "}  \n"
    let read = try SafetensorsFile(mapped(file(header, data: 17)))
    #expect(read.tensors.map(\.name) == ["a", "b", "none", "one"])
    #expect(read.tensors.map(\.shape) == [[2], [2, 1, 2], [0, 99_999_999], []])
    #expect(read.tensors.map(\.byteCount) == [8, 8, 0, 1])
    #expect(read.metadata == ["k": "é👋/"])
    #expect(try SafetensorsFile(mapped(file("{}"))).tensors.isEmpty)
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = try Array(
      Data(contentsOf: OutsideFiles.fixture("checkpoints/types.safetensors")))
    for length in 0..<whole.count {
      let error = thrown { () throws(ModelFileError) in
        try SafetensorsFile(mapped(Array(whole[..<length])))
      }
      switch error {
      case .emptyFile, .truncated, .tensorPastEnd: break
      default: Issue.record("\(length): \(String(describing: error))")
      }
    }
  }

  private static let good = "{" + entry() + "}"

  private static func json(_ what: String, at offset: Int, _ wanted: String, _ header: String)
    -> BadFile
  {
    BadFile(
      what, .invalidJSON(path: path, offset: 8 + offset, wanted: wanted), file(header, data: 8))
  }

  static let lies: [BadFile] = [
    BadFile(
      "half a header length",
      .truncated(path: path, field: "the header's length", offset: 0, needed: 8, left: 3),
      [1, 0, 0]),
    BadFile(
      "a header longer than the file",
      .truncated(path: path, field: "the header", offset: 8, needed: 99, left: 2),
      [99, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D]),
    BadFile(
      "a header of 2^64 - 1 bytes",
      .invalidField(
        path: path, field: "the header's length", found: "18446744073709551615",
        wanted: "at most 100000000"),
      [UInt8](repeating: 0xFF, count: 8) + Array("{}".utf8)),
    BadFile(
      "another kind", .wrongKind(path: path, wanted: .safetensors, found: .gguf),
      Array("GGUF aaaaaaaaaaaaaaaaaaa".utf8)),
    BadFile(
      "a text", .wrongKind(path: path, wanted: .safetensors, found: .text),
      Array("# Read me first\n\nThis is no model.\n".utf8)),
    BadFile(
      "a picture", .wrongKind(path: path, wanted: .safetensors, found: .unknown),
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52]),
    BadFile(
      "an empty header", .invalidJSON(path: path, offset: 8, wanted: "object"), file("") + [0x7B]),
    json("white space in front", at: 0, "object", " {}"),
    json("an array", at: 0, "object", "[]"),
    json("no end", at: 1, "string", "{"),
    json("a string without end", at: 3, "end of a string", "{\"a"),
    json("a control character", at: 2, "end of a string", "{\"\u{1}\":{}}"),
    json("half a surrogate", at: 2, "character", #"{"\ud800":{}}"#),
    json("a wrong pair of surrogates", at: 2, "pair of surrogates", #"{"\ud800\u0041":{}}"#),
    json("an unknown escape", at: 2, "escape", #"{"\x":{}}"#),
    json("a signed escape", at: 2, "escape", #"{"\u+123":{}}"#),
    json("a tensor that is a number", at: 5, "object", "{\"a\":1}"),
    json("something behind", at: 2, "end", "{}{}"),
    json("a missing comma", at: good.utf8.count - 1, "\",\" or \"}\"", "{" + entry() + entry("b")),
    json(
      "a hundred thousand brackets", at: 11 + 63, "value nested less than 64 deep",
      "{\"a\":{\"x\":" + String(repeating: "[", count: 100_000) + "}"),
    json("a negative dimension", at: 29, "whole number", "{" + entry("a", "F32", "-2") + "}"),
    json("a dimension of 1.0", at: 29, "whole number", "{" + entry("a", "F32", "1.0") + "}"),
    json("a dimension of 02", at: 29, "whole number", "{" + entry("a", "F32", "02") + "}"),
    json(
      "a dimension of 2^63", at: 29, "number below 2^63",
      "{" + entry("a", "F32", "9223372036854775808") + "}"),
    BadFile(
      "not UTF-8", .invalidJSON(path: path, offset: 10, wanted: "string in UTF-8"),
      [7, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x7B, 0x7D]),
    BadFile(
      "the same name twice", .duplicateTensor(path: path, tensor: "a"),
      file("{\(entry()),\(entry("a", "F32", "2", "8", "16"))}", data: 16)),
    BadFile(
      "the same name twice, once escaped", .duplicateTensor(path: path, tensor: "a"),
      file("{\(entry()),\(entry("\\u0061", "F32", "2", "8", "16"))}", data: 16)),
    BadFile(
      "the same metadata key twice", .duplicateKey(path: path, key: "k"),
      file("{\"__metadata__\":{\"k\":\"a\",\"k\":\"b\"}}")),
    BadFile(
      "two shapes", .duplicateKey(path: path, key: "shape of a"),
      file("{\"a\":{\"shape\":[1],\"shape\":[2]}}")),
    BadFile(
      "no type", .missingKey(path: path, key: "dtype of a"),
      file("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", data: 8)),
    BadFile(
      "no offsets", .missingKey(path: path, key: "data_offsets of a"),
      file("{\"a\":{\"shape\":[2],\"dtype\":\"F32\"}}", data: 8)),
    BadFile(
      "an unknown type", .unknownElementType(path: path, tensor: "a", type: "F33"),
      file("{" + entry("a", "F33") + "}", data: 8)),
    BadFile(
      "nine dimensions", .tooManyDimensions(path: path, tensor: "a", found: 9, most: 8),
      file("{" + entry("a", "F32", "1,1,1,1,1,1,1,1,2") + "}", data: 8)),
    BadFile(
      // Times four, this wraps round to 8.
      "2^62 + 2 elements",
      .invalidShape(path: path, tensor: "a", shape: [(1 << 62) + 2]),
      file("{" + entry("a", "F32", "4611686018427387906") + "}", data: 8)),
    BadFile(
      "a product that wraps round behind a zero",
      .invalidShape(path: path, tensor: "a", shape: [0, 1 << 32, 1 << 32]),
      file("{" + entry("a", "F32", "0,4294967296,4294967296", "0", "0") + "}")),
    BadFile(
      "one offset",
      .invalidField(
        path: path, field: "data_offsets of a", found: "[0]", wanted: "a start and an end behind it"
      ),
      file("{\"a\":{\"shape\":[2],\"dtype\":\"F32\",\"data_offsets\":[0]}}", data: 8)),
    BadFile(
      "an end before the start",
      .invalidField(
        path: path, field: "data_offsets of a", found: "[8, 0]",
        wanted: "a start and an end behind it"),
      file("{" + entry("a", "F32", "2", "8", "0") + "}", data: 8)),
    BadFile(
      "an end behind the file",
      .tensorPastEnd(
        path: path, tensor: "a", end: UInt64(8 + good.utf8.count + 8),
        byteCount: 8 + good.utf8.count + 7), file(good, data: 7)),
    BadFile(
      "fewer bytes than the shape needs",
      .sizeMismatch(path: path, tensor: "a", found: 8, wanted: 12),
      file("{" + entry("a", "F32", "3") + "}", data: 8)),
    BadFile(
      "tensors that share bytes", .overlappingTensors(path: path, first: "a", second: "b"),
      file("{\(entry()),\(entry("b", "F32", "2", "4", "12"))}", data: 12)),
    BadFile(
      "a hole",
      .unusedBytes(path: path, from: 8 + 117, to: 8 + 121),
      file("{\(entry()),\(entry("b", "F32", "2", "12", "20"))}", data: 20)),
    BadFile(
      "bytes behind the last tensor",
      .unusedBytes(
        path: path, from: 8 + good.utf8.count + 8, to: 8 + good.utf8.count + 9),
      file(good, data: 9)),
  ]
}
