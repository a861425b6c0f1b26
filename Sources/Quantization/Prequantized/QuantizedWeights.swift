import ModelFiles

/// The weights of a folder, some of them as codes: finds what belongs to a matrix, and checks that it does.
struct QuantizedWeights {
  let weights: CheckpointTensors
  /// Nil where config.json says of none.
  let scheme: QuantizationScheme?
  /// Names of tensors that matrices were made of.
  private(set) var used: Set<String> = []

  init(_ weights: CheckpointTensors, scheme: QuantizationScheme?) {
    self.weights = weights
    self.scheme = scheme
  }

  /// The matrix called `name`, which ends in ".weight", or nil where its elements are stored as such.
  mutating func matrix(
    _ name: String, rows: Int, columns: Int
  ) throws(ConversionError) -> QuantizedMatrix? {
    let request = MatrixRequest(
      weights: weights, module: String(name.dropLast(".weight".count)), rows: rows, columns: columns
    )
    let matrix: QuantizedMatrix? =
      switch scheme {
      case .gptq(let lessOne, let groupSize, let bits):
        try request.gptq(zerosAreLessOne: lessOne, groupSize: groupSize, statedBits: bits)
      case .awq: try request.awq()
      case .mlx(let settings): try request.mlx(settings)
      case .bitsAndBytes: try request.bitsAndBytes()
      case .compressedTensors(let block, let bits):
        try request.compressedTensors(block: block, statedBits: bits)
      case .fp8(let block): try request.fp8(block: block)
      case nil: nil
      }
    if let matrix { used.formUnion(matrix.tensors.map(\.name)) }
    return matrix
  }

  /// Whether a tensor says nothing that the weights need: what activations and caches are rounded with.
  func isIgnored(_ name: String) -> Bool {
    let endings: [String] =
      switch scheme {
      case .compressedTensors, .fp8:
        [
          ".input_scale", ".input_zero_point", ".output_scale", ".output_zero_point", ".k_scale",
          ".v_scale", ".q_scale", ".activation_scale", ".input_scale_ub",
        ]
      default: []
      }
    return endings.contains { name.hasSuffix($0) }
  }

  /// Whether a tensor may hold nothing but zeros: zero points, groups, biases, the number of a layout.
  static func mayBeZero(_ name: String) -> Bool {
    [
      ".qzeros", "_zero_point", ".g_idx", "_g_idx", ".bias", ".biases", ".weight_format",
    ].contains { name.hasSuffix($0) }
  }

  /// What a folder without a `quantization_config` has all the same, where `name` is not there or holds no numbers:
  /// then config.json is what is missing, and not a tensor.
  func isQuantizedUnannounced(_ name: String) -> Bool {
    guard scheme == nil else { return false }
    let module = String(name.dropLast(".weight".count))
    let signs = [
      ".qweight", ".weight_packed", ".weight_scale", ".weight_scale_inv", ".SCB", ".scales",
      ".weight.absmax",
    ]
    return signs.contains { weights.tensorIfPresent(named: module + $0) != nil }
  }
}

/// A matrix that is wanted of a folder, and its tensors by their names' endings.
struct MatrixRequest {
  let weights: CheckpointTensors
  /// Its name without ".weight".
  let module: String
  let rows: Int
  let columns: Int

  func optional(_ ending: String) -> CheckpointTensor? {
    weights.tensorIfPresent(named: module + ending)
  }

  func file(_ tensor: CheckpointTensor) -> String { weights.files[tensor.part].path }

  /// The tensor that says what the codes of `codes` mean. Throws `missingScales`.
  func companion(
    _ ending: String, of codes: CheckpointTensor
  ) throws(ConversionError) -> CheckpointTensor {
    guard let tensor = optional(ending) else {
      throw .missingScales(path: file(codes), tensor: codes.name, missing: module + ending)
    }
    return tensor
  }

  func require(_ tensor: CheckpointTensor, _ shape: [Int]) throws(ConversionError) {
    guard tensor.shape == shape else {
      throw .wrongShape(path: file(tensor), tensor: tensor.name, found: tensor.shape, wanted: shape)
    }
  }

  /// Throws where the elements are not among `types`.
  func require(_ tensor: CheckpointTensor, _ types: [ElementType]) throws(ConversionError) {
    guard types.contains(tensor.type) else {
      throw .unusableValue(
        path: file(tensor), field: "the type of \(tensor.name)", found: tensor.type.rawValue,
        wanted: types.map(\.rawValue).joined(separator: " or "))
    }
  }

  func require(_ tensor: CheckpointTensor, dimensions: Int) throws(ConversionError) {
    guard tensor.shape.count == dimensions, !tensor.shape.contains(0) else {
      throw .unusableValue(
        path: file(tensor), field: "the shape of \(tensor.name)", found: "\(tensor.shape)",
        wanted: "\(dimensions) dimensions that are not empty")
    }
  }

  func numbers(_ tensor: CheckpointTensor) throws(ConversionError) -> StoredNumbers {
    try StoredNumbers(tensor, of: weights)
  }

  /// Scales and biases are floats of 16 or 32 bits.
  func floats(_ tensor: CheckpointTensor) throws(ConversionError) -> StoredNumbers {
    try require(tensor, [.f32, .f16, .bf16])
    return try numbers(tensor)
  }

  /// How many bits the codes have of which `count` lie in `words` words, where that is one of `allowed`, and of
  /// `stated` where config.json says any.
  func bits(
    _ tensor: CheckpointTensor, words: Int, count: Int, _ allowed: [Int], stated: Set<Int> = []
  ) throws(ConversionError) -> Int {
    let allowed = stated.isEmpty ? allowed : allowed.filter(stated.contains)
    guard let bits = allowed.first(where: { PackedWords.count(count, bits: $0) == words }) else {
      let list = allowed.map(String.init).joined(separator: ", ")
      throw .unusableValue(
        path: file(tensor), field: "the shape of \(tensor.name)", found: "\(tensor.shape)",
        wanted: "\(count) codes of \(list) bits in words of 32")
    }
    return bits
  }

  /// Columns that share a scale, of which a row has `groups`: `stated`, where groups of it are so many, or an equal share.
  func groupSize(
    _ scales: CheckpointTensor, groups: Int, stated: Int? = nil
  ) throws(ConversionError) -> Int {
    if let stated, stated > 0, (columns - 1) / stated + 1 == groups { return stated }
    guard groups > 0, columns % groups == 0 else {
      throw .unusableValue(
        path: file(scales), field: "the shape of \(scales.name)", found: "\(scales.shape)",
        wanted: "a number of groups that divides the \(columns) columns")
    }
    return columns / groups
  }

  /// The group of each column. Throws `groupOutOfRange`.
  func groupTable(
    _ tensor: CheckpointTensor, groups: Int
  ) throws(ConversionError) -> [Int32] {
    try require(tensor, [.i32])
    try require(tensor, [columns])
    let bytes = weights.bytes(of: tensor)
    let table = (0..<columns).map {
      Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self))
    }
    if let bad = table.firstIndex(where: { $0 < 0 || Int($0) >= groups }) {
      throw .groupOutOfRange(
        path: file(tensor), tensor: tensor.name, column: bad, found: Int(table[bad]),
        groups: groups)
    }
    return table
  }
}
