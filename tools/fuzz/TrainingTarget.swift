import EditorTraining
import ModelFiles
import TestSupport

/// Reads damaged rows, training states and configurations.
///
/// The corpus has rows (.json, .jsonl), configurations (.yaml), and training states as zstd decompresses
/// them (anything else): a damaged frame would not get past its checksum. The first byte of an input
/// says which it is.
struct TrainingTarget: FuzzTarget {
  static let name = "training"

  private enum Kind: UInt8, CaseIterable {
    case rows
    case configuration
    case state
  }

  private let corpus: [(kind: Kind, bytes: [UInt8])]
  private let mutator: ByteMutator

  init(corpus files: [CorpusFile]) throws {
    corpus = files.map { file in
      let kind: Kind =
        file.name.contains(".json") ? .rows : file.name.hasSuffix(".yaml") ? .configuration : .state
      return (kind, file.bytes)
    }
    mutator = ByteMutator(donors: files.map(\.bytes))
  }

  func input(_ random: inout SplitMix64) -> [UInt8] {
    var (kind, bytes) = corpus.randomElement(using: &random)!
    // What gives files their form; of a state, the header.
    let form = Set("{}[]\",:\\- \n".utf8)
    let places = bytes.prefix(4096).indices.filter { form.contains(bytes[$0]) } + [0, 8, 9, 10, 11]
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      mutator.mutate(&bytes, places: places.filter { $0 < bytes.count }, &random)
    }
    return [kind.rawValue] + bytes
  }

  func run(_ input: [UInt8]) -> String {
    guard let first = input.first, let kind = Kind(rawValue: first) else { return "empty" }
    let bytes = Array(input.dropFirst())
    do throws(EditorTrainingError) {
      switch kind {
      case .rows: try rows(bytes)
      case .configuration: try configuration(bytes)
      case .state: try state(bytes)
      }
      return "accepted as \(kind)"
    } catch {
      precondition(
        !error.description.unicodeScalars.contains { $0.value < 32 }, "control character")
      return "\(kind): \(Mirror(reflecting: error).children.first?.label ?? "\(error)")"
    }
  }

  private func rows(_ bytes: [UInt8]) throws(EditorTrainingError) {
    let guarded = GuardedBytes(bytes)
    let file: MappedFile
    do {
      file = try MappedFile(path: "rows", contents: guarded.bytes) { _ = guarded }
    } catch { throw .file(error) }
    let reader = try TrainingRowReader(file)
    for row in reader.rows {
      precondition(row.line >= 1 && !row.instruction.isEmpty && !row.output.isEmpty)
    }
    precondition(reader.problems.first.count == min(reader.problems.count, 1000))
    guard !reader.rows.isEmpty,
      let split = try? DataSplit(reader.rows, .init(unseen: 0.3, seen: 0.3, compositional: 0.5))
    else { return }
    let all = split.train + split.heldOut.flatMap(\.rows)
    precondition(all.sorted() == Array(reader.rows.indices))
    if let others = try? shuffledInstructions(reader.rows.map(\.instruction), seed: 1) {
      precondition(others.indices.allSatisfy { others[$0] != $0 })
    }
  }

  private func configuration(_ bytes: [UInt8]) throws(EditorTrainingError) {
    var options = TrainingOptions()
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .notYAML(path: "", problem: "")
    }
    try options.read(yaml: text, path: "configuration")
    try options.validate()
  }

  /// In pieces of 1 to 64 bytes.
  private func state(_ bytes: [UInt8]) throws(EditorTrainingError) {
    var scanner = TrainingStateScanner(path: "state")
    var received: [Int: Int] = [:]
    var start = 0
    while start < bytes.count {
      let end = min(start + 1 + (start * 7) % 64, bytes.count)
      let piece = GuardedBytes(Array(bytes[start..<end]))
      try scanner.take(piece.bytes) { section, offset, part in
        precondition(received[section, default: 0] == offset)
        received[section] = offset + part.count
      }
      start = end
    }
    _ = try scanner.sections()
  }
}
