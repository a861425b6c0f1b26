/// Where a tensor of a checkpoint is, and what it is.
public struct CheckpointTensor: Sendable, Equatable {
  /// The tensor's name, as "model.layers.0.self_attn.q_proj.weight".
  public let name: String
  /// Number of elements along each dimension, in PyTorch's order: the one that is contiguous in
  /// memory comes last. A scalar has none.
  public let shape: [Int]
  /// How the elements are stored.
  public let type: ElementType
  /// Where llama2.c quantized the tensor: element i is its code, of type I8, times the F32 scale
  /// i / groupSize of those that follow the codes. Nil everywhere else.
  public let groupSize: Int?
  /// Size in bytes, scales included.
  public let byteCount: Int
  /// Which of the checkpoint's files it is in, from 0.
  public let part: Int
  /// Where its bytes begin, from the start of that file.
  public let offset: Int

  init(
    name: String, shape: [Int], type: ElementType, groupSize: Int? = nil, byteCount: Int,
    part: Int = 0, offset: Int
  ) {
    self.name = name
    self.shape = shape
    self.type = type
    self.groupSize = groupSize
    self.byteCount = byteCount
    self.part = part
    self.offset = offset
  }

  /// The product of the shape.
  public var elementCount: Int { shape.reduce(1, *) }

  /// Where its bytes are in its file.
  var byteRange: Range<Int> { offset..<offset + byteCount }

  /// The same tensor under another name.
  func named(_ name: String) -> CheckpointTensor {
    CheckpointTensor(
      name: name, shape: shape, type: type, groupSize: groupSize, byteCount: byteCount, part: part,
      offset: offset)
  }

  /// The same tensor, of a checkpoint in which its file is number `part`.
  func inPart(_ part: Int) -> CheckpointTensor {
    CheckpointTensor(
      name: name, shape: shape, type: type, groupSize: groupSize, byteCount: byteCount, part: part,
      offset: offset)
  }
}
