import ModelFiles
import TestSupport

private let path = "lie.gguf"

extension Lie {
  /// Keys and their values.
  static let metadata: [Lie] = [
    Lie(
      "fewer keys than the header says",
      .truncated(path: path, field: "the length of metadata key 1", offset: 55, needed: 8, left: 0)
    ) {
      $0.header(keys: 2)
      $0.entry("long enough key", .u32(1))
    },
    Lie(
      "a key longer than the file",
      .truncated(path: path, field: "metadata key 0", offset: 32, needed: 1 << 40, left: 25)
    ) {
      $0.header(keys: 1)
      $0.string("a", length: 1 << 40)
      $0.zeros(24)
    },
    Lie(
      "a key of 2^64 - 1 bytes",
      .truncated(path: path, field: "metadata key 0", offset: 32, needed: .max, left: 25)
    ) {
      $0.header(keys: 1)
      $0.string("a", length: .max)
      $0.zeros(24)
    },
    Lie(
      "a key of 65536 bytes",
      .nameTooLong(path: path, field: "metadata key 0", length: 65536, most: 65535)
    ) {
      $0.header(keys: 1)
      $0.key(String(repeating: "k", count: 65536), type: 0)
      $0.u8(1)
    },
    Lie("a key that is not UTF-8", .invalidText(path: path, field: "metadata key 0")) {
      $0.header(keys: 1)
      $0.string([0x61, 0xFF, 0x62])
      $0.u32(0)
      $0.zeros(8)
    },
    Lie("a key that is half a character", .invalidText(path: path, field: "metadata key 0")) {
      $0.header(keys: 1)
      $0.string([0xE4, 0xB8])
      $0.u32(0)
      $0.zeros(8)
    },
    Lie("a key that encodes a surrogate", .invalidText(path: path, field: "metadata key 0")) {
      $0.header(keys: 1)
      $0.string([0xED, 0xA0, 0x80])
      $0.u32(0)
      $0.zeros(8)
    },
    Lie("the same key twice", .duplicateKey(path: path, key: "k")) {
      $0.header(keys: 2)
      $0.entry("k", .u32(1))
      $0.entry("k", .string("another type"))
    },
    Lie("value type 13", .unknownValueType(path: path, key: "k", type: 13)) {
      $0.header(keys: 1)
      $0.key("k", type: 13)
      $0.zeros(8)
    },
    Lie("value type 2^32 - 1", .unknownValueType(path: path, key: "k", type: .max)) {
      $0.header(keys: 1)
      $0.key("k", type: .max)
      $0.zeros(8)
    },
    Lie("a bool of 2", .invalidBool(path: path, key: "k", byte: 2)) {
      $0.header(keys: 1)
      $0.key("k", type: 7)
      $0.u8(2)
    },
    Lie("a bool of 255 in an array", .invalidBool(path: path, key: "k", byte: 255)) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      $0.array(of: 7, count: 3)
      $0.bytes += [0, 1, 255]
    },
    Lie(
      "half a number",
      .truncated(path: path, field: "the value of k", offset: 37, needed: 8, left: 4)
    ) {
      $0.header(keys: 1)
      $0.key("k", type: 10)
      $0.u32(0)
    },
    Lie(
      "a string longer than the file",
      .truncated(path: path, field: "the value of k", offset: 45, needed: 4, left: 3)
    ) {
      $0.header(keys: 1)
      $0.key("k", type: 8)
      $0.string("abc", length: 4)
    },
    Lie(
      "a string of 2^63 bytes",
      .truncated(path: path, field: "the value of k", offset: 45, needed: 1 << 63, left: 3)
    ) {
      $0.header(keys: 1)
      $0.key("k", type: 8)
      $0.string("abc", length: 1 << 63)
    },
    Lie("an array of type 77", .unknownValueType(path: path, key: "k", type: 77)) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      $0.array(of: 77, count: 1)
      $0.zeros(8)
    },
    Lie(
      "an array of 2^40 bytes",
      .countTooLarge(
        path: path, field: "the number of elements of k", count: 1 << 40, most: 100)
    ) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      $0.array(of: 0, count: 1 << 40)
      $0.zeros(100)
    },
    Lie(
      // Times the size of an element, this wraps round to 8.
      "an array of 2^61 + 1 numbers",
      .countTooLarge(
        path: path, field: "the number of elements of k", count: (1 << 61) + 1, most: 12)
    ) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      $0.array(of: 12, count: (1 << 61) + 1)
      $0.zeros(100)
    },
    Lie(
      "an array of one string too many to fit",
      .countTooLarge(path: path, field: "the number of elements of k", count: 13, most: 12)
    ) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      $0.array(of: 8, count: 13)
      $0.zeros(12 * 8)
    },
    Lie(
      "an array of strings whose last is longer than the file",
      .truncated(path: path, field: "the value of k", offset: 66, needed: 6, left: 5)
    ) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      $0.array(of: 8, count: 2)
      $0.string("a")
      $0.string("bcdef", length: 6)
    },
    Lie(
      "an array of arrays that cannot fit",
      .countTooLarge(path: path, field: "the number of elements of k", count: 3, most: 2)
    ) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      $0.array(of: 9, count: 3)
      $0.array(of: 0, count: 0)
      $0.array(of: 0, count: 0)
    },
    Lie(
      "an array within an array that cannot fit",
      .countTooLarge(path: path, field: "the number of elements of k", count: .max, most: 12)
    ) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      $0.array(of: 9, count: 2)
      $0.array(of: 1, count: .max)
      $0.array(of: 1, count: 0)
    },
    Lie("arrays five deep", .arraysNestedTooDeeply(path: path, key: "k", most: 4)) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      for _ in 0..<4 { $0.array(of: 9, count: 1) }
      $0.array(of: 0, count: 1)
      $0.u8(1)
    },
    Lie("arrays a million deep", .arraysNestedTooDeeply(path: path, key: "k", most: 4)) {
      $0.header(keys: 1)
      $0.key("k", type: 9)
      for _ in 0..<1_000_000 { $0.array(of: 9, count: 1) }
    },
    alignment("0 (uint32)") { $0.entry("general.alignment", .u32(0)) },
    alignment("4 (uint32)") { $0.entry("general.alignment", .u32(4)) },
    alignment("48 (uint32)") { $0.entry("general.alignment", .u32(48)) },
    alignment("2097152 (uint32)") { $0.entry("general.alignment", .u32(1 << 21)) },
    alignment("32 (int32)") { $0.entry("general.alignment", .i32(32)) },
    alignment("\"32\" (string)") { $0.entry("general.alignment", .string("32")) },
  ]

  private static func alignment(
    _ found: String, _ write: (inout GGUFBuilder) -> Void
  ) -> Lie {
    Lie("alignment \(found)", .invalidAlignment(path: path, found: found)) {
      $0.header(keys: 1)
      write(&$0)
    }
  }
}
