import ModelFiles

/// What an adapter adds to a matrix: element (row, column) of scale * B A.
struct LowRankDelta: Sendable {
  let rank: Int
  let columns: Int
  /// A, `[rank][columns]`.
  let down: [Float]
  /// scale * B, `[rows][rank]`.
  let up: [Float]

  /// Bytes of both factors.
  var heldBytes: Int { 4 * (down.count + up.count) }

  /// Adds the elements of one row.
  func add(row: Int, to out: UnsafeMutablePointer<Float>) {
    down.withUnsafeBufferPointer { down in
      for index in 0..<rank {
        let factor = up[row * rank + index]
        let line = down.baseAddress! + index * columns
        for column in 0..<columns { out[column] += factor * line[column] }
      }
    }
  }
}

/// A matrix with what an adapter adds to it.
struct MergedMatrix: RowDecoder {
  /// A matrix of floats, or one of codes.
  enum Base: Sendable {
    case floats(TensorAssembly.Piece)
    case codes(QuantizedMatrix)
  }

  let base: Base
  let delta: LowRankDelta
  let adapterFiles: [String]

  var heldBytes: Int { delta.heldBytes }

  var rows: Int {
    switch base {
    case .floats(let piece): piece.rows
    case .codes(let matrix): matrix.rows
    }
  }

  var columns: Int { delta.columns }

  var storedAs: String {
    switch base {
    case .floats(let piece): piece.tensor.type.rawValue.lowercased() + " + lora"
    case .codes(let matrix): matrix.storedAs + " + lora"
    }
  }

  var isQuantized: Bool {
    if case .codes = base { true } else { false }
  }

  var tensors: [CheckpointTensor] {
    switch base {
    case .floats(let piece): [piece.tensor]
    case .codes(let matrix): matrix.tensors
    }
  }

  var checkpoint: CheckpointTensors {
    switch base {
    case .floats(let piece): piece.checkpoint
    case .codes(let matrix): matrix.checkpoint
    }
  }

  func decode(row: Int, into out: UnsafeMutablePointer<Float>) {
    switch base {
    case .floats(let piece):
      // Its elements were found to be floats.
      try? piece.checkpoint.readFloats(
        of: piece.tensor, elements: row * columns..<(row + 1) * columns,
        into: UnsafeMutableBufferPointer(start: out, count: columns))
    case .codes(let matrix): matrix.decode(row: row, into: out)
    }
    delta.add(row: row, to: out)
  }
}

/// A folder as PEFT writes it for LoRA: adapter_config.json and the matrices A and B of some linear layers, to be merged
/// into a base model: W + alpha / r * B A, or alpha / sqrt(r) with `use_rslora`.
///
/// Source: `LoraLayer.get_delta_weight` of PEFT.
struct LoRAFolder {
  private struct Configuration: Decodable {
    var peftType: String?
    var r: Int?
    var loraAlpha: Double?
    var useRslora: Bool?
    var useDora: Bool?
    var fanInFanOut: Bool?
    var bias: String?
    var alphaPattern: [String: Double]?
    var modulesToSave: [String]?
  }

  private let path: String
  private let configuration: Configuration
  private let tensors: CheckpointTensors
  private var used: Set<String> = []

  /// Throws `noAdapter`, and `unsupportedAdapter` for what is more than such matrices.
  init(path: String) throws(ConversionError) {
    self.path = path
    let file = path + "/adapter_config.json"
    do throws(ModelFileError) {
      configuration = try JSONFile.read(Configuration.self, path: file)
    } catch {
      if case .noSuchFile = error { throw .noAdapter(path: path) }
      throw .file(error)
    }
    do throws(ModelFileError) {
      do throws(ModelFileError) {
        tensors = try SafetensorsFile(path: path + "/adapter_model.safetensors").tensors
          .renamed(HuggingFaceNames.plain)
      } catch {
        guard case .noSuchFile = error else { throw error }
        tensors = try PyTorchArchive(path: path + "/adapter_model.bin").tensors
          .renamed(HuggingFaceNames.plain)
      }
    } catch { throw .file(error) }
    func refuse(_ field: String, _ found: String) -> ConversionError {
      .unsupportedAdapter(path: file, field: field, found: found)
    }
    let c = configuration
    guard c.peftType == "LORA" else { throw refuse("peft_type", c.peftType ?? "missing") }
    if c.useDora == true { throw refuse("use_dora", "true") }
    if c.fanInFanOut == true { throw refuse("fan_in_fan_out", "true") }
    if let bias = c.bias, bias != "none" { throw refuse("bias", bias) }
    if let some = c.alphaPattern?.keys.min() { throw refuse("alpha_pattern", some) }
    if let some = c.modulesToSave?.first { throw refuse("modules_to_save", some) }
    guard let alpha = c.loraAlpha, alpha.isFinite else {
      throw .missingValue(path: file, field: "lora_alpha")
    }
  }

  var files: [String] { tensors.files.map(\.path) }

  /// What is added to the matrix called `name`, or nil where nothing is. Throws `wrongShape`, and `missingTensor`
  /// where there is one of A and B only.
  mutating func delta(
    _ name: String, rows: Int, columns: Int
  ) throws(ConversionError) -> LowRankDelta? {
    let module = String(name.dropLast("weight".count))
    let names = ["lora_A.weight", "lora_B.weight"].map { module + $0 }
    guard names.contains(where: { tensors.tensorIfPresent(named: $0) != nil }) else { return nil }
    let down: CheckpointTensor
    let up: CheckpointTensor
    do {
      (down, up) = (try tensors.tensor(named: names[0]), try tensors.tensor(named: names[1]))
    } catch { throw .file(error) }
    let rank = down.shape.first ?? 0
    for (tensor, shape) in [(down, [max(rank, 1), columns]), (up, [rows, rank])] {
      guard tensor.shape == shape else {
        throw .wrongShape(
          path: tensors.files[tensor.part].path, tensor: tensor.name, found: tensor.shape,
          wanted: shape)
      }
    }
    used.formUnion(names)
    let alpha = configuration.loraAlpha ?? 0
    let scale =
      configuration.useRslora == true ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
    do {
      return LowRankDelta(
        rank: rank, columns: columns, down: try tensors.floats(of: down),
        up: try tensors.floats(of: up).map { Float(scale) * $0 })
    } catch { throw .file(error) }
  }

  /// Throws `unknownTensor` for one that was merged into nothing.
  func requireAllUsed() throws(ConversionError) {
    for tensor in tensors where !used.contains(tensor.name) {
      throw .unsupportedAdapter(
        path: tensors.files[tensor.part].path, field: tensor.name,
        found: "for no linear layer of this model")
    }
  }
}
