import BlockFormats
import Quantization
import TensorKernels
import TestSupport

extension BlockFormat {
  /// The formats that have a search.
  static let searched: [BlockFormat] = [.q4_0, .q4_1, .q8_0]
  /// Those with five bits, whose search is the same with other numbers.
  static let fiveBits: [BlockFormat] = [.q5_0, .q5_1]
  /// All that are written but superblocks.
  static let smallBlocks = allCases.filter { $0.hasQuantizer && $0.elementsPerBlock <= 32 }

  /// `values` through a quantizer, rows of `columns`.
  func quantized(
    _ values: [Float], columns: Int, rounding: Rounding, importance: [Float]? = nil,
    instructionSet: InstructionSet = .best, threads: Int = 1
  ) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xAA, count: byteCount(elements: values.count)!)
    let quantizer = BlockQuantizer(self, rounding: rounding, instructionSet: instructionSet)
    try values.withUnsafeBytes { source in
      try bytes.withUnsafeMutableBytes { target in
        try quantizer.quantize(
          source, .f32, columns: columns, importance: importance, into: target, tensor: "t",
          pool: ThreadPool(threads: threads))
      }
    }
    return bytes
  }

  /// ggml's bytes.
  func reference(_ values: [Float]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount(elements: values.count)!)
    values.withUnsafeBufferPointer { source in
      bytes.withUnsafeMutableBytes { ReferenceBlocks.quantize(self, source, into: $0) }
    }
    return bytes
  }

  func decoded(_ bytes: [UInt8]) -> [Float] {
    var values = [Float](repeating: 0, count: bytes.count / bytesPerBlock * elementsPerBlock)
    bytes.withUnsafeBytes { source in
      values.withUnsafeMutableBufferPointer { ReferenceBlocks.dequantize(self, source, into: $0) }
    }
    return values
  }
}

/// Rows that look like weights: normal, each block with a size of its own and some with outliers.
func weightLike(_ count: Int, seed: UInt64) -> [Float] {
  var generator = SplitMix64(seed: seed)
  var values = [Float](repeating: 0, count: count)
  for block in stride(from: 0, to: count, by: 32) {
    let size = Float.random(in: 0.001...0.1, using: &generator)
    for i in block..<min(block + 32, count) { values[i] = size * normal(&generator) }
    if Bool.random(using: &generator) {
      values[block + Int.random(in: 0..<32, using: &generator)] *= 5
    }
  }
  return values
}

/// About normal: the sum of twelve uniform numbers less its mean (Irwin-Hall).
func normal(_ generator: inout SplitMix64) -> Float {
  var sum: Float = -6
  for _ in 0..<12 { sum += Float.random(in: 0..<1, using: &generator) }
  return sum
}

/// Σ weight (x − decoded)² of one block, in double precision.
func squareError(
  _ values: some Collection<Float>, _ decoded: some Collection<Float>, _ weights: [Float]? = nil
) -> Double {
  var sum = 0.0
  for (i, (x, y)) in zip(values, decoded).enumerated() {
    let miss = Double(x) - Double(y)
    sum += Double(weights?[i] ?? 1) * miss * miss
  }
  return sum
}
