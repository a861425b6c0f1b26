/// Places a llama2.c model's tensors one after the other, and checks that they fill the file.
struct Llama2CLayout {
  private(set) var tensors: [CheckpointTensor] = []
  private let file: MappedFile
  private var offset: Int
  private let groupSize: Int?

  init(_ file: MappedFile, from offset: Int, groupSize: Int?) {
    self.file = file
    self.offset = offset
    self.groupSize = groupSize
  }

  /// The order of versions 1 and 2: the norms, and then the matrices.
  mutating func placeNormsFirst(_ model: Llama2CConfiguration) throws(ModelFileError) {
    let matrices = Matrix.all(model)
    try placeNorms("attention_norm", model)
    try placeNorms("ffn_norm", model)
    try place("norm.weight", [model.hiddenSize])
    try placeMatrix("tok_embeddings.weight", [model.vocabularySize, model.hiddenSize])
    for matrix in matrices { try placeLayers(matrix, model) }
    if !model.isOutputTied {
      try placeMatrix("output.weight", [model.vocabularySize, model.hiddenSize])
    }
  }

  /// The order of version 0: as the model uses them. The tables of RoPE, which follow, are computed
  /// by everybody who reads it.
  mutating func placeByKind(_ model: Llama2CConfiguration) throws(ModelFileError) {
    let matrices = Matrix.all(model)
    try placeMatrix("tok_embeddings.weight", [model.vocabularySize, model.hiddenSize])
    try placeNorms("attention_norm", model)
    for matrix in matrices.prefix(4) { try placeLayers(matrix, model) }
    try placeNorms("ffn_norm", model)
    for matrix in matrices.dropFirst(4) { try placeLayers(matrix, model) }
    try place("norm.weight", [model.hiddenSize])
    // Twice: cosines and sines.
    for _ in 0..<2 { try skip(model.maxSequenceLength * (model.headSize / 2) * 4) }
    if !model.isOutputTied {
      try placeMatrix("output.weight", [model.vocabularySize, model.hiddenSize])
    }
  }

  /// Checks that nothing is left.
  func checkEnd() throws(ModelFileError) {
    guard offset == file.byteCount else {
      throw .unusedBytes(path: file.path, from: offset, to: file.byteCount)
    }
  }

  /// A matrix that every layer has.
  private struct Matrix {
    let name: String
    /// (rows, columns)
    let shape: [Int]

    static func all(_ model: Llama2CConfiguration) -> [Matrix] {
      let (width, wide) = (model.hiddenSize, model.intermediateSize)
      return [
        Matrix(name: "attention.wq", shape: [width, width]),
        Matrix(name: "attention.wk", shape: [model.kvSize, width]),
        Matrix(name: "attention.wv", shape: [model.kvSize, width]),
        Matrix(name: "attention.wo", shape: [width, width]),
        Matrix(name: "feed_forward.w1", shape: [wide, width]),
        Matrix(name: "feed_forward.w2", shape: [width, wide]),
        Matrix(name: "feed_forward.w3", shape: [wide, width]),
      ]
    }
  }

  private mutating func placeLayers(
    _ matrix: Matrix, _ model: Llama2CConfiguration
  ) throws(ModelFileError) {
    for layer in 0..<model.layers {
      try placeMatrix("layers.\(layer).\(matrix.name).weight", matrix.shape)
    }
  }

  private mutating func placeNorms(
    _ name: String, _ model: Llama2CConfiguration
  ) throws(ModelFileError) {
    for layer in 0..<model.layers {
      try place("layers.\(layer).\(name).weight", [model.hiddenSize])
    }
  }

  private mutating func placeMatrix(_ name: String, _ shape: [Int]) throws(ModelFileError) {
    guard let groupSize else { return try place(name, shape) }
    // The codes are whole groups: their size divides the width, which is one side of each matrix.
    let count = shape[0] * shape[1]
    try place(name, shape, type: .i8, groupSize: groupSize, count + count / groupSize * 4)
  }

  private mutating func place(_ name: String, _ shape: [Int]) throws(ModelFileError) {
    try place(name, shape, type: .f32, groupSize: nil, shape.reduce(4, *))
  }

  private mutating func place(
    _ name: String, _ shape: [Int], type: ElementType, groupSize: Int?, _ byteCount: Int
  ) throws(ModelFileError) {
    guard byteCount <= file.byteCount - offset else {
      throw .tensorPastEnd(
        path: file.path, tensor: name, end: UInt64(offset) + UInt64(byteCount),
        byteCount: file.byteCount)
    }
    tensors.append(
      CheckpointTensor(
        name: name, shape: shape, type: type, groupSize: groupSize, byteCount: byteCount,
        offset: offset))
    offset += byteCount
  }

  private mutating func skip(_ byteCount: Int) throws(ModelFileError) {
    guard byteCount <= file.byteCount - offset else {
      throw .truncated(
        path: file.path, field: "the tables of RoPE", offset: offset, needed: UInt64(byteCount),
        left: file.byteCount - offset)
    }
    offset += byteCount
  }
}
