import ModelFiles

/// Steering vectors as PyTorch programs keep them.
extension ControlVector {
  /// Reads the vectors in `path`, safetensors or what torch.save writes, for a model of that shape:
  ///
  /// - one tensor `[width]` (or `[1, width]`) for each block, whose name's last number is the block:
  ///   `layers.12`, `12`, `vec_layer_12`;
  /// - or a single tensor `[blocks, width]`, a row for each block.
  ///
  /// Blocks count from `firstBlock` there, 0 as in transformers or 1, and their vectors are added after
  /// them. Blocks that `layers` does not have are left out; llama.cpp has no direction for block 0.
  ///
  /// Throws `controlVectorName`, `controlVectorWidth`, `controlVectorLayer`, `controlVectorTwice`,
  /// `controlVectorNotFinite`, `controlVectorEmpty`, and what makes the file unreadable.
  public init(
    checkpoint path: String, width: Int, layerCount: Int, firstBlock: Int = 0,
    layers: LayerSelection = .all
  ) throws(LatentEditingError) {
    let tensors: CheckpointTensors
    do throws(ModelFileError) {
      // torch.save writes a zip, and safetensors begins with a length.
      let file = try MappedFile(path: path)
      let isArchive = withExtendedLifetime(file) { FileKind(firstBytes: file.bytes) == .zip }
      tensors =
        isArchive ? try PyTorchArchive(path: path).tensors : try SafetensorsFile(path: path).tensors
    } catch {
      throw .file(error)
    }
    var directions: [Int: [Float]] = [:]
    func add(
      _ tensor: CheckpointTensor, _ elements: Range<Int>, block: Int, _ name: String
    ) throws(LatentEditingError) {
      if let chosen = layers.layers, !chosen.contains(block) { return }
      guard (1..<layerCount).contains(block) else {
        throw .controlVectorLayer(path: path, tensor: name, layerCount: layerCount)
      }
      guard directions[block] == nil else {
        throw .controlVectorTwice(path: path, tensor: name, layer: block)
      }
      let values: [Float]
      do { values = try tensors.floats(of: tensor, elements: elements) } catch {
        throw .file(error)
      }
      guard values.allSatisfy(\.isFinite) else {
        throw .controlVectorNotFinite(path: path, tensor: name)
      }
      directions[block] = values
    }

    let isTable = tensors.count == 1 && tensors[0].shape.count == 2 && tensors[0].shape[0] > 1
    for tensor in tensors {
      guard tensor.shape.last == width, isTable || tensor.elementCount == width else {
        throw .controlVectorWidth(
          path: path, tensor: tensor.name, found: tensor.shape.last ?? 1, needed: width)
      }
      if isTable {
        for row in 0..<tensor.shape[0] {
          try add(
            tensor, row * width..<(row + 1) * width, block: row - firstBlock,
            "row \(row) of \(tensor.name)")
        }
      } else {
        guard let number = tensor.name.lastNumber else {
          throw .controlVectorName(path: path, tensor: tensor.name)
        }
        try add(tensor, 0..<width, block: number - firstBlock, tensor.name)
      }
    }
    guard !directions.isEmpty else { throw .controlVectorEmpty(path: path) }
    self.init(directions: directions)
  }

  /// The vector `factor` times as long.
  public func scaled(by factor: Float) -> ControlVector {
    ControlVector(
      directions: directions.mapValues { $0.map { factor * $0 } }, modelHint: modelHint)
  }
}

extension String {
  /// The last run of digits, where it is a number of a sensible size.
  fileprivate var lastNumber: Int? {
    split { !$0.isASCII || !$0.isNumber }.last.flatMap { Int($0) }.flatMap {
      $0 < 65_536 ? $0 : nil
    }
  }
}
