import BlockFormats
import ModelFiles
import TensorKernels

/// Where the rows of one tensor come from: a tensor of a checkpoint, several that are joined, one that was
/// quantized or is merged with an adapter, or numbers that were computed.
struct TensorAssembly: Sendable {
  /// What follows what, where there are several pieces.
  enum Axis: Sendable {
    case rows
    case columns
  }

  /// A piece, with the checkpoint it is in.
  struct Piece: Sendable {
    let checkpoint: CheckpointTensors
    let tensor: CheckpointTensor

    var file: String { checkpoint.files[tensor.part].path }
    /// 1 for a vector.
    var rows: Int { tensor.shape.count < 2 ? 1 : tensor.shape[0] }
    var columns: Int { tensor.shape.last ?? 1 }
    var rowBytes: Int { columns * tensor.type.byteCount }
  }

  private let pieces: [Piece]
  private let axis: Axis
  /// Rows of a head that are to change from the order of halves to that of pairs: row 2p + s of a
  /// head is row p + s * headSize / 2 of the source's.
  private let headSize: Int?
  private let computed: [Float]
  private let decoder: (any RowDecoder)?

  /// Numbers that are in no file.
  init(_ values: [Float]) {
    (pieces, axis, headSize, computed, decoder) = ([], .rows, nil, values, nil)
  }

  /// A matrix whose rows are computed. `headSize` is given where heads are in the order of halves.
  init(_ matrix: some RowDecoder, headSize: Int?) {
    (pieces, axis, computed, decoder) = ([], .rows, [], matrix)
    self.headSize = headSize
  }

  /// `pieces`, at least one, have been checked to fit together. `headSize` is given where heads are
  /// in the order of halves. Throws where the elements are no weights or not all of one type.
  init(
    _ pieces: [Piece], axis: Axis = .rows, headSize: Int? = nil
  ) throws(ConversionError) {
    for piece in pieces {
      do throws(ModelFileError) {
        try piece.checkpoint.requireFloats(piece.tensor)
      } catch { throw .file(error) }
      guard piece.tensor.type == pieces[0].tensor.type else {
        throw .shardMismatch(
          path: piece.file, tensor: piece.tensor.name, found: piece.tensor.type.rawValue,
          wanted: pieces[0].tensor.type.rawValue)
      }
    }
    self.pieces = pieces
    self.axis = axis
    self.headSize = headSize
    computed = []
    decoder = nil
  }

  /// The files of all pieces.
  var files: [String] {
    pieces.map(\.file)
      + (decoder.map { matrix in
        matrix.tensors.map { matrix.checkpoint.files[$0.part].path } + matrix.adapterFiles
      } ?? [])
  }

  /// Memory that it holds.
  var heldBytes: Int { decoder?.heldBytes ?? 0 }

  private var isGrouped: Bool { pieces.first?.tensor.groupSize != nil }

  private var format: BlockFormat {
    switch pieces.first?.tensor.type {
    case .f16: .f16
    case .bf16: .bf16
    // Computed numbers are F32 and groups of int8 are handed over as such.
    default: .f32
    }
  }

  private var columns: Int {
    if let decoder { return decoder.columns }
    guard let first = pieces.first else { return computed.count }
    return axis == .columns ? pieces.reduce(0) { $0 + $1.columns } : first.columns
  }

  private var rows: Int {
    if let decoder { return decoder.rows }
    guard let first = pieces.first else { return 1 }
    return axis == .rows ? pieces.reduce(0) { $0 + $1.rows } : first.rows
  }

  /// The tensor under its name in GGUF.
  func described(as name: String) -> SourceTensor {
    let isVector = pieces.first.map { $0.tensor.shape.count < 2 } ?? (decoder == nil)
    return SourceTensor(
      name: name, shape: isVector ? [columns] : [columns, rows], format: format,
      storedAs: decoder?.storedAs ?? (isGrouped ? "i8" : nil), rowUnit: headSize ?? 1,
      isQuantized: decoder?.isQuantized)
  }

  // MARK: Reading

  func read(
    _ range: Range<Int>, scratch: UnsafeMutableRawBufferPointer, pool: ThreadPool
  ) throws(ConversionError) -> UnsafeRawBufferPointer {
    let rowBytes = columns * (format == .f32 ? 4 : 2)
    precondition(range.count * rowBytes <= scratch.count && range.upperBound <= rows)
    nonisolated(unsafe) let out = scratch.baseAddress!
    if let decoder {
      let width = columns
      let values = out.bindMemory(to: Float.self, capacity: range.count * columns)
      nonisolated(unsafe) let first = values
      pool.parallel(range.count) { share in
        for index in share {
          decoder.decode(row: sourceRow(range.lowerBound + index), into: first + index * width)
        }
      }
      return UnsafeRawBufferPointer(start: out, count: range.count * rowBytes)
    }
    guard let first = pieces.first else {
      computed.withUnsafeBytes { out.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      return UnsafeRawBufferPointer(start: out, count: rowBytes)
    }
    if isGrouped { return try readGroups(first, range, rowBytes, out) }
    if pieces.count == 1, headSize == nil {
      let bytes = first.checkpoint.bytes(of: first.tensor)
      return UnsafeRawBufferPointer(
        rebasing: bytes[range.lowerBound * rowBytes..<range.upperBound * rowBytes])
    }
    pool.parallel(range.count) { share in
      for index in share {
        gather(row: range.lowerBound + index, into: out + index * rowBytes)
      }
    }
    return UnsafeRawBufferPointer(start: out, count: range.count * rowBytes)
  }

  private func gather(row: Int, into out: UnsafeMutableRawPointer) {
    let row = sourceRow(row)
    switch axis {
    case .rows:
      let piece = pieces[row / pieces[0].rows]
      let bytes = piece.checkpoint.bytes(of: piece.tensor).baseAddress!
      out.copyMemory(
        from: bytes + row % pieces[0].rows * piece.rowBytes, byteCount: piece.rowBytes)
    case .columns:
      var out = out
      for piece in pieces {
        let bytes = piece.checkpoint.bytes(of: piece.tensor).baseAddress!
        out.copyMemory(from: bytes + row * piece.rowBytes, byteCount: piece.rowBytes)
        out += piece.rowBytes
      }
    }
  }

  private func sourceRow(_ row: Int) -> Int {
    guard let headSize else { return row }
    let (head, place) = row.quotientAndRemainder(dividingBy: headSize)
    return head * headSize + place % 2 * (headSize / 2) + place / 2
  }

  /// llama2.c's groups exist in files of one piece only.
  private func readGroups(
    _ piece: Piece, _ range: Range<Int>, _ rowBytes: Int, _ out: UnsafeMutableRawPointer
  ) throws(ConversionError) -> UnsafeRawBufferPointer {
    let count = range.count * columns
    let values = UnsafeMutableBufferPointer(
      start: out.bindMemory(to: Float.self, capacity: count), count: count)
    do {
      try piece.checkpoint.readFloats(
        of: piece.tensor, elements: range.lowerBound * columns..<range.upperBound * columns,
        into: values)
    } catch { throw .file(error) }
    return UnsafeRawBufferPointer(values)
  }

  // MARK: Pages

  func willRead(_ range: Range<Int>) {
    if let decoder, range.lowerBound == 0 {
      // Where codes of a column lie together, any rows touch all pages.
      for tensor in decoder.tensors { decoder.checkpoint.willNeed(tensor) }
    }
    forEachPart(of: range) { piece, elements in
      let size = piece.tensor.type.byteCount
      let start = piece.tensor.offset
      piece.checkpoint.files[piece.tensor.part].willNeed(
        start + elements.lowerBound * size..<start + elements.upperBound * size)
    }
  }

  func release(_ range: Range<Int>) {
    if let decoder, range.upperBound == decoder.rows {
      for tensor in decoder.tensors { decoder.checkpoint.releasePages(of: tensor) }
    }
    forEachPart(of: range) { $0.checkpoint.releasePages(of: $0.tensor, elements: $1) }
  }

  /// The elements of each piece that rows of the tensor are made of. Whole heads keep their place.
  private func forEachPart(of range: Range<Int>, _ body: (Piece, Range<Int>) -> Void) {
    var first = 0
    for piece in pieces {
      let start = axis == .rows ? first : 0
      let rows = range.clamped(to: start..<start + piece.rows)
      if !rows.isEmpty {
        body(
          piece,
          (rows.lowerBound - start) * piece.columns..<(rows.upperBound - start) * piece.columns)
      }
      first += piece.rows
    }
  }
}
