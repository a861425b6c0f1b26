import BlockFormats

extension CheckpointTensors {
  /// Throws `unsupportedElements` unless the tensor holds weights: F32, F16, BF16 or llama2.c's
  /// groups of int8.
  public func requireFloats(_ tensor: CheckpointTensor) throws(ModelFileError) {
    switch tensor.type {
    case .f32, .f16, .bf16: break
    case .i8 where tensor.groupSize != nil: break
    default:
      throw .unsupportedElements(
        path: files[tensor.part].path, tensor: tensor.name, type: tensor.type.rawValue)
    }
  }

  /// The values of `elements` of a tensor, counted in row-major order; all of them unless given. Throws
  /// as `requireFloats(_:)`, before it allocates.
  public func floats(
    of tensor: CheckpointTensor, elements: Range<Int>? = nil
  ) throws(ModelFileError) -> [Float] {
    try requireFloats(tensor)
    let elements = elements ?? 0..<tensor.elementCount
    var values = [Float](repeating: 0, count: elements.count)
    try values.withUnsafeMutableBufferPointer { buffer throws(ModelFileError) in
      try readFloats(of: tensor, elements: elements, into: buffer)
    }
    return values
  }

  /// Writes the values of `elements` of a tensor, counted in row-major order, to the start of
  /// `values`, exactly as they are stored. Throws as `requireFloats(_:)`.
  public func readFloats(
    of tensor: CheckpointTensor, elements: Range<Int>,
    into values: UnsafeMutableBufferPointer<Float>
  ) throws(ModelFileError) {
    try requireFloats(tensor)
    precondition(
      elements.lowerBound >= 0 && elements.upperBound <= tensor.elementCount
        && elements.count <= values.count, "the elements are not the tensor's, or do not fit")
    guard !elements.isEmpty else { return }
    let bytes = self.bytes(of: tensor).baseAddress!
    let first = elements.lowerBound
    let values = values.baseAddress!
    switch (tensor.type, tensor.groupSize) {
    case (.i8, let groupSize?):
      let scales = bytes + tensor.elementCount
      for index in 0..<elements.count {
        let code = bytes.load(fromByteOffset: first + index, as: Int8.self)
        let scale = loadFloat(scales, (first + index) / groupSize)
        values[index] = Float(code) * scale
      }
    case (.f32, _):
      for index in 0..<elements.count { values[index] = loadFloat(bytes, first + index) }
    case (.f16, _):
      for index in 0..<elements.count {
        values[index] = Float(Half(bits: loadHalf(bytes, first + index)))
      }
    default:
      for index in 0..<elements.count {
        values[index] = Float(BFloat16(bits: loadHalf(bytes, first + index)))
      }
    }
  }
}

/// The little-endian number `index` of those at `bytes`, which need not be aligned.
private func loadFloat(_ bytes: UnsafeRawPointer, _ index: Int) -> Float {
  let bits = bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
  return Float(bitPattern: UInt32(littleEndian: bits))
}

private func loadHalf(_ bytes: UnsafeRawPointer, _ index: Int) -> UInt16 {
  UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
}
