/// The superblock formats' reference quantizers, byte for byte ggml's (`quantize_row_q*_K_ref`): a scale, or a
/// scale and a minimum, is sought for each sub-block by itself; the superblock then has the units in which
/// the largest of them is the largest integer, and codes are taken again for what is stored.
extension Superblock {
  /// As ggml's reference chooses it. Codes whose scale is zero are what the search left.
  package static func reference(_ shape: Shape, _ values: UnsafePointer<Float>) -> Superblock {
    shape.minima == nil ? symmetric(shape, values) : affine(shape, values)
  }

  /// Q2_K weighs errors by the values' magnitudes; Q4_K and Q5_K squares of errors by magnitudes and the sub-block's
  /// root mean square.
  private static func affine(_ shape: Shape, _ values: UnsafePointer<Float>) -> Superblock {
    var block = Superblock(shape)
    var (scales, minima): ([Float], [Float]) = ([], [])
    for i in 0..<shape.subBlocks {
      let x = values + shape.width * i
      var squares: Float = 0
      for j in 0..<shape.width { squares += x[j] * x[j] }
      let mean = shape.format == .q2_K ? 0 : (squares / Float(shape.width)).squareRoot()
      let fit = AffineFit(
        UnsafeBufferPointer(start: x, count: shape.width), highest: shape.codes.upperBound,
        weights: (0..<shape.width).map { mean + x[$0].magnitude },
        first: shape.format == .q4_K ? -1 : -0.5, steps: shape.format == .q4_K ? 20 : 15,
        isAbsolute: shape.format == .q2_K)
      scales.append(fit.scale)
      minima.append(fit.minimum)
      for j in 0..<shape.width { block.codes[shape.width * i + j] = Int8(fit.codes[j]) }
    }
    (block.d, block.scales) = units(scales, shape.scales)
    (block.dmin, block.minima) = units(minima, shape.minima!)
    for i in 0..<shape.subBlocks { block.retakeCodes(i, values) }
    return block
  }

  /// Integers in units of the largest, which becomes `range`'s last.
  package static func units(_ values: [Float], _ range: ClosedRange<Int>) -> (Half, [Int]) {
    let largest = values.reduce(0) { $1 > $0 ? $1 : $0 }
    let inverse = largest > 0 ? Float(range.upperBound) / largest : 0
    return (
      Half(largest / Float(range.upperBound)),
      values.map { largest > 0 ? nearestInteger(inverse * $0, in: range) : 0 }
    )
  }

  private static func symmetric(_ shape: Shape, _ values: UnsafePointer<Float>) -> Superblock {
    var block = Superblock(shape)
    let fits = (0..<16).map { i in
      let x = UnsafeBufferPointer(start: values + 16 * i, count: 16)
      let fit = shape.format == .q3_K ? fitByMoves(x) : fitBySteps(x)
      for j in 0..<16 { block.codes[16 * i + j] = fit.codes[j] }
      return fit.scale
    }
    let largest = firstOfLargestMagnitude(fits)
    guard shape.format == .q3_K ? largest != 0 : largest.magnitude >= leastMagnitude else {
      // ggml writes bytes of zero then, which stand for the lowest scales of Q3_K and codes of Q6_K.
      guard shape.format == .q3_K else { return Superblock(shape) }
      block.scales = [Int](repeating: shape.scales.lowerBound, count: 16)
      return block
    }
    let inverse = Float(shape.scales.lowerBound) / largest
    block.d = Half(1 / inverse)
    block.scales = fits.map {
      let nearest = nearestInteger(inverse * $0)
      // ggml cuts to a byte before it clamps (Q3_K), and after it (Q6_K).
      let cut = shape.format == .q3_K ? Int(Int8(truncatingIfNeeded: nearest)) : min(127, nearest)
      return max(shape.scales.lowerBound, min(shape.scales.upperBound, cut))
    }
    for i in 0..<16 { block.retakeCodes(i, values) }
    return block
  }

  /// The scale of 16 values with codes -32...31, by trying steps around the one that takes the extreme to the
  /// end; weights are the values' squares.
  private static func fitBySteps(_ x: UnsafeBufferPointer<Float>) -> (scale: Float, codes: [Int8]) {
    let extreme = firstOfLargestMagnitude(x)
    guard extreme.magnitude >= leastMagnitude else {
      return (0, [Int8](repeating: -32, count: 16))
    }
    func sums(_ inverse: Float) -> (lx: Float, ll: Float) {
      var (lx, ll): (Float, Float) = (0, 0)
      for x in x {
        let l = Float(nearestInteger(inverse * x, in: -32...31))
        let w = x * x
        lx += w * x * l
        ll += w * l * l
      }
      return (lx, ll)
    }
    var best = -32 / extreme
    let (lx, ll) = sums(best)
    var scale = ll != 0 ? lx / ll : 0
    var explained = scale * lx
    for step in -9...9 where step != 0 {
      let inverse = -(32 + 0.1 * Float(step)) / extreme
      let (lx, ll) = sums(inverse)
      if ll > 0, lx * lx > explained * ll {
        best = inverse
        scale = lx / ll
        explained = scale * lx
      }
    }
    return (scale, x.map { Int8(nearestInteger(best * $0, in: -32...31)) })
  }

  /// The scale of 16 values with codes -4...3: from the one that takes the extreme to the end, each code in
  /// turn is moved where that betters the fit, five times at most.
  private static func fitByMoves(_ x: UnsafeBufferPointer<Float>) -> (scale: Float, codes: [Int8]) {
    let extreme = firstOfLargestMagnitude(x)
    guard extreme.magnitude >= leastMagnitude else {
      return (0, [Int8](repeating: -4, count: 16))
    }
    let inverse = -4 / extreme
    var codes = x.map { Float(nearestInteger(inverse * $0, in: -4...3)) }
    var (lx, ll): (Float, Float) = (0, 0)
    for i in 0..<16 {
      let w = x[i] * x[i]
      lx += w * x[i] * codes[i]
      ll += w * codes[i] * codes[i]
    }
    for _ in 0..<5 {
      var changed = false
      for i in 0..<16 {
        let w = x[i] * x[i]
        var otherLX = lx - w * x[i] * codes[i]
        guard otherLX > 0 else { continue }
        var otherLL = ll - w * codes[i] * codes[i]
        let l = Float(nearestInteger(x[i] * otherLL / otherLX, in: -4...3))
        guard l != codes[i] else { continue }
        otherLX += w * x[i] * l
        otherLL += w * l * l
        if otherLL > 0, otherLX * otherLX * ll > lx * lx * otherLL {
          codes[i] = l
          lx = otherLX
          ll = otherLL
          changed = true
        }
      }
      if !changed { break }
    }
    return (ll > 0 ? lx / ll : 0, codes.map { Int8($0) })
  }

  /// Below this all values of a sub-block count as zeros.
  private static let leastMagnitude: Float = 1e-15

  package static func firstOfLargestMagnitude(_ values: some Sequence<Float>) -> Float {
    values.reduce(0) { $1.magnitude > $0.magnitude ? $1 : $0 }
  }
}

/// value = scale * code - minimum for one sub-block.
package struct AffineFit {
  package private(set) var scale: Float = 0
  /// What is taken off; not negative.
  package private(set) var minimum: Float
  package private(set) var codes: [Int]

  /// Tries `steps` + 1 inverse scales, (first + 0.1 i + highest) / range, each with its weighted fit.
  package init(
    _ x: UnsafeBufferPointer<Float>, highest: Int, weights: [Float], first: Float, steps: Int,
    isAbsolute: Bool
  ) {
    var (smallest, largest) = (x[0], x[0])
    var sumW = weights[0]
    var sumX = sumW * x[0]
    for i in 1..<x.count {
      if x[i] < smallest { smallest = x[i] }
      if x[i] > largest { largest = x[i] }
      sumW += weights[i]
      sumX += weights[i] * x[i]
    }
    var low = smallest > 0 ? 0 : smallest
    minimum = -low
    codes = [Int](repeating: 0, count: x.count)
    guard largest != low else { return }
    func error(_ scale: Float, _ low: Float, _ codes: [Int]) -> Float {
      var total: Float = 0
      for i in 0..<x.count {
        let miss = scale * Float(codes[i]) + low - x[i]
        total += weights[i] * (isAbsolute ? miss.magnitude : miss * miss)
      }
      return total
    }
    let inverse = Float(highest) / (largest - low)
    scale = 1 / inverse
    for i in 0..<x.count { codes[i] = nearestInteger(inverse * (x[i] - low), in: 0...highest) }
    var bestError = error(scale, low, codes)
    var tried = codes
    for step in 0...steps {
      // From the minimum of the best fit so far.
      let inverse = (first + 0.1 * Float(step) + Float(highest)) / (largest - low)
      var (sumL, sumLL, sumXL): (Float, Float, Float) = (0, 0, 0)
      for i in 0..<x.count {
        tried[i] = nearestInteger(inverse * (x[i] - low), in: 0...highest)
        let weighted = weights[i] * Float(tried[i])
        sumL += weighted
        sumLL += weighted * Float(tried[i])
        sumXL += weighted * x[i]
      }
      let determinant = sumW * sumLL - sumL * sumL
      guard determinant > 0 else { continue }
      var fitted = (sumW * sumXL - sumX * sumL) / determinant
      var fittedLow = (sumLL * sumX - sumL * sumXL) / determinant
      if fittedLow > 0 {
        fittedLow = 0
        fitted = sumXL / sumLL
      }
      let found = error(fitted, fittedLow, tried)
      if found < bestError {
        swap(&codes, &tried)
        bestError = found
        scale = fitted
        low = fittedLow
      }
    }
    minimum = -low
  }
}

extension ReferenceBlocks {
  /// Encodes one superblock.
  static func encodeSuperblock(
    _ format: BlockFormat, _ values: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer
  ) {
    Superblock.reference(Superblock.Shape(format)!, values).store(block)
  }

  static func store(_ half: Half, _ bytes: UnsafeMutableRawPointer) {
    bytes.storeBytes(of: half.bits.littleEndian, as: UInt16.self)
  }
}
