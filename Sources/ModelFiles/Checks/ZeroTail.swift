/// Zeros where data should be: what is left where a download set its space aside and was stopped.
enum ZeroTail {
  /// So many zeros in a row end no matrix that was trained.
  private static let byteCount = 64 << 10
  /// A small tensor of zeros is given away by another before it that ends with them.
  private static let tensorCount = 2
  /// As far as zeros are counted.
  private static let mostBytes = 1 << 20

  /// The numbers of the tensors at `ranges` of a file's `bytes` that are, or end with, zeros to the end of the data;
  /// none where these zeros are too few to tell. Those that `mayBeZero` says so of tell nothing.
  static func tensors(
    at ranges: [Range<Int>], of bytes: UnsafeRawBufferPointer, mayBeZero: (Int) -> Bool
  ) -> [Int] {
    let end = ranges.map(\.upperBound).max() ?? 0
    let zeros = bytes[..<end].suffix(mostBytes).reversed().prefix { $0 == 0 }.count
    let start = end - zeros
    let touched = ranges.indices.filter {
      !ranges[$0].isEmpty && ranges[$0].upperBound > start && !mayBeZero($0)
    }
    let isOneWhole = touched.contains { ranges[$0].lowerBound >= start }
    return zeros >= byteCount || isOneWhole && touched.count >= tensorCount ? touched : []
  }
}

extension GGUFFile {
  /// The tensors of each of its files that are zeros to its end. Files whose last tensor is packed, and so ends with
  /// rows that fill a group, are left out.
  package var tensorsEndingInZeros: [GGUFTensor] {
    files.indices.flatMap { part -> [GGUFTensor] in
      let own = tensors.filter { $0.part == part }
      guard let last = own.max(by: { $0.offset < $1.offset }), !last.isPacked else { return [] }
      return ZeroTail.tensors(at: own.map(\.byteRange), of: files[part].bytes) {
        own[$0].name.hasSuffix(".bias")
      }.map { own[$0] }
    }
  }
}

extension CheckpointTensors {
  /// The tensors of each of its files that are zeros to its end, but for those that `mayBeZero` says so of by their
  /// names.
  package func tensorsEndingInZeros(mayBeZero: (String) -> Bool) -> [CheckpointTensor] {
    files.indices.flatMap { part in
      let own = filter { $0.part == part }
      return ZeroTail.tensors(at: own.map(\.byteRange), of: files[part].bytes) {
        mayBeZero(own[$0].name)
      }.map { own[$0] }
    }
  }
}
