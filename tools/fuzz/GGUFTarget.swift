import ModelFiles
import TestSupport

/// Opens damaged GGUF files, and uses everything of those that are let in.
struct GGUFTarget: FuzzTarget {
  static let name = "gguf"

  private let corpus: [GGUFPieces]
  /// Corpus files by number, small ones many times: a large one takes as long as hundreds of them.
  private let lottery: [Int]
  private let mutator: ByteMutator
  /// The input is opened as the first part of three; where it says it is that, these follow it.
  private var otherParts: [String: [UInt8]] = [:]

  init(corpus files: [CorpusFile]) throws {
    corpus = try files.map { try GGUFPieces($0) }
    let largest = files.map(\.bytes.count).max() ?? 1
    lottery = files.enumerated().flatMap { index, file in
      repeatElement(index, count: min(1000, max(1, largest / (file.bytes.count + 1))))
    }
    mutator = ByteMutator(donors: files.map(\.bytes))
    for ending in ["-00002-of-00003.gguf", "-00003-of-00003.gguf"] {
      otherParts["model" + ending] = files.first { $0.name.hasSuffix(ending) }?.bytes
    }
  }

  func input(_ random: inout SplitMix64) -> [UInt8] {
    var pieces = corpus[lottery.randomElement(using: &random)!]
    let others = corpus[lottery.randomElement(using: &random)!]
    for _ in 0..<Int.random(in: 0...3, using: &random) { pieces.rearrange(others, &random) }
    var (bytes, places) = pieces.assembled()
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      mutator.mutate(&bytes, places: places, &random)
    }
    return bytes
  }

  func run(_ input: [UInt8]) -> String {
    let first = "model-00001-of-00003.gguf"
    do throws(ModelFileError) {
      let file = try GGUFFile(path: first) { path throws(ModelFileError) in
        guard let bytes = path == first ? input : otherParts[path] else {
          throw .noSuchFile(path: path)
        }
        let guarded = GuardedBytes(bytes)
        return try MappedFile(path: path, contents: guarded.bytes) { _ = guarded }
      }
      use(file)
      return "accepted"
    } catch {
      precondition(error.path.hasPrefix("model-"), "the error names another file")
      precondition(
        !error.description.unicodeScalars.contains { $0.value < 32 }, "control character")
      return Mirror(reflecting: error).children.first?.label ?? "\(error)"
    }
  }

  /// Touches all that an open file offers; what the reader promises is checked.
  private func use(_ file: GGUFFile) {
    var sum = 0
    for key in file.metadata.keys {
      guard let value = file.metadata[key] else { preconditionFailure("a key without a value") }
      sum &+= value.description.utf8.count
      _ = try? file.metadata.string(key)
      _ = try? file.metadata.integer(key, in: 0...100)
      _ = try? file.metadata.float(key)
      _ = try? file.metadata.bool(key)
      _ = try? file.metadata.integers(key, as: Int16.self)
      _ = try? file.metadata.floats(key)
      _ = try? file.metadata.bools(key)
      if let strings = try? file.metadata.strings(key) {
        for string in strings { sum &+= string.withBytes { $0.reduce(0) { $0 &+ Int($1) } } }
      }
      if case .array(let array) = value {
        for element in array { sum &+= element.type.hashValue }
      }
    }

    var end: [Int: Int] = [:]
    for tensor in file.tensors.sorted(by: { $0.offset < $1.offset }) {
      precondition(tensor.offset >= end[tensor.part, default: 0], "tensors overlap")
      end[tensor.part] = tensor.offset + tensor.byteCount
      precondition((1...4).contains(tensor.shape.count) && tensor.shape.allSatisfy { $0 > 0 })
      precondition(tensor.format.byteCount(elements: tensor.elementCount) == tensor.byteCount)
      precondition(file.tensorIfPresent(named: tensor.name) == tensor)
      let bytes = file.bytes(of: tensor)
      precondition(bytes.count == tensor.byteCount)
      sum &+= bytes.reduce(0) { $0 &+ Int($1) }
      file.willNeed(tensor)
      file.releasePages(of: tensor)
    }
    blackHole = sum
  }
}

/// Keeps the reads above from being optimised away.
private nonisolated(unsafe) var blackHole = 0
