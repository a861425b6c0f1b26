import ModelFiles
import TestSupport
import Testing

/// One file that is wrong in one respect, and the error that must say so.
struct Lie: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  let error: ModelFileError

  init(_ what: String, _ error: ModelFileError, _ write: (inout GGUFBuilder) -> Void) {
    testDescription = what
    var file = GGUFBuilder()
    write(&file)
    bytes = file.bytes
    self.error = error
  }
}

struct GGUFLieTests {
  @Test(arguments: Lie.headers + Lie.metadata + Lie.tensors)
  func isRefused(lie: Lie) throws {
    #expect(thrown { () throws(ModelFileError) in try openInMemory(lie.bytes) } == lie.error)
  }

  /// Each lie's error is one line to show a user: the file first, no control characters.
  @Test(arguments: Lie.headers + Lie.metadata + Lie.tensors)
  func errorIsOneLine(lie: Lie) {
    let text = lie.error.description
    #expect(text.hasPrefix("lie.gguf: "))
    #expect(text.count < 500)
    #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
  }

  /// The files that the lies are variations of are read, so that each lie fails for its own reason.
  @Test(arguments: [2, 3] as [UInt32])
  func theTruthIsRead(version: UInt32) throws {
    var file = GGUFBuilder()
    file.header(version: version, tensors: 2, keys: 2)
    file.key("general.alignment", type: 4)
    file.u32(64)
    file.key("list", type: 9)
    file.array(of: 9, count: 1)
    file.array(of: 9, count: 1)
    file.array(of: 9, count: 1)
    file.array(of: 7, count: 2)
    file.bytes += [0, 1]
    file.tensor("scalar", [], offset: 64)
    file.tensor("matrix", [32, 1, 1, 2], type: 8, offset: 128)
    file.pad(to: 64)
    let start = file.bytes.count
    file.zeros(128 + 68)

    let read = try openInMemory(file.bytes)
    #expect(read.version == Int(version))
    let nested = "[[[[bool]]] x 1] [[[bool]] x 1] [[bool] x 1] [bool x 2] false, true"
    #expect(read.metadata["list"]?.description == nested)
    #expect(read.tensors.map(\.shape) == [[1], [32, 1, 1, 2]])
    #expect(read.tensors.map(\.offset) == [start + 64, start + 128])
    #expect(read.tensors.map(\.byteCount) == [4, 68])
  }

  /// Control characters of names, which could command a terminal, do not reach the message.
  @Test func namesAreEscapedInErrors() {
    var file = GGUFBuilder()
    file.header(keys: 1)
    file.key("\u{1B}[2J\n", type: 99)
    let error = thrown { () throws(ModelFileError) in try openInMemory(file.bytes) }
    #expect(error?.description.contains(#"the value of \u{1B}[2J\n has type 99"#) == true)
  }
}
