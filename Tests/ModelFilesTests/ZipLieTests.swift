import ModelFiles
import TestSupport
import Testing

private let path = BadFile.path

/// Two floats under the name "a".
private let pickle: [UInt8] = {
  var pickle = PickleBuilder()
  pickle.op("}")
  pickle.text("a")
  pickle.tensor(count: 2, shape: [2], strides: [1])
  pickle.op("s.")
  return pickle.bytes
}()

private func archive(isLong: Bool = false) -> ZipBuilder {
  ZipBuilder([("a/data.pkl", pickle), ("a/data/0", [0, 0, 128, 63, 0, 0, 0, 64])], isLong: isLong)
}

/// The archive's envelope: records, sizes, places.
struct ZipLieTests {
  @Test(arguments: lies)
  func isRefused(lie: BadFile) {
    let error = lie.refusal { file throws(ModelFileError) in _ = try PyTorchArchive(file) }
    #expect(error == lie.error)
  }

  @Test(arguments: [false, true])
  func theTruthIsRead(isLong: Bool) throws {
    let read = try PyTorchArchive(mapped(archive(isLong: isLong).bytes))
    var values: [Float] = [0, 0]
    try values.withUnsafeMutableBufferPointer { buffer throws(ModelFileError) in
      try read.tensors.readFloats(of: read.tensors[0], elements: 0..<2, into: buffer)
    }
    #expect(values == [1, 2])
  }

  /// A comment behind the end record is allowed, where its length is right.
  @Test func aCommentIsRead() throws {
    var zip = archive()
    zip.bytes.put(UInt16(300), at: zip.end + 20)
    zip.bytes += [UInt8](repeating: 0x50, count: 300)
    #expect(try PyTorchArchive(mapped(zip.bytes)).tensors.count == 1)
  }

  @Test(arguments: [false, true])
  func everyTruncationIsRefused(isLong: Bool) {
    let whole = archive(isLong: isLong).bytes
    for length in 0..<whole.count {
      let error = thrown { () throws(ModelFileError) in
        try PyTorchArchive(mapped(Array(whole[..<length])))
      }
      switch error {
      case .emptyFile, .truncated: break
      // What is left of the magic.
      case .wrongKind where length < 4: break
      default: Issue.record("\(length): \(String(describing: error))")
      }
    }
  }

  /// A kilobyte of archive that claims eight gigabytes: refused before anything is read.
  @Test func aBombIsRefused() {
    var zip = archive(isLong: true)
    let size = zip.centrals[1] + 46 + 8 + 4
    zip.bytes.put(UInt64(8) << 30, at: size)
    zip.bytes.put(UInt64(8) << 30, at: size + 8)
    let error = thrown { () throws(ModelFileError) in try PyTorchArchive(mapped(zip.bytes)) }
    #expect(
      error
        == .invalidField(
          path: path, field: "the size and place of the entry a/data/0",
          found: "8589934592 and \(zip.locals[1])",
          wanted: "inside of the file's \(zip.bytes.count) bytes"))
  }

  private static func lie(
    _ what: String, isLong: Bool = false, _ error: (ZipBuilder) -> ModelFileError,
    _ change: (inout ZipBuilder) -> Void
  ) -> BadFile {
    var zip = archive(isLong: isLong)
    let error = error(zip)
    change(&zip)
    return BadFile(what, error, zip.bytes)
  }

  private static func field(_ field: String, _ found: String, _ wanted: String) -> ModelFileError {
    .invalidField(path: path, field: field, found: found, wanted: wanted)
  }

  static let lies: [BadFile] = [
    BadFile(
      "another kind", .wrongKind(path: path, wanted: .zip, found: .safetensors),
      [2, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D]),
    lie(
      "a deflated entry",
      { _ in .unsupportedEntry(path: path, entry: "a/data.pkl", problem: "deflated") },
      { $0.bytes.put(UInt16(8), at: $0.centrals[0] + 10) }),
    lie(
      "an entry of another method",
      { _ in
        .unsupportedEntry(path: path, entry: "a/data.pkl", problem: "compressed with method 93")
      },
      { $0.bytes.put(UInt16(93), at: $0.centrals[0] + 10) }),
    lie(
      "an encrypted entry",
      { _ in .unsupportedEntry(path: path, entry: "a/data/0", problem: "encrypted") },
      { $0.bytes.put(UInt16(1), at: $0.centrals[1] + 8) }),
    lie(
      "deflated by its own header only",
      { _ in
        field("the method before the entry a/data.pkl", "8", "0, as the directory says")
      },
      { $0.bytes.put(UInt16(8), at: $0.locals[0] + 8) }),
    lie(
      "another name before the entry",
      { _ in
        field("the name before the entry a/data/0", "b/data/0", "a/data/0, as the directory says")
      },
      { $0.bytes[$0.locals[1] + 30] = 0x62 }),
    lie(
      "another size before the entry",
      { _ in field("the size before the entry a/data/0", "9", "8, as the directory says") },
      { $0.bytes.put(UInt32(9), at: $0.locals[1] + 22) }),
    lie(
      "another checksum before the entry",
      { _ in
        field(
          "the checksum before the entry a/data/0", "7",
          "\(crc32([0, 0, 128, 63, 0, 0, 0, 64])), as the directory says")
      },
      { $0.bytes.put(UInt32(7), at: $0.locals[1] + 14) }),
    lie(
      "other flags before the entry",
      { _ in field("the flags before the entry a/data/0", "2048", "0, as the directory says") },
      { $0.bytes.put(UInt16(2048), at: $0.locals[1] + 6) }),
    lie(
      "no header before the entry",
      { _ in
        field("the signature before the entry a/data/0", "0", "67324752, as the directory says")
      },
      { $0.bytes.put(UInt32(0), at: $0.locals[1]) }),
    lie(
      "compressed and unpacked sizes that differ",
      { _ in field("the size of the entry a/data/0", "80000", "8, as it is stored") },
      { $0.bytes.put(UInt32(80000), at: $0.centrals[1] + 24) }),
    lie(
      "an entry that reaches into the directory",
      { zip in
        .truncated(
          path: path, field: "the entry a/data/0", offset: zip.locals[1], needed: 30 + 8 + 9,
          left: 30 + 8 + 8)
      },
      {
        for place in [
          $0.centrals[1] + 20, $0.centrals[1] + 24, $0.locals[1] + 18, $0.locals[1] + 22,
        ] { $0.bytes.put(UInt32(9), at: place) }
      }),
    lie(
      "an entry in the directory",
      { zip in
        .truncated(
          path: path, field: "the entry a/data/0", offset: zip.centrals[0], needed: 30, left: 0)
      },
      { $0.bytes.put(UInt32($0.centrals[0]), at: $0.centrals[1] + 42) }),
    lie(
      "an entry behind the file",
      { zip in
        field(
          "the size and place of the entry a/data/0", "8 and 4294967294",
          "inside of the file's \(zip.bytes.count) bytes")
      },
      { $0.bytes.put(UInt32.max - 1, at: $0.centrals[1] + 42) }),
    lie(
      "a wrong checksum of the pickle",
      { _ in
        field("the checksum of the entry a/data.pkl", "\(crc32(pickle))", "\(crc32(pickle) ^ 1)")
      },
      {
        for place in [$0.centrals[0] + 16, $0.locals[0] + 14] {
          $0.bytes.put(crc32(pickle) ^ 1, at: place)
        }
      }),
    lie(
      "too few entries",
      { _ in field("the number of entries", "1", "2, as the directory has") },
      { $0.bytes.put(UInt16(1), at: $0.end + 10) }),
    lie(
      "no record in the directory",
      { zip in
        field(
          "the signature of the directory's entry at byte \(zip.centrals[1])", "0", "33639248")
      },
      { $0.bytes.put(UInt32(0), at: $0.centrals[1]) }),
    lie(
      "a name longer than the directory",
      { zip in
        .truncated(
          path: path, field: "an entry of the archive's directory", offset: zip.centrals[1],
          needed: 46 + 60000, left: 46 + 8)
      },
      { $0.bytes.put(UInt16(60000), at: $0.centrals[1] + 28) }),
    lie(
      "a name that is not UTF-8",
      { zip in
        .invalidText(
          path: path, field: "the name of the archive's entry at byte \(zip.centrals[1])")
      },
      { $0.bytes[$0.centrals[1] + 46] = 0xFF }),
    lie(
      "a directory in another place",
      { zip in field("the directory's place", "1", "\(zip.centrals[0])") },
      { $0.bytes.put(UInt32(1), at: $0.end + 16) }),
    lie(
      "a directory larger than the file",
      { zip in field("the directory's size", "4294967294", "at most \(zip.end)") },
      { $0.bytes.put(UInt32.max - 1, at: $0.end + 12) }),
    lie(
      "several disks", { _ in field("the disk number", "65537", "0") },
      { $0.bytes.put(UInt32(65537), at: $0.end + 4) }),
    lie(
      "something behind the end",
      { zip in
        .truncated(
          path: path, field: "the archive's end record", offset: zip.bytes.count + 1, needed: 22,
          left: 0)
      },
      { $0.bytes.append(0) }),
    lie(
      "a ZIP64 record in another place", isLong: true,
      { _ in
        field("the place of the ZIP64 end record", "5", "directly before its locator")
      },
      { $0.bytes.put(UInt64(5), at: $0.end - 12) }),
    lie(
      "no ZIP64 record", isLong: true,
      { _ in field("the signature of the ZIP64 end record", "1", "101075792") },
      { $0.bytes.put(UInt32(1), at: $0.end64) }),
    lie(
      "two numbers of entries", isLong: true,
      { _ in field("the number of entries", "7", "2, as the ZIP64 record has it") },
      { $0.bytes.put(UInt16(7), at: $0.end + 10) }),
    lie(
      "a directory of 2^64 - 1 bytes", isLong: true,
      { zip in field("the directory's size", "18446744073709551615", "at most \(zip.end64)") },
      { $0.bytes.put(UInt64.max, at: $0.end64 + 40) }),
    lie(
      "a ZIP64 field without its numbers", isLong: true,
      { _ in
        field(
          "the ZIP64 field of the entry a/data/0", "too short",
          "as long as the sizes it stands for")
      },
      { $0.bytes.put(UInt16(16), at: $0.centrals[1] + 46 + 8 + 2) }),
    BadFile(
      "the same entry twice",
      field("the entry a/data.pkl", "there twice", "there once"),
      ZipBuilder([("a/data.pkl", pickle), ("a/data.pkl", pickle)]).bytes),
    {
      // Both records point to the first entry, whose name both have: a bomb's way to be small.
      var zip = ZipBuilder([("a/data.pkl", pickle), ("a/data.pkm", pickle)])
      zip.bytes.put(UInt32(zip.locals[0]), at: zip.centrals[1] + 42)
      zip.bytes[zip.centrals[1] + 46 + 9] = 0x6C
      return BadFile(
        "two records of one entry", field("the entry a/data.pkl", "there twice", "there once"),
        zip.bytes)
    }(),
    {
      // The second entry lies, header and all, within the data of the first.
      let inner = ZipBuilder([("a/data/0", [1, 2, 3, 4])])
      var zip = ZipBuilder([("a/data.pkl", inner.bytes), ("a/data/0", [1, 2, 3, 4])])
      let place = zip.locals[0] + 30 + 10
      zip.bytes.put(UInt32(place), at: zip.centrals[1] + 42)
      return BadFile(
        "an entry within another",
        field(
          "the place of the entry a/data/0", "\(place)",
          "behind the entry a/data.pkl, which ends at \(place + inner.bytes.count)"), zip.bytes)
    }(),
    BadFile(
      "no pickle", .missingEntry(path: path, entry: "data.pkl"),
      ZipBuilder([("a/data/0", [1, 2, 3])]).bytes),
    BadFile(
      "two pickles", field("the number of entries data.pkl", "2", "1"),
      ZipBuilder([("a/data.pkl", pickle), ("b/data.pkl", pickle)]).bytes),
    BadFile(
      "big-endian", field("the byte order", "big", "little"),
      ZipBuilder([("a/data.pkl", pickle), ("a/byteorder", Array("big".utf8))]).bytes),
  ]
}
