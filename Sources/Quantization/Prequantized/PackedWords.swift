import ModelFiles

/// Numbers of 2 to 8 bits in 32-bit little-endian words, one behind the other from the lowest bit on; where the bits do not
/// divide a word, a number may begin in one and end in the next.
struct PackedWords: Sendable {
  let bits: Int
  private let checkpoint: CheckpointTensors
  private let tensor: CheckpointTensor
  /// What is added to each word before its numbers are taken from it.
  private let added: UInt32

  /// Where the words of one sequence are: the first, and how far the next is behind it.
  struct Sequence {
    let first: Int
    let stride: Int
  }

  init(
    _ tensor: CheckpointTensor, of checkpoint: CheckpointTensors, bits: Int, adding: UInt32 = 0
  ) {
    self.tensor = tensor
    self.checkpoint = checkpoint
    self.bits = bits
    added = adding
  }

  /// Words that `count` numbers take.
  static func count(_ count: Int, bits: Int) -> Int { (count * bits + 31) / 32 }

  private func word(_ base: UnsafeRawPointer, _ index: Int) -> UInt32 {
    UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)) &+ added
  }

  /// Number `index` of a sequence.
  func number(_ index: Int, in sequence: Sequence) -> Int {
    let base = checkpoint.bytes(of: tensor).baseAddress!
    let (place, shift) = (index * bits).quotientAndRemainder(dividingBy: 32)
    var value = UInt64(word(base, sequence.first + place * sequence.stride)) >> UInt64(shift)
    if shift + bits > 32 {
      let next = UInt64(word(base, sequence.first + (place + 1) * sequence.stride))
      value |= next << UInt64(32 - shift)
    }
    return Int(value & (1 << UInt64(bits) - 1))
  }

  /// The first `count` numbers of a sequence.
  func unpack(_ sequence: Sequence, count: Int, into out: UnsafeMutablePointer<Float>) {
    let base = checkpoint.bytes(of: tensor).baseAddress!
    let mask: UInt64 = 1 << UInt64(bits) - 1
    var (waiting, held, next) = (UInt64(0), 0, sequence.first)
    for index in 0..<count {
      if held < bits {
        waiting |= UInt64(word(base, next)) << UInt64(held)
        held += 32
        next += sequence.stride
      }
      out[index] = Float(waiting & mask)
      waiting >>= UInt64(bits)
      held -= bits
    }
  }
}

/// Nibbles in the order of AWQ's matrix kernels: eight neighbouring rows share a word, in which nibble k is row `order[k]`.
struct InterleavedNibbles: Sendable {
  private let checkpoint: CheckpointTensors
  private let tensor: CheckpointTensor
  /// Words of one column, an eighth of the rows.
  private let wordsPerColumn: Int

  /// The place in the word of each of eight rows: the inverse of 0, 2, 4, 6, 1, 3, 5, 7.
  private static let places = [0, 4, 1, 5, 2, 6, 3, 7]

  /// `tensor` is `[columns, rows / 8]`.
  init(_ tensor: CheckpointTensor, of checkpoint: CheckpointTensors, rows: Int) {
    self.tensor = tensor
    self.checkpoint = checkpoint
    wordsPerColumn = rows / 8
  }

  func number(column: Int, row: Int) -> Int {
    let bytes = checkpoint.bytes(of: tensor).baseAddress!
    let word = bytes.loadUnaligned(
      fromByteOffset: 4 * (column * wordsPerColumn + row / 8), as: UInt32.self)
    return Int(UInt32(littleEndian: word) >> UInt32(4 * Self.places[row % 8]) & 15)
  }

  /// One row's numbers in the first `count` columns.
  func unpack(row: Int, count: Int, into out: UnsafeMutablePointer<Float>) {
    let base = checkpoint.bytes(of: tensor).baseAddress! + 4 * (row / 8)
    let shift = UInt32(4 * Self.places[row % 8])
    for column in 0..<count {
      let word = base.loadUnaligned(fromByteOffset: 4 * column * wordsPerColumn, as: UInt32.self)
      out[column] = Float(UInt32(littleEndian: word) >> shift & 15)
    }
  }
}
