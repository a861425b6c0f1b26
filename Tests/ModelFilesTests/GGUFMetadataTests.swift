import ModelFiles
import TestSupport
import Testing

/// Typed access: what fits is returned, what does not is named.
struct GGUFMetadataTests {
  private func metadata(_ entries: [(String, GGUFBuilder.Value)]) throws -> GGUFMetadata {
    try openInMemory(GGUFBuilder.file(metadata: entries)).metadata
  }

  @Test func keysKeepTheirOrder() throws {
    let keys = ["z", "a", "m", "b"]
    #expect(try metadata(keys.map { ($0, .u32(1)) }).keys == keys)
  }

  @Test func missingKeysThrowOrAreNil() throws {
    let metadata = try metadata([])
    let missing = ModelFileError.missingKey(path: "lie.gguf", key: "k")
    #expect(throws: missing) { try metadata.string("k") }
    #expect(throws: missing) { try metadata.integer("k") }
    #expect(throws: missing) { try metadata.float("k") }
    #expect(throws: missing) { try metadata.bool("k") }
    #expect(throws: missing) { try metadata.array("k") }
    #expect(throws: missing) { try metadata.strings("k") }
    #expect(throws: missing) { try metadata.integers("k") }
    #expect(throws: missing) { try metadata.floats("k") }
    #expect(throws: missing) { try metadata.bools("k") }
    #expect(try metadata.stringIfPresent("k") == nil)
    #expect(try metadata.integerIfPresent("k") == nil)
    #expect(try metadata.floatIfPresent("k") == nil)
    #expect(try metadata.boolIfPresent("k") == nil)
    #expect(try metadata.arrayIfPresent("k") == nil)
    #expect(try metadata.stringsIfPresent("k") == nil)
    #expect(try metadata.integersIfPresent("k") == nil)
    #expect(try metadata.floatsIfPresent("k") == nil)
    #expect(try metadata.boolsIfPresent("k") == nil)
  }

  @Test func otherTypesAreRefusedEvenWhereOptional() throws {
    let metadata = try metadata([
      ("s", .string("1")), ("u", .u32(1)), ("f", .f32(1)), ("list", .strings(["1"])),
      ("numbers", .i32s([1])),
    ])
    func wrong(_ key: String, _ found: String, _ wanted: String) -> ModelFileError {
      .wrongType(path: "lie.gguf", key: key, found: found, wanted: wanted)
    }
    #expect(throws: wrong("u", "uint32", "string")) { try metadata.stringIfPresent("u") }
    #expect(throws: wrong("s", "string", "an integer")) { try metadata.integerIfPresent("s") }
    #expect(throws: wrong("f", "float32", "an integer")) { try metadata.integerIfPresent("f") }
    #expect(throws: wrong("u", "uint32", "a float")) { try metadata.floatIfPresent("u") }
    #expect(throws: wrong("u", "uint32", "bool")) { try metadata.boolIfPresent("u") }
    #expect(throws: wrong("s", "string", "an array")) { try metadata.arrayIfPresent("s") }
    #expect(throws: wrong("numbers", "[int32]", "[string]")) {
      try metadata.stringsIfPresent("numbers")
    }
    #expect(throws: wrong("list", "[string]", "an array of integers")) {
      try metadata.integersIfPresent("list")
    }
    #expect(throws: wrong("numbers", "[int32]", "an array of floats")) {
      try metadata.floatsIfPresent("numbers")
    }
    #expect(throws: wrong("numbers", "[int32]", "an array of bools")) {
      try metadata.boolsIfPresent("numbers")
    }
  }

  @Test func integersAreCheckedAgainstTheRange() throws {
    let metadata = try metadata([("n", .i32(-1)), ("list", .i32s([1, 300]))])
    #expect(try metadata.integer("n") == -1)
    #expect(try metadata.integer("n", in: -1...(-1)) == -1)
    let error = ModelFileError.outOfRange(
      path: "lie.gguf", key: "n", found: "-1", wanted: "from 0 to 10")
    #expect(throws: error) { try metadata.integer("n", in: 0...10) }
    #expect(try metadata.integers("list", as: UInt16.self) == [1, 300])
    let element = ModelFileError.outOfRange(
      path: "lie.gguf", key: "list", found: "300", wanted: "from 0 to 255")
    #expect(throws: element) { try metadata.integers("list", as: UInt8.self) }
  }

  @Test func unsignedIntegersAboveInt64AreOutOfRange() throws {
    let file = try GGUFFile(path: OutsideFiles.fixture("gguf/types.gguf").path)
    #expect(try file.metadata.integer("test.int64.most") == Int.max)
    #expect(try file.metadata.integer("test.int64.least") == Int.min)
    #expect(try file.metadata.integer("test.uint8.most", in: 255...255) == 255)
    let error = thrown { () throws(ModelFileError) in
      try file.metadata.integer("test.uint64.most")
    }
    guard case .outOfRange(_, "test.uint64.most", "18446744073709551615", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func floatsMustBeFinite(value: Float) throws {
    let metadata = try metadata([("f", .f32(value)), ("list", .f32s([value]))])
    let error = thrown { () throws(ModelFileError) in try metadata.float("f") }
    guard case .outOfRange(_, "f", _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    // Even where the caller's range would let it in.
    #expect(throws: ModelFileError.self) { try metadata.float("f", in: 0...(.infinity)) }
    // Scores of a vocabulary may be anything; whether they make sense is for the tokenizer.
    #expect(try metadata.floats("list")[0].bitPattern == value.bitPattern)
  }

  @Test func floatsAreCheckedAgainstTheRange() throws {
    let metadata = try metadata([("f", .f32(1.5))])
    #expect(try metadata.float("f", in: 1...2) == 1.5)
    let error = ModelFileError.outOfRange(
      path: "lie.gguf", key: "f", found: "1.5", wanted: "from 2.0 to 3.0")
    #expect(throws: error) { try metadata.float("f", in: 2...3) }
  }

  @Test func stringsMayHoldAnyBytes() throws {
    let pieces: [[UInt8]] = [[0xE4, 0xB8], [], Array("ab".utf8), [0, 1]]
    let metadata = try metadata([("list", .byteStrings(pieces))])
    let strings = try metadata.strings("list")
    #expect(strings.map(\.bytes) == pieces)
    #expect(strings.map(\.text) == [nil, "", "ab", "\0\u{1}"])
    #expect(strings[0].lossyText == "\u{FFFD}")
    #expect(strings[2].withBytes { $0.count } == 2)
  }

  @Test func textMustBeUTF8WhereItIsAskedFor() throws {
    var file = GGUFBuilder()
    file.header(keys: 1)
    file.key("template", type: 8)
    file.string([0x61, 0xFF])
    let metadata = try openInMemory(file.bytes).metadata
    #expect(
      throws: ModelFileError.invalidText(path: "lie.gguf", field: "the value of template")
    ) { try metadata.string("template") }
    #expect(metadata["template"]?.description == "\"a\u{FFFD}\"")
  }

  @Test func descriptionsAreShort() throws {
    let metadata = try metadata([
      ("text", .string(String(repeating: "é", count: 1000))),
      ("escape", .string("a\n\u{1B}[2J")),
      ("pieces", .strings(["a", "b", "c", "d"])),
      ("three", .i32s([1, 2, 3])),
      ("none", .strings([])),
      ("yes", .bool(true)),
      ("f", .f32(0.5)),
    ])
    #expect(
      metadata["text"]?.description == "\"" + String(repeating: "é", count: 60) + "…\"")
    #expect(metadata["escape"]?.description == #""a\n\u{1B}[2J""#)
    #expect(metadata["pieces"]?.description == #"[string x 4] "a", "b", "c", …"#)
    #expect(metadata["three"]?.description == "[int32 x 3] 1, 2, 3")
    #expect(metadata["none"]?.description == "[string x 0]")
    #expect(metadata["yes"]?.description == "true")
    #expect(metadata["f"]?.description == "0.5")
  }

  /// Values keep the file mapped by themselves.
  @Test func stringsOutliveTheFile() throws {
    let strings = try {
      let file = try GGUFFile(path: OutsideFiles.fixture("gguf/types.gguf").path)
      return try file.metadata.strings("test.string.array")
    }()
    #expect(strings.map(\.text) == ["<s>", "▁the", "é", "世界", "", "last"])
  }
}
