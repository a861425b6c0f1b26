import BlockFormats
import Crypto
import MessagePassing
import ModelFiles
import TensorKernels

/// The linear layers that a calibration makes, on one process or on several ranks.
extension Conversion {
  /// What ranks must have in common to come to the same bits.
  var record: String {
    let tensors = zip(tensors, plan).map { "\($0.name):\($0.storedAs):\($1.format.name)" }
    let digest = SHA256.hash(data: Array(tensors.joined(separator: " ").utf8)).hexadecimal
    return
      "\(calibration?.summary ?? "no calibration"), \(recipe?.summary ?? "type=kept"), tensors \(digest.prefix(12)), "
      + "kernels \(InstructionSet.best), version \(Self.version)"
  }

  /// Makes the tensors that the calibration makes, and hands them to `emit` as they come.
  func calibrate(
    _ pool: ThreadPool, _ ranks: Communicator?, _ onProgress: (ConversionProgress) -> Bool,
    _ emit: (String, [UInt8], BlockFormat) throws(ConversionError) -> Void
  ) throws(ConversionError) {
    guard let calibration else { return }
    let made = plan.suffix(calibratedCount)
    let formats = Dictionary(
      made.map { ($0.name, $0.format) }, uniquingKeysWith: { first, _ in first })
    let total = tensors.reduce(0) { $0 + $1.rowBytes * $1.rows }
    let result = withoutActuallyEscaping(onProgress) { onProgress in
      Result { () throws(ConversionError) in
        var next = made.startIndex
        let run = try CalibrationRanks.agreeing(ranks) { () throws(ConversionError) in
          try CalibrationRun(source, calibration, formats: formats, pool: pool, ranks: ranks) {
            onProgress(
              ConversionProgress(
                tensor: "layer \($0.layer + 1) of \($0.layers)", bytesDone: total,
                bytesTotal: total, calibration: $0))
          }
        }
        try run.run { name, bytes throws(ConversionError) in
          precondition(made[next].name == name, "\(name) comes out of turn")
          next += 1
          try emit(name, bytes, formats[name] ?? .f32)
        }
      }
    }
    try result.get()
  }
}
