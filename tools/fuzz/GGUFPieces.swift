import TestSupport

/// A GGUF file taken apart into its metadata entries and tensor infos, so that they can be moved,
/// doubled and left out with the counts still right. Trusts the corpus: it traps on a file that is
/// not right. Knows nothing of the reader under test.
struct GGUFPieces {
  private var version: UInt32
  private var entries: [Piece] = []
  private var infos: [Piece] = []
  private var data: [UInt8] = []
  private var alignment = 32

  /// Bytes, and where in them the fields are.
  fileprivate struct Piece {
    var bytes: [UInt8]
    var places: [Int]
  }

  struct NotGGUF: Error { var name: String }

  init(_ file: CorpusFile) throws {
    guard file.bytes.starts(with: "GGUF".utf8), file.bytes.count >= 24 else {
      throw NotGGUF(name: file.name)
    }
    var scanner = Scanner(bytes: file.bytes, offset: 4)
    version = UInt32(scanner.number(4))
    let tensorCount = scanner.number(8)
    let entryCount = scanner.number(8)
    for _ in 0..<entryCount {
      entries.append(
        scanner.piece {
          let key = $0.string()
          let type = $0.number(4)
          if key == Array("general.alignment".utf8) {
            var ahead = $0
            alignment = ahead.number(4)
          }
          $0.value(type)
        })
    }
    for _ in 0..<tensorCount {
      infos.append(
        scanner.piece {
          _ = $0.string()
          for _ in 0..<$0.number(4) { _ = $0.number(8) }
          _ = $0.number(4)
          _ = $0.number(8)
        })
    }
    let start = (scanner.offset + alignment - 1) / alignment * alignment
    data = Array(file.bytes.dropFirst(start))
  }

  /// Makes one change that keeps the file's structure, with what `other` has or what is known to be
  /// looked at.
  mutating func rearrange(_ other: GGUFPieces, _ random: inout SplitMix64) {
    let entry = entries.indices.randomElement(using: &random)
    let info = infos.indices.randomElement(using: &random)
    switch Int.random(in: 0..<9, using: &random) {
    case 0:
      if let entry { entries.remove(at: entry) }
    case 1:
      if let info { infos.remove(at: info) }
    case 2:
      if let piece = other.entries.randomElement(using: &random) { entries.append(piece) }
    case 3:
      if let piece = other.infos.randomElement(using: &random) { infos.append(piece) }
    case 4:
      entries.shuffle(using: &random)
    case 5:
      infos.shuffle(using: &random)
    case 6:
      if let entry { entries[entry].rename(&random) }
    case 7:
      if let info { infos[info].rename(&random) }
    default:
      entries.append(Self.wellKnown(&random))
    }
  }

  /// The file, and where its fields are.
  func assembled() -> (bytes: [UInt8], places: [Int]) {
    var file = GGUFBuilder()
    file.header(
      version: version, tensors: UInt64(infos.count), keys: UInt64(entries.count))
    var places = [0, 4, 8, 8, 8, 16, 16, 16]
    for piece in entries + infos {
      places += piece.places.map { $0 + file.bytes.count }
      file.bytes += piece.bytes
    }
    file.zeros((alignment - file.bytes.count % alignment) % alignment)
    file.bytes += data
    return (file.bytes, places)
  }

  /// An entry that the reader itself looks at, or a type that is rare.
  private static func wellKnown(_ random: inout SplitMix64) -> Piece {
    var piece = GGUFBuilder()
    let keys = [
      "general.alignment", "split.no", "split.count", "split.tensors.count",
      "k\(Int.random(in: 0..<1000, using: &random))",
    ]
    let key = keys.randomElement(using: &random)!
    let number = [0, 1, 2, 8, 16, 32, 64, 1 << 20, 1 << 21, UInt64.max].randomElement(
      using: &random)!
    switch Int.random(in: 0..<6, using: &random) {
    case 0: piece.entry(key, .i32(Int32(truncatingIfNeeded: number)))
    case 1: piece.entry(key, .string(String(number)))
    case 2:
      piece.key(key, type: 10)
      piece.u64(number)
    case 3:
      piece.key(key, type: 9)
      for _ in 0..<Int.random(in: 0...5, using: &random) { piece.array(of: 9, count: 1) }
      piece.array(of: 9, count: 2)
      piece.array(of: 8, count: 0)
      piece.array(of: 7, count: 1)
      piece.u8(1)
    default: piece.entry(key, .u32(UInt32(truncatingIfNeeded: number)))
    }
    return Piece(bytes: piece.bytes, places: [0, 8, 8 + key.utf8.count, 12 + key.utf8.count])
  }
}

extension GGUFPieces.Piece {
  /// Gives the key or tensor another name of another length.
  fileprivate mutating func rename(_ random: inout SplitMix64) {
    var scanner = GGUFPieces.Scanner(bytes: bytes, offset: 0)
    let old = scanner.string()
    let length = Int.random(in: 0...40, using: &random)
    var name = GGUFBuilder()
    name.string((0..<length).map { _ in UInt8.random(in: 32...130, using: &random) })
    bytes.replaceSubrange(0..<scanner.offset, with: name.bytes)
    places = places.map { $0 < 8 ? $0 : $0 + length - old.count }
  }
}

extension GGUFPieces {
  /// Walks over the fields of a good file.
  fileprivate struct Scanner {
    var bytes: [UInt8]
    var offset: Int
    var places: [Int] = []

    mutating func number(_ width: Int) -> Int {
      places.append(offset)
      let value = bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      offset += width
      return Int(value)
    }

    mutating func string() -> [UInt8] {
      let count = number(8)
      offset += count
      return Array(bytes[offset - count..<offset])
    }

    mutating func value(_ type: Int) {
      switch type {
      case 0, 1, 7: offset += 1
      case 2, 3: offset += 2
      case 4, 5, 6: offset += 4
      case 10, 11, 12: offset += 8
      case 8: _ = string()
      case 9:
        let element = number(4)
        let count = number(8)
        for _ in 0..<count { value(element) }
      default: preconditionFailure("the corpus file is damaged")
      }
    }

    /// The bytes that `walk` goes over, with its fields. Of the many fields of a long array some
    /// are enough.
    mutating func piece(_ walk: (inout Scanner) -> Void) -> Piece {
      let start = offset
      places = []
      walk(&self)
      return Piece(
        bytes: Array(bytes[start..<offset]), places: places.prefix(40).map { $0 - start })
    }
  }
}
