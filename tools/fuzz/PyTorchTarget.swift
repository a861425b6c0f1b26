import ModelFiles
import TestSupport

/// Opens damaged PyTorch archives: some with their envelope damaged, most with another pickle in an
/// envelope that is right about it, so that the damage is not found by the checksum.
struct PyTorchTarget: FuzzTarget {
  static let name = "pytorch"

  /// A good file, and the entries in it.
  private struct Archive {
    var bytes: [UInt8]
    var entries: [(name: String, data: [UInt8])] = []
  }

  private let corpus: [Archive]
  private let mutator: ByteMutator

  init(corpus files: [CorpusFile]) throws {
    corpus = files.map { Self.takenApart($0.bytes) }
    mutator = ByteMutator(donors: corpus.flatMap(\.entries).map(\.data) + [Self.opcodes])
  }

  /// Every opcode that a state dict has, and some that it has not.
  private static let opcodes: [UInt8] =
    Array("}]()tQRbsuaeNJKMGXqrhjc.".utf8) + (0x80...0x97) + Array("0123IlLdiopPVFSTUBC".utf8)

  /// Walks over the entries' own headers. Trusts the corpus: sizes come from the directory.
  private static func takenApart(_ bytes: [UInt8]) -> Archive {
    var archive = Archive(bytes: bytes)
    func number(_ offset: Int, _ width: Int) -> Int {
      bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    guard
      let end = bytes.indices.dropLast(21).last(where: { number($0, 4) == 0x0605_4B50 })
    else { return archive }
    var record = number(end + 16, 4)
    while number(record, 4) == 0x0201_4B50 {
      let local = number(record + 42, 4)
      let start = local + 30 + number(local + 26, 2) + number(local + 28, 2)
      let nameLength = number(record + 28, 2)
      let name = String(decoding: bytes[record + 46..<record + 46 + nameLength], as: UTF8.self)
      archive.entries.append((name, Array(bytes[start..<start + number(record + 24, 4)])))
      record += 46 + nameLength + number(record + 30, 2) + number(record + 32, 2)
    }
    return archive
  }

  func input(_ random: inout SplitMix64) -> [UInt8] {
    let archive = corpus.randomElement(using: &random)!
    if Int.random(in: 0..<4, using: &random) > 0, !archive.entries.isEmpty {
      return withOtherEntries(archive, &random)
    }
    var bytes = archive.bytes
    // Signatures of records: their fields follow within 46 bytes.
    let signatures = bytes.indices.dropLast(1).filter {
      bytes[$0] == UInt8(ascii: "P") && bytes[$0 + 1] == UInt8(ascii: "K")
    }
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let places = signatures.map { $0 + Int.random(in: 0..<46, using: &random) }
      mutator.mutate(&bytes, places: places, &random)
    }
    return bytes
  }

  private func withOtherEntries(_ archive: Archive, _ random: inout SplitMix64) -> [UInt8] {
    var entries = archive.entries
    let pickle = entries.firstIndex { $0.name.hasSuffix("/data.pkl") } ?? 0
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: entries.swapAt(pickle, .random(in: entries.indices, using: &random))
      case 1:
        let other = corpus.randomElement(using: &random)!.entries
        if let entry = other.randomElement(using: &random) {
          entries[.random(in: entries.indices, using: &random)].data = entry.data
        }
      case 2, 3: damageOpcode(&entries[pickle].data, &random)
      default: mutator.mutate(&entries[pickle].data, places: [], &random)
      }
    }
    return ZipBuilder(entries, isLong: Bool.random(using: &random)).bytes
  }

  private func damageOpcode(_ pickle: inout [UInt8], _ random: inout SplitMix64) {
    guard !pickle.isEmpty else { return }
    let place = Int.random(in: 0..<pickle.count, using: &random)
    let opcode = Self.opcodes.randomElement(using: &random)!
    switch Int.random(in: 0..<3, using: &random) {
    case 0: pickle[place] = opcode
    case 1: pickle.insert(opcode, at: place)
    default:
      let count = 1 << Int.random(in: 0...12, using: &random)
      pickle.insert(contentsOf: repeatElement(opcode, count: count), at: place)
    }
  }

  func run(_ input: [UInt8]) -> String {
    CheckpointUse.outcome(of: input) { file throws(ModelFileError) in
      try PyTorchArchive(file).tensors
    }
  }
}
