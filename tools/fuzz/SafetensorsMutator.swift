import TestSupport

/// Damages safetensors files: mostly their headers, whose length then says so.
struct SafetensorsMutator {
  private let bytes: ByteMutator
  private let words: [String]

  /// What headers are made of, and numbers that they go wrong at.
  private static let words = [
    "{", "}", "[", "]", ",", ":", "\"", "\\u00e9", "\\ud83d\\udc4b", "\\", "\"dtype\":\"F32\",",
    "\"shape\":[2],", "\"data_offsets\":[0,8]", "\"__metadata__\":{\"a\":\"b\"},", "null", "true",
    "-1", "1e3", "9223372036854775807", "9223372036854775808", "4294967296", "0", "\"F8_E4M3\"",
    "\"BF16\"", " ",
  ]

  /// Pieces come from `corpus`, and from `more` words that headers of this kind are made of.
  init(corpus: [[UInt8]], words more: [String] = []) {
    words = Self.words + more
    bytes = ByteMutator(donors: corpus + [Array(words.joined().utf8)])
  }

  /// Makes one change.
  func mutate(_ file: inout [UInt8], _ random: inout SplitMix64) {
    let header = headerRange(file)
    if !header.isEmpty, Int.random(in: 0..<4, using: &random) > 0 {
      rearrange(&file, header, &random)
    } else {
      bytes.mutate(&file, places: [0, 0, 4, 7, 8], &random)
    }
  }

  private func headerRange(_ bytes: [UInt8]) -> Range<Int> {
    guard bytes.count > 8 else { return 0..<0 }
    let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return 8..<8 + Int(min(length, UInt64(bytes.count - 8)))
  }

  /// Changes the header, and has its length say so: what follows is then where it was meant to be.
  private func rearrange(_ file: inout [UInt8], _ header: Range<Int>, _ random: inout SplitMix64) {
    var text = Array(file[header])
    let place = Int.random(in: 0..<text.count, using: &random)
    let end = min(place + Int.random(in: 0...12, using: &random), text.count)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: text.replaceSubrange(place..<end, with: words.randomElement(using: &random)!.utf8)
    case 1: text.insert(contentsOf: words.randomElement(using: &random)!.utf8, at: place)
    case 2:
      // A digit of a shape or an offset.
      let digits = text.indices.filter { (0x30...0x39).contains(text[$0]) }
      if let digit = digits.randomElement(using: &random) {
        text[digit] = .random(in: 0x30...0x39, using: &random)
      }
    case 3: bytes.mutate(&text, places: [], &random)
    default:
      // One entry again, or somewhere else.
      let quotes = text.indices.filter { text[$0] == UInt8(ascii: "\"") }
      if let from = quotes.randomElement(using: &random),
        let to = quotes.randomElement(using: &random), from < to
      {
        text.insert(contentsOf: Array(text[from..<to]), at: place)
      }
    }
    file.replaceSubrange(header, with: text)
    file.put(UInt64(text.count), at: 0)
  }
}
