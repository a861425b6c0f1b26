import ModelFiles
import TestSupport

/// Opens an input with a checkpoint's reader and touches all that comes of it.
enum CheckpointUse {
  /// "accepted", or the name of the error.
  static func outcome(
    of input: [UInt8], _ open: (MappedFile) throws(ModelFileError) -> CheckpointTensors
  ) -> String {
    do throws(ModelFileError) {
      let guarded = GuardedBytes(input)
      let file = try MappedFile(path: "model", contents: guarded.bytes) { _ = guarded }
      let tensors = try open(file)
      // Tensors of no more bytes than the file has; only a shared storage is read more than once.
      for tensor in tensors.prefix(1000) { use(tensor, of: tensors) }
      return tensors.isEmpty ? "accepted, empty" : "accepted"
    } catch {
      precondition(error.path == "model", "the error names another file")
      precondition(
        !error.description.unicodeScalars.contains { $0.value < 32 }, "control character")
      return Mirror(reflecting: error).children.first?.label ?? "\(error)"
    }
  }

  private static func use(_ tensor: CheckpointTensor, of tensors: CheckpointTensors) {
    precondition(tensors.tensorIfPresent(named: tensor.name) == tensor)
    precondition(tensor.shape.allSatisfy { $0 >= 0 })
    let scales = tensor.groupSize.map { tensor.elementCount / $0 * 4 } ?? 0
    precondition(tensor.elementCount * tensor.type.byteCount + scales == tensor.byteCount)
    let bytes = tensors.bytes(of: tensor)
    precondition(bytes.count == tensor.byteCount)
    var sum = bytes.reduce(0) { $0 &+ Int($1) }
    tensors.willNeed(tensor)
    tensors.releasePages(of: tensor)
    var values = [Float](repeating: 0, count: min(tensor.elementCount, 64))
    let isRead = values.withUnsafeMutableBufferPointer { buffer in
      let end = tensor.elementCount
      do throws(ModelFileError) {
        try tensors.readFloats(of: tensor, elements: end - buffer.count..<end, into: buffer)
        return true
      } catch {
        guard case .unsupportedElements = error else { preconditionFailure("\(error)") }
        return false
      }
    }
    if isRead { sum &+= values.reduce(0) { $0 &+ Int($1.bitPattern) } }
    blackHole = sum
  }
}

/// Keeps the reads above from being optimised away.
private nonisolated(unsafe) var blackHole = 0
