import BlockFormats

/// The superblock with little error: minimises sum_i w_i (x_i - d s q_i + dmin m)^2 over codes q, the
/// sub-blocks' integers s and m, and the units d and dmin.
///
/// Two starts, the reference's and the least-squares fit of each sub-block by itself, are refined in turns: each
/// sub-block tries its neighbouring integers, then both units are fitted to all codes. What is found is never
/// worse than the reference.
struct SuperblockSearch {
  private let x: UnsafePointer<Float>
  private let weights: [Float]

  /// - Parameters:
  ///   - x: 256 finite values.
  ///   - weights: A weight of the square error for each, not negative; nil for equal ones.
  init(_ x: UnsafePointer<Float>, weights: [Float]?) {
    self.x = x
    self.weights = weights ?? [Float](repeating: 1, count: 256)
  }

  /// Rounds of refinement; more change next to nothing.
  private static let rounds = 3

  func best(_ shape: Superblock.Shape) -> Superblock {
    var best = Superblock.reference(shape, x)
    var leastError = error(best)
    for start in [best, fitted(shape)] {
      var block = start
      for _ in 0..<Self.rounds {
        improveIntegers(&block)
        fitUnits(&block)
        let found = error(block)
        guard found < leastError else { continue }
        leastError = found
        best = block
      }
    }
    return best
  }

  private func error(_ block: Superblock) -> Float {
    var total: Float = 0
    let width = block.shape.width
    for i in 0..<block.shape.subBlocks {
      let (step, offset) = (block.step(i), block.offset(i))
      for j in width * i..<width * (i + 1) {
        let miss = x[j] - (step * Float(block.codes[j]) - offset)
        total += weights[j] * miss * miss
      }
    }
    return total.isFinite ? total : .infinity
  }

  /// Each sub-block's own fit, in units of the largest.
  private func fitted(_ shape: Superblock.Shape) -> Superblock {
    var block = Superblock(shape)
    let width = shape.width
    if let range = shape.minima {
      let fits = (0..<shape.subBlocks).map { i in
        AffineFit(
          UnsafeBufferPointer(start: x + width * i, count: width),
          highest: shape.codes.upperBound, weights: Array(weights[width * i..<width * (i + 1)]),
          first: -0.9, steps: 18, isAbsolute: false)
      }
      (block.d, block.scales) = Superblock.units(fits.map(\.scale), shape.scales)
      (block.dmin, block.minima) = Superblock.units(fits.map(\.minimum), range)
    } else {
      let scales = (0..<shape.subBlocks).map { symmetricScale(shape, width * $0) }
      let largest = Superblock.firstOfLargestMagnitude(scales)
      guard largest != 0 else { return block }
      let inverse = Float(shape.scales.lowerBound) / largest
      block.d = Half(1 / inverse)
      block.scales = scales.map { nearestInteger(inverse * $0, in: shape.scales) }
    }
    for i in 0..<shape.subBlocks { block.retakeCodes(i, x) }
    return block
  }

  /// The step of a sub-block from `start` on whose codes' fit explains most.
  private func symmetricScale(_ shape: Superblock.Shape, _ start: Int) -> Float {
    let place = start..<start + shape.width
    let extreme = Superblock.firstOfLargestMagnitude(place.lazy.map { x[$0] })
    guard extreme != 0 else { return 0 }
    var (scale, most): (Float, Float) = (0, 0)
    for step in -9...9 {
      let inverse = (Float(shape.codes.lowerBound) - 0.1 * Float(step)) / extreme
      var (lx, ll): (Float, Float) = (0, 0)
      for i in place {
        let l = Float(nearestInteger(inverse * x[i], in: shape.codes))
        lx += weights[i] * x[i] * l
        ll += weights[i] * l * l
      }
      if ll > 0, lx * lx > most * ll {
        scale = lx / ll
        most = lx * scale
      }
    }
    return scale
  }

  /// Each sub-block's scale and minimum, one more or less than they were, and its codes.
  private func improveIntegers(_ block: inout Superblock) {
    let shape = block.shape
    for i in 0..<shape.subBlocks {
      let (scale, minimum) = (block.scales[i], block.minima[i])
      var (bestScale, bestMinimum) = (scale, minimum)
      var leastError = Float.infinity
      for s in max(shape.scales.lowerBound, scale - 1)...min(shape.scales.upperBound, scale + 1) {
        let minima = shape.minima.map {
          max($0.lowerBound, minimum - 1)...min($0.upperBound, minimum + 1)
        }
        for m in minima ?? 0...0 {
          let found = subBlockError(
            shape, i, step: Float(block.d) * Float(s), offset: Float(block.dmin) * Float(m))
          if found < leastError {
            leastError = found
            (bestScale, bestMinimum) = (s, m)
          }
        }
      }
      block.scales[i] = bestScale
      block.minima[i] = bestMinimum
      block.retakeCodes(i, x)
    }
  }

  /// The error of the nearest codes.
  private func subBlockError(
    _ shape: Superblock.Shape, _ i: Int, step: Float, offset: Float
  ) -> Float {
    typealias Vector = SIMD8<Float>
    let inverse = step == 0 ? 0 : 1 / step
    let lowest = Vector(repeating: Float(shape.codes.lowerBound))
    let highest = Vector(repeating: Float(shape.codes.upperBound))
    let toInteger = Vector(repeating: 0x1.8p23)
    var total = Vector.zero
    return weights.withUnsafeBytes { weights in
      for j in stride(from: shape.width * i, to: shape.width * (i + 1), by: 8) {
        let value = UnsafeRawPointer(x + j).loadUnaligned(as: Vector.self) + offset
        var code = (value * inverse + toInteger) - toInteger
        code.replace(with: lowest, where: code .< lowest)
        code.replace(with: highest, where: code .> highest)
        let miss = value - code * step
        total += weights.loadUnaligned(fromByteOffset: 4 * j, as: Vector.self) * miss * miss
      }
      return total.sum()
    }
  }

  /// The units of least error for the codes and integers as they are; then the codes again.
  private func fitUnits(_ block: inout Superblock) {
    let width = block.shape.width
    var (aa, ab, bb, ax, bx): (Float, Float, Float, Float, Float) = (0, 0, 0, 0, 0)
    for i in 0..<block.shape.subBlocks {
      let (scale, b) = (Float(block.scales[i]), -Float(block.minima[i]))
      for j in width * i..<width * (i + 1) {
        let a = scale * Float(block.codes[j])
        aa += weights[j] * a * a
        ab += weights[j] * a * b
        bb += weights[j] * b * b
        ax += weights[j] * a * x[j]
        bx += weights[j] * b * x[j]
      }
    }
    var (d, dmin) = (ax / aa, Float(block.dmin))
    let determinant = aa * bb - ab * ab
    if bb > 0, determinant > 1e-6 * aa * bb {
      d = (ax * bb - bx * ab) / determinant
      dmin = (bx * aa - ax * ab) / determinant
    } else if bb > 0 {
      return
    }
    guard Half(d).isFinite, Half(dmin).isFinite else { return }
    block.d = Half(d)
    block.dmin = Half(dmin)
    for i in 0..<block.shape.subBlocks { block.retakeCodes(i, x) }
  }
}

extension Half {
  fileprivate var isFinite: Bool { bits & 0x7C00 != 0x7C00 }
}
