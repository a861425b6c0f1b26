import ModelFiles

/// A matrix whose rows are computed from tensors of a checkpoint.
protocol RowDecoder: Sendable {
  var rows: Int { get }
  var columns: Int { get }
  /// What the plan calls it.
  var storedAs: String { get }
  /// Whether its elements were rounded to a few bits.
  var isQuantized: Bool { get }
  var checkpoint: CheckpointTensors { get }
  /// All tensors of the checkpoint that it is made of.
  var tensors: [CheckpointTensor] { get }
  /// Files beside the checkpoint's.
  var adapterFiles: [String] { get }
  /// Memory that it holds.
  var heldBytes: Int { get }

  /// Writes the elements of one row.
  func decode(row: Int, into out: UnsafeMutablePointer<Float>)
}

/// A matrix whose elements a checkpoint holds as codes of a few bits, with scales that several of them share:
///
///     element = (code - zero) * scale + bias
///
/// zero, scale and bias being those of the element's group. What is stored, and how, differs from tool to tool;
/// each has a function that makes one of these, having checked every size and index.
struct QuantizedMatrix: RowDecoder {
  /// Where the codes are.
  enum Codes: Sendable {
    /// A row's codes lie behind each other.
    case alongColumns(PackedWords, wordsPerRow: Int)
    /// The codes of a column do: word w of row r is number w * rows + r.
    case alongRows(PackedWords)
    case interleaved(InterleavedNibbles)
    /// A byte for each, and what it means.
    case bytes(CheckpointTensor, [Float])
    /// Two in a byte, the higher half first, and what they mean.
    case nibbles(CheckpointTensor, [Float])
  }

  /// Which elements share a scale.
  enum Groups: Sendable {
    /// So many neighbours of one row.
    case uniform(Int)
    /// The group of each column.
    case table([Int32])
    /// So many neighbours of all elements, row after row.
    case flat(Int)
  }

  /// Numbers of groups.
  enum Values: Sendable {
    case constant(Float)
    /// One for `rowBlock` rows and a group; `groupCount` of them lie beside each other.
    case byRow(StoredNumbers, rowBlock: Int, groupCount: Int, factor: Float)
    /// One for each row and group; those of a group lie beside each other.
    case byGroup(StoredNumbers, rows: Int)
    /// Zero points in words: those of a group behind each other. `added` goes to each, within its bits.
    case packedByGroup(PackedWords, wordsPerGroup: Int, added: Int)
    /// Zero points in words: those of a group in every `groupCount`th word.
    case packedByRow(PackedWords, groupCount: Int)
    case interleaved(InterleavedNibbles)
    case nested(NestedScales)
  }

  let rows: Int
  let columns: Int
  /// What the plan calls it, as "gptq 4-bit".
  let storedAs: String
  let checkpoint: CheckpointTensors
  /// All tensors it is made of.
  let tensors: [CheckpointTensor]
  let codes: Codes
  let groups: Groups
  let scales: Values
  var zeros = Values.constant(0)
  var biases: Values?

  var isQuantized: Bool { true }
  var adapterFiles: [String] { [] }
  var heldBytes: Int { 0 }

  func decode(row: Int, into out: UnsafeMutablePointer<Float>) {
    unpack(row: row, into: out)
    switch groups {
    case .uniform(let size):
      for (group, first) in stride(from: 0, to: columns, by: size).enumerated() {
        apply(row, group, first..<min(first + size, columns), out)
      }
    case .flat(let size):
      var element = row * columns
      let end = element + columns
      while element < end {
        let next = min((element / size + 1) * size, end)
        apply(row, element / size, element - row * columns..<next - row * columns, out)
        element = next
      }
    case .table(let table):
      // Runs of one group are long where columns were not sorted, and of one column where they were.
      var first = 0
      while first < columns {
        var next = first + 1
        while next < columns, table[next] == table[first] { next += 1 }
        apply(row, Int(table[first]), first..<next, out)
        first = next
      }
    }
  }

  private func apply(
    _ row: Int, _ group: Int, _ range: Range<Int>, _ out: UnsafeMutablePointer<Float>
  ) {
    let scale = scales.value(row, group)
    let zero = zeros.value(row, group)
    let bias = biases?.value(row, group) ?? 0
    for column in range { out[column] = (out[column] - zero) * scale + bias }
  }

  private func unpack(row: Int, into out: UnsafeMutablePointer<Float>) {
    switch codes {
    case .alongColumns(let words, let wordsPerRow):
      words.unpack(.init(first: row * wordsPerRow, stride: 1), count: columns, into: out)
    case .alongRows(let words):
      words.unpack(.init(first: row, stride: rows), count: columns, into: out)
    case .interleaved(let nibbles): nibbles.unpack(row: row, count: columns, into: out)
    case .bytes(let tensor, let meaning):
      let bytes = checkpoint.bytes(of: tensor).baseAddress! + row * columns
      for column in 0..<columns {
        out[column] = meaning[Int(bytes.load(fromByteOffset: column, as: UInt8.self))]
      }
    case .nibbles(let tensor, let meaning):
      let bytes = checkpoint.bytes(of: tensor).baseAddress!
      for column in 0..<columns {
        let element = row * columns + column
        let pair = bytes.load(fromByteOffset: element / 2, as: UInt8.self)
        out[column] = meaning[Int(element % 2 == 0 ? pair >> 4 : pair & 15)]
      }
    }
  }
}

extension QuantizedMatrix.Values {
  /// The number of a group of a row.
  func value(_ row: Int, _ group: Int) -> Float {
    switch self {
    case .constant(let value): value
    case .byRow(let numbers, let rowBlock, let groupCount, let factor):
      numbers[row / rowBlock * groupCount + group] * factor
    case .byGroup(let numbers, let rows): numbers[group * rows + row]
    case .packedByGroup(let words, let wordsPerGroup, let added):
      Float(
        (words.number(row, in: .init(first: group * wordsPerGroup, stride: 1)) + added)
          & (1 << words.bits - 1))
    case .packedByRow(let words, let groupCount):
      Float(words.number(row, in: .init(first: group, stride: groupCount)))
    case .interleaved(let nibbles): Float(nibbles.number(column: group, row: row))
    case .nested(let scales): scales[group]
    }
  }
}

/// Scales that were quantized themselves: table[code] * scale of the block of codes + offset.
struct NestedScales: Sendable {
  let codes: StoredNumbers
  let table: [Float]
  let scales: StoredNumbers
  let blockSize: Int
  let offset: Float

  subscript(index: Int) -> Float {
    table[Int(codes[index])] * scales[index / blockSize] + offset
  }
}
