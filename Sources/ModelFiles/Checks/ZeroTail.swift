/// Zeros where data should be: what is left where a download set its space aside and was stopped.
enum ZeroTail {
  /// So many zeros in a row end no matrix that was trained.
  static let byteCount = 64 << 10

  /// Whether `bytes` are so many and end with so many zeros.
  static func isOn(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= byteCount && bytes.suffix(byteCount).allSatisfy { $0 == 0 }
  }
}

extension GGUFFile {
  /// The last tensor of each of its files, where that ends with 64 KB of zeros. Packed tensors, which end with
  /// rows that fill a group, are left out.
  package var tensorsEndingInZeros: [GGUFTensor] {
    files.indices.compactMap { part in
      let last = tensors.filter { $0.part == part }.max { $0.offset < $1.offset }
      guard let last, !last.isPacked, ZeroTail.isOn(bytes(of: last)) else { return nil }
      return last
    }
  }
}

extension CheckpointTensors {
  /// The last tensor of each of its files, where that ends with 64 KB of zeros.
  package var tensorsEndingInZeros: [CheckpointTensor] {
    files.indices.compactMap { part in
      let last = filter { $0.part == part }.max { $0.offset < $1.offset }
      guard let last, ZeroTail.isOn(bytes(of: last)) else { return nil }
      return last
    }
  }
}
