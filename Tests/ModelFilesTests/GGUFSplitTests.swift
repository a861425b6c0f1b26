import ModelFiles
import TestSupport
import Testing

/// Models in several files. The fixture is by the gguf package; the wrong ones are built here.
struct GGUFSplitTests {
  /// Any part leads to the whole.
  @Test(arguments: 1...3)
  func opensFromAnyPart(number: Int) throws {
    let path = OutsideFiles.fixture("gguf/split-0000\(number)-of-00003.gguf").path
    let file = try GGUFFile(path: path)
    #expect(file.path == path)
    #expect(file.tensors.map(\.name) == ["f32.a", "q8_0.b", "f16.c", "q4_0.d", "q4_1.e"])
    #expect(file.tensors.map(\.part) == [0, 0, 1, 1, 2])
    #expect(file.totalBytes == 640 + 352 + 352)
    #expect(try file.metadata.string("general.name") == "in parts")
  }

  /// The number, the count, the number of tensors of the model and the tensors of one part.
  private func part(
    _ number: Int32?, of count: Int32, tensorsInAll: Int32?, names: [String]
  ) -> [UInt8] {
    var metadata: [(String, GGUFBuilder.Value)] = [("split.count", .i32(count))]
    if let number { metadata.append(("split.no", .i32(number))) }
    if let tensorsInAll { metadata.append(("split.tensors.count", .i32(tensorsInAll))) }
    return GGUFBuilder.file(
      metadata: metadata, tensors: names.map { .init($0, [1], data: [1, 2, 3, 4]) })
  }

  private static let first = "m-00001-of-00002.gguf"
  private static let second = "m-00002-of-00002.gguf"

  /// The error of opening the first of two parts, with the second as given.
  private func error(
    _ second: [UInt8]?, tensorsInAll: Int32? = 2, from path: String = first
  ) -> ModelFileError? {
    var files = [Self.first: part(0, of: 2, tensorsInAll: tensorsInAll, names: ["a"])]
    files[Self.second] = second
    return thrown { () throws(ModelFileError) in try openInMemory(path, of: files) }
  }

  @Test(arguments: [first, second])
  func partsThatBelongTogetherAreRead(path: String) {
    #expect(error(part(1, of: 2, tensorsInAll: 2, names: ["b"]), from: path) == nil)
  }

  /// Older writers leave the number of tensors out.
  @Test func theNumberOfTensorsIsOptional() {
    #expect(error(part(1, of: 2, tensorsInAll: nil, names: ["b"]), tensorsInAll: nil) == nil)
  }

  @Test func aMissingPartIsNamed() {
    #expect(error(nil) == .missingPart(path: Self.second, part: 2, count: 2))
  }

  @Test func aPartWithAnotherNumberIsRefused() {
    #expect(
      error(part(0, of: 2, tensorsInAll: 2, names: ["b"]))
        == .partMismatch(path: Self.second, field: "split.no", found: "0", wanted: "1"))
  }

  @Test func aPartWithoutANumberIsRefused() {
    #expect(
      error(part(nil, of: 2, tensorsInAll: 2, names: ["b"]))
        == .partMismatch(path: Self.second, field: "split.no", found: "missing", wanted: "1"))
  }

  @Test func aPartOfMorePartsIsRefused() {
    #expect(
      error(part(1, of: 3, tensorsInAll: 2, names: ["b"]))
        == .partMismatch(path: Self.second, field: "split.count", found: "3", wanted: "2"))
  }

  @Test func aPartOfAnotherModelIsRefused() {
    #expect(
      error(part(1, of: 2, tensorsInAll: 9, names: ["b"]))
        == .partMismatch(path: Self.second, field: "split.tensors.count", found: "9", wanted: "2"))
  }

  @Test func aTensorThatIsMissingIsNoticed() {
    #expect(
      error(part(1, of: 2, tensorsInAll: 2, names: []))
        == .partMismatch(
          path: Self.first, field: "the number of tensors of all parts", found: "1",
          wanted: "2 (split.tensors.count)"))
  }

  @Test func theSameTensorInTwoPartsIsRefused() {
    #expect(
      error(part(1, of: 2, tensorsInAll: 2, names: ["a"]))
        == .duplicateTensor(path: Self.second, tensor: "a"))
  }

  @Test func aDamagedPartIsNamed() {
    #expect(
      error(Array("PK\u{3}\u{4}".utf8))
        == .wrongKind(path: Self.second, wanted: .gguf, found: .zip))
  }

  @Test(arguments: [
    "model.gguf", "m-00002-of-00002.gguf", "m-00001-of-00003.gguf", "m-1-of-2.gguf",
    "m-00001-of-00002.bin", "m-+0001-of-00002.gguf", "00001-of-00002.gguf",
  ])
  func aPartUnderAnotherNameIsRefused(path: String) {
    let bytes = part(0, of: 2, tensorsInAll: 2, names: ["a"])
    #expect(
      thrown { () throws(ModelFileError) in try openInMemory(path, of: [path: bytes]) }
        == .splitNameMismatch(
          path: path, part: 1, count: 2, ending: "-00001-of-00002.gguf"))
  }

  @Test(arguments: [2, -1, Int32.max])
  func aNumberBeyondTheCountIsRefused(number: Int32) {
    let bytes = part(number, of: 2, tensorsInAll: 2, names: ["a"])
    #expect(
      thrown { () throws(ModelFileError) in try openInMemory(bytes) }
        == .outOfRange(
          path: "lie.gguf", key: "split.no", found: "\(number)", wanted: "from 0 to 1"))
  }

  @Test(arguments: [-1, 65536])
  func aCountOutOfRangeIsRefused(count: Int32) {
    let bytes = part(0, of: count, tensorsInAll: 2, names: ["a"])
    #expect(
      thrown { () throws(ModelFileError) in try openInMemory(bytes) }
        == .outOfRange(
          path: "lie.gguf", key: "split.count", found: "\(count)", wanted: "from 0 to 65535"))
  }

  /// A model of one part is a model, whatever its name.
  @Test func onePartOfOneIsRead() throws {
    let file = try openInMemory(part(0, of: 1, tensorsInAll: 1, names: ["a"]))
    #expect(file.tensors.count == 1)
  }
}
