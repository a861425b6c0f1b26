import BlockFormats
import Foundation
import KernelInterface
import TensorKernels
import TestSupport

/// One kv head's cache, the keys and values that were put into it, and both products of attention
/// over it: the kernel's and, from the values as the cache keeps them, one in Double.
final class AttentionHead {
  let set: InstructionSet
  let type: CacheType
  let headSize: Int
  let scale: Float
  private let cache: KeyValueCache
  private var keys: [[Double]] = []
  private var values: [[Double]] = []

  /// A cache full of ones: NaN as f32, f16 and in the scales of q8_0, so that whatever is read
  /// before it is written shows.
  init(_ set: InstructionSet, _ type: CacheType, headSize: Int, capacity: Int) throws {
    self.set = set
    self.type = type
    self.headSize = headSize
    scale = 1 / Float(headSize).squareRoot()
    cache = try KeyValueCache(
      type: type, layers: 1, kvHeads: 1, headSize: headSize, capacity: capacity)
    let bytes = KeyValueCache.byteCount(
      type: type, layers: 1, kvHeads: 1, headSize: headSize, capacity: capacity)!
    memset(cache.keys(layer: 0, head: 0), 0xFF, bytes)
  }

  /// Fills positions up to `end` with random keys and values.
  func fill(to end: Int, _ random: inout SplitMix64) {
    while keys.count < end {
      let key = randomFloats(headSize, size: 3, &random)
      let value = randomFloats(headSize, size: 3, &random)
      set.kernels.attention.storeKeyValue(
        type.kind.rawValue, key, value, keys.count, headSize, cache.keys(layer: 0, head: 0),
        cache.values(layer: 0, head: 0))
      keys.append(type.kept(key))
      values.append(type.kept(value))
    }
  }

  /// The kernel's outputs, `[columns][headSize]`. Queries stand 3 floats apart, outputs 5.
  func attend(_ queries: [[Float]], visible: Int, step: Int) -> [[Float]] {
    let (queryStride, outStride) = (headSize + 3, headSize + 5)
    let flat = queries.flatMap { $0 + [.nan, .nan, .nan] }
    var out = [Float](repeating: -7, count: queries.count * outStride)
    var scratch = [Float](repeating: .nan, count: CacheLayout.attentionScratch(headSize))
    set.kernels.attention.attend(
      type.kind.rawValue, flat, queryStride, queries.count, visible, step, headSize, scale,
      cache.keys(layer: 0, head: 0), cache.values(layer: 0, head: 0), &out, outStride, &scratch)
    return (0..<queries.count).map { n in
      precondition(
        out[n * outStride + headSize..<(n + 1) * outStride].allSatisfy { $0 == -7 },
        "attention wrote past a head")
      return Array(out[n * outStride..<n * outStride + headSize])
    }
  }

  /// The largest of the outputs' errors as a part of what rounding may make of them; at most 1.
  ///
  /// A score is a chain of H multiply-adds of once rounded products: (H + 2) units of the sum of its
  /// terms' magnitudes. Subtracting the peak rounds once, relative to the difference; the peak itself
  /// cancels. The exponential is good to 4 units, once for the position and once for each later
  /// block that lowers it, whose exponents are rounded too. So a weight is off by a part e_p; with
  /// N additions (and a product for each block) the numerator is off by sum w (e_p + N + 2 B) |v|
  /// and the denominator by sum w (e_p + N + 2 B), and reciprocal and product round once each.
  func error(_ out: [Float], _ query: [Float], visible: Int) -> Double {
    let blocks = Double((visible + CacheLayout.softmaxBlock - 1) / CacheLayout.softmaxBlock)
    let q = query.map { Double($0) * Double(scale) }
    var scores = [Double](repeating: 0, count: visible)
    var spreads = scores
    for p in 0..<visible {
      for d in 0..<headSize {
        let term = q[d] * keys[p][d]
        scores[p] += term
        spreads[p] += abs(term)
      }
    }
    let (peak, lowest) = (scores.max()!, scores.min()!)
    let weights = scores.map { exp($0 - peak) }
    let additions = Double(visible) + 2 * blocks
    let parts = scores.indices.map { p in
      (Double(headSize) + 2) * spreads[p] + (1 + blocks) * (peak - lowest) + 4 * (1 + blocks)
        + additions
    }
    let total = weights.reduce(0, +)
    let totalError = zip(weights, parts).reduce(0) { $0 + $1.0 * $1.1 }
    var worst = 0.0
    for d in 0..<headSize {
      var sum = 0.0
      var sumError = 0.0
      for p in 0..<visible {
        let term = weights[p] * values[p][d]
        sum += term
        sumError += abs(term) * parts[p]
      }
      let wanted = sum / total
      let bound = (sumError + abs(wanted) * totalError) / total + 2 * abs(wanted)
      let error = abs(Double(out[d]) - wanted)
      worst = error.isNaN ? .infinity : max(worst, error / (1.001 * unit * bound + 1e-37))
    }
    return worst
  }
}

extension CacheType {
  /// What the cache keeps of a vector: f16 rounds to nearest even; q8_0 has, for each 32, the code
  /// x * (127 / peak) rounded to even and the f16 scale peak / 127.
  func kept(_ vector: [Float]) -> [Double] {
    switch self {
    case .f32: return vector.map(Double.init)
    case .f16: return vector.map { Double(Float(Half($0))) }
    case .q8_0:
      return stride(from: 0, to: vector.count, by: 32).flatMap { start in
        let block = vector[start..<min(start + 32, vector.count)]
        let peak = block.map(\.magnitude).max()!
        let scale = Double(Float(Half(peak / 127)))
        let inverse = peak > 0 ? 127 / peak : 0
        return block.map { Double(($0 * inverse).rounded(.toNearestOrEven)) * scale }
      }
    }
  }
}
