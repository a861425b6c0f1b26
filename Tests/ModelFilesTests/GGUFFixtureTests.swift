import Foundation
import ModelFiles
import TestSupport
import Testing

/// Files written by the gguf package of Python (tools/fixtures/make_gguf_fixtures.py), against what
/// that package reads from them.
struct GGUFFixtureTests {
  static let names = [
    "types.gguf", "formats.gguf", "aligned.gguf", "split-00001-of-00003.gguf",
  ]

  @Test(arguments: names)
  func matchesTheOtherReader(name: String) throws {
    let all = try Expected.all()
    let expected = try #require(all[name])
    let file = try GGUFFile(path: OutsideFiles.fixture("gguf/" + name).path)
    #expect(file.version == 3)

    #expect(file.metadata.keys == expected.metadata.map(\.key))
    for entry in expected.metadata {
      let value = try #require(file.metadata[entry.key])
      #expect(value.type.name == entry.type, "\(entry.key)")
      if case .array(let array) = value { #expect(array.elementType.name == entry.elements) }
      if let wanted = entry.value { #expect(JSON(value) == wanted, "\(entry.key)") }
    }

    // Of the split model, the tensors of its parts one after the other.
    let parts =
      name.hasPrefix("split") ? all.keys.filter { $0.hasPrefix("split") }.sorted() : [name]
    let tensors = parts.flatMap { all[$0]?.tensors ?? [] }
    #expect(file.files.count == parts.count)
    #expect(file.tensors.count == tensors.count)
    for (tensor, wanted) in zip(file.tensors, tensors) {
      #expect(tensor.name == wanted.name)
      #expect(tensor.shape == wanted.shape)
      #expect(tensor.format.name.lowercased() == wanted.type.lowercased())
      #expect(tensor.offset == wanted.offset)
      #expect(tensor.byteCount == wanted.bytes)
      #expect(crc32(file.bytes(of: tensor)) == wanted.crc32)
    }
  }

  @Test func readsNestedArrays() throws {
    let file = try GGUFFile(path: OutsideFiles.fixture("gguf/types.gguf").path)
    let nested = try file.metadata.array("test.nested")
    #expect(nested.elementType == .array)
    #expect(nested.map { JSON($0) } == [.list([1, 2, 3]), .list([4]), .list([5, 6])])
    let strings = try file.metadata.array("test.nested.strings")
    #expect(strings.map { JSON($0) } == [.list([.text("a"), .text("b")]), .list([.text("c")])])
  }

  /// All formats that are read have a tensor in the fixture, so that none goes untested.
  @Test func fixtureHasEveryFormat() throws {
    let file = try GGUFFile(path: OutsideFiles.fixture("gguf/formats.gguf").path)
    #expect(file.tensors.count == 9)
    #expect(Set(file.tensors.map(\.format.rawValue)) == [0, 1, 2, 3, 8, 12, 13, 14, 30])
  }

  @Test func tensorsAreFoundByName() throws {
    let path = OutsideFiles.fixture("gguf/aligned.gguf").path
    let file = try GGUFFile(path: path)
    #expect(try file.tensor(named: "q8_0.b") == file.tensors[1])
    #expect(file.tensorIfPresent(named: "q8_0") == nil)
    #expect(
      thrown { () throws(ModelFileError) in try file.tensor(named: "q8_0") }
        == .missingTensor(path: path, tensor: "q8_0"))
    for tensor in file.tensors { #expect(tensor.offset % 256 == 0) }
  }

  /// Pages given back are read from the file again.
  @Test func releasedPagesReadTheSame() throws {
    let file = try GGUFFile(path: OutsideFiles.fixture("gguf/formats.gguf").path)
    let before = file.tensors.map { crc32(file.bytes(of: $0)) }
    for tensor in file.tensors {
      file.releasePages(of: tensor)
      file.willNeed(tensor)
    }
    file.files[0].releasePages(0..<file.totalBytes)
    #expect(file.tensors.map { crc32(file.bytes(of: $0)) } == before)
  }
}

/// What expected.json says of one file.
private struct Expected: Decodable {
  struct Entry: Decodable {
    let key: String
    let type: String
    let elements: String?
    let value: JSON?
  }
  struct Tensor: Decodable {
    let name: String
    let shape: [Int]
    let type: String
    let offset: Int
    let bytes: Int
    let crc32: UInt32
  }
  let metadata: [Entry]
  let tensors: [Tensor]

  static func all() throws -> [String: Expected] {
    let data = try Data(contentsOf: OutsideFiles.fixture("gguf/expected.json"))
    return try JSONDecoder().decode([String: Expected].self, from: data)
  }
}

/// A value without its width, so that the two readers can be compared.
private enum JSON: Decodable, Equatable, ExpressibleByIntegerLiteral {
  case bool(Bool)
  case integer(Int128)
  case float(Double)
  case text(String?)
  case list([JSON])

  init(integerLiteral value: Int) { self = .integer(Int128(value)) }

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let integer = try? value.decode(UInt64.self) {
      self = .integer(Int128(integer))
    } else if let integer = try? value.decode(Int64.self) {
      self = .integer(Int128(integer))
    } else if let float = try? value.decode(Double.self) {
      self = .float(float)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else {
      self = .list(try value.decode([JSON].self))
    }
  }

  init(_ value: GGUFValue) {
    switch value {
    case .uint8(let value): self = .integer(Int128(value))
    case .int8(let value): self = .integer(Int128(value))
    case .uint16(let value): self = .integer(Int128(value))
    case .int16(let value): self = .integer(Int128(value))
    case .uint32(let value): self = .integer(Int128(value))
    case .int32(let value): self = .integer(Int128(value))
    case .uint64(let value): self = .integer(Int128(value))
    case .int64(let value): self = .integer(Int128(value))
    case .float32(let value): self = .init(Double(value))
    case .float64(let value): self = .init(value)
    case .bool(let value): self = .bool(value)
    case .string(let value): self = .text(value.text)
    case .array(let value): self = .list(value.map { JSON($0) })
    }
  }

  /// A number as JSON has it: 65504.0 is an integer there.
  private init(_ value: Double) {
    self = Int64(exactly: value).map { .integer(Int128($0)) } ?? .float(value)
  }
}
