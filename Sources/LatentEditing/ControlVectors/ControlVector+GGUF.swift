import BlockFormats
import ModelFiles

extension ControlVector {
  private static let architecture = "controlvector"
  private static let prefix = "direction."

  /// Reads the control vector at `path` for a model of that shape; of the blocks in `range` alone, where one
  /// is given.
  ///
  /// Source: llama.cpp, common_control_vector_load (tensors `direction.<l>`, one dimension; F32 there,
  /// and here any format).
  /// Throws `notControlVector`, `controlVectorWidth`, `directionLayer`, `controlVectorNotFinite`,
  /// `controlVectorEmpty`, and what makes the file unreadable.
  public init(
    path: String, width: Int, layerCount: Int, range: ClosedRange<Int>? = nil
  ) throws(LatentEditingError) {
    let file: GGUFFile
    let hint: String
    do {
      file = try GGUFFile(path: path)
      let found = try file.metadata.stringIfPresent("general.architecture") ?? "missing"
      guard found == Self.architecture else {
        throw LatentEditingError.notControlVector(path: path, found: found)
      }
      hint = try file.metadata.stringIfPresent("controlvector.model_hint") ?? ""
    } catch let error as ModelFileError {
      throw WantedFile.controlVector.explained(error)
    } catch let error as LatentEditingError {
      throw error
    } catch {
      preconditionFailure("\(error)")
    }
    defer { withExtendedLifetime(file) {} }
    var directions: [Int: [Float]] = [:]
    for tensor in file.tensors where tensor.name.hasPrefix(Self.prefix) {
      let layer = Int(tensor.name.dropFirst(Self.prefix.count))
      if let layer, let range, !range.contains(layer) { continue }
      guard let layer, (1..<layerCount).contains(layer) else {
        throw .directionLayer(path: path, tensor: tensor.name, layerCount: layerCount)
      }
      guard tensor.shape == [width] else {
        throw .controlVectorWidth(
          path: path, tensor: tensor.name, found: tensor.shape.reduce(1, *), needed: width)
      }
      let values = [Float](unsafeUninitializedCapacity: width) { buffer, count in
        ReferenceBlocks.dequantize(
          tensor.format, file.bytes(of: tensor),
          into: UnsafeMutableBufferPointer(rebasing: buffer[..<width]))
        count = width
      }
      guard values.allSatisfy(\.isFinite) else {
        throw .controlVectorNotFinite(path: path, tensor: tensor.name)
      }
      directions[layer] = values
    }
    guard !directions.isEmpty else { throw .controlVectorEmpty(path: path) }
    self.init(directions: directions, modelHint: hint)
  }

  /// Writes it as llama.cpp reads it. Throws `file`.
  public func write(to path: String) throws(LatentEditingError) {
    let layers = directions.keys.sorted()
    do throws(ModelFileError) {
      var writer = try GGUFWriter(
        path: path,
        metadata: [
          ("general.architecture", .string(Self.architecture)),
          ("controlvector.model_hint", .string(modelHint)),
          ("controlvector.layer_count", .uint32(UInt32(layers.count))),
        ],
        tensors: layers.map {
          GGUFWriter.Tensor(
            name: Self.prefix + "\($0)", shape: [directions[$0]!.count], format: .f32)
        })
      for layer in layers {
        let direction = directions[layer]!
        try writer.append(direction.span.bytes)
      }
      try writer.commit()
    } catch {
      throw .file(error)
    }
  }
}
