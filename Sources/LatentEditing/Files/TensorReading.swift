import ModelFiles

extension SafetensorsFile {
  /// All values of the tensor `name`, row-major, which must have `shape` and be finite. Throws
  /// `tensorShape`, `tensorNotFinite`, and `file` where it is missing or holds no floats.
  package func floats(_ name: String, shape: [Int]) throws(LatentEditingError) -> [Float] {
    let tensor: CheckpointTensor
    do { tensor = try tensors.tensor(named: name) } catch { throw .file(error) }
    guard tensor.shape == shape else {
      throw .tensorShape(path: tensors.path, tensor: name, found: tensor.shape, needed: shape)
    }
    let values: [Float]
    do { values = try tensors.floats(of: tensor) } catch { throw .file(error) }
    tensors.releasePages(of: tensor)
    guard values.allSatisfy(\.isFinite) else {
      throw .tensorNotFinite(path: tensors.path, tensor: name)
    }
    return values
  }

  /// scales[row] * code for every code of an I8 tensor. Throws `tensorShape` and `tensorNotFinite`.
  package func codes(
    _ tensor: CheckpointTensor, shape: [Int], scales: [Float]
  ) throws(LatentEditingError) -> [Float] {
    guard tensor.shape == shape else {
      throw .tensorShape(
        path: tensors.path, tensor: tensor.name, found: tensor.shape, needed: shape)
    }
    let width = tensor.elementCount / shape[0]
    let values = tensors.withBytes(of: tensor) { bytes in
      bytes.enumerated().map { index, byte in
        Float(Int8(bitPattern: byte)) * scales[index / width]
      }
    }
    tensors.releasePages(of: tensor)
    guard values.allSatisfy(\.isFinite) else {
      throw .tensorNotFinite(path: tensors.path, tensor: tensor.name)
    }
    return values
  }
}
