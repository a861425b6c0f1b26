import ModelFiles
import TestSupport

/// Opens small llama2.c files whose numbers are damaged, of a length that is sometimes right for
/// them. The corpus gives headers; the data behind them, which nothing looks at, is made up.
struct Llama2CTarget: FuzzTarget {
  static let name = "llama2c"

  private let headers: [[UInt8]]
  private let vocabularies: [[UInt8]]
  private let mutator: ByteMutator

  init(corpus files: [CorpusFile]) throws {
    headers = files.filter { !$0.name.contains("tok") }.map { Array($0.bytes.prefix(256)) }
    vocabularies = files.filter { $0.name.contains("tok") }.map(\.bytes)
    mutator = ByteMutator(donors: headers)
  }

  func input(_ random: inout SplitMix64) -> [UInt8] {
    if Int.random(in: 0..<4, using: &random) == 0,
      var bytes = vocabularies.randomElement(using: &random)
    {
      bytes = Array(bytes.prefix(.random(in: 0...bytes.count, using: &random)))
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        mutator.mutate(&bytes, places: [0, 4, 8, 12], &random)
      }
      return bytes
    }
    return model(&random)
  }

  /// Small numbers, now and then a wrong one, and as many bytes as the numbers need, or nearly.
  private func model(_ random: inout SplitMix64) -> [UInt8] {
    let version = Int.random(in: 0...2, using: &random)
    let heads = Int32.random(in: 1...4, using: &random)
    let dim = heads * 2 * .random(in: 1...3, using: &random)
    var numbers: [Int32] = [
      dim, .random(in: 1...9, using: &random), .random(in: 1...3, using: &random), heads, heads,
      .random(in: 1...9, using: &random), .random(in: 1...9, using: &random),
    ]
    let shared = UInt8.random(in: 0...1, using: &random)
    if version == 0, shared == 0 { numbers[5] = -numbers[5] }
    let group: Int32 = [1, 2, dim].randomElement(using: &random)!
    let size = Self.dataBytes(numbers.map(Int.init), version, shared == 1, Int(group))

    var bytes: [UInt8] = []
    if version > 0 {
      bytes += Array("24ka".utf8)
      bytes.put(UInt32(version))
    }
    for number in numbers { bytes.put(number) }
    if version > 0 {
      bytes.append(shared)
      if version == 2 { bytes.put(group) }
      bytes += [UInt8](repeating: 0, count: 256 - bytes.count)
    }
    let fields = bytes.count
    bytes += (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      mutator.mutate(&bytes, places: Array(stride(from: 0, to: min(fields, 48), by: 4)), &random)
    }
    return bytes
  }

  /// The bytes behind the header of a model of these numbers.
  private static func dataBytes(
    _ numbers: [Int], _ version: Int, _ isShared: Bool, _ group: Int
  ) -> Int {
    let (dim, hidden, layers, vocabulary) = (numbers[0], numbers[1], numbers[2], abs(numbers[5]))
    let matrices = layers * (4 * dim * dim + 3 * dim * hidden)
    let embeddings = vocabulary * dim * (isShared ? 1 : 2)
    let norms = (2 * layers + 1) * dim
    let tables = version == 0 ? numbers[6] * (dim / numbers[3]) : 0
    let codes = matrices + embeddings
    return (norms + tables) * 4 + (version == 2 ? codes + codes / group * 4 : codes * 4)
  }

  func run(_ input: [UInt8]) -> String {
    let guarded = GuardedBytes(input)
    let vocabulary = try? Llama2CTokenizer(
      MappedFile(path: "model", contents: guarded.bytes) { _ = guarded })
    if let vocabulary {
      precondition(vocabulary.pieces.count == vocabulary.scores.count)
      precondition(vocabulary.pieces.allSatisfy { $0.count <= vocabulary.longestPiece })
    }
    let outcome = CheckpointUse.outcome(of: input) { file throws(ModelFileError) in
      try Llama2CFile(file).tensors
    }
    return vocabulary == nil ? outcome : "accepted as a vocabulary, " + outcome
  }
}
