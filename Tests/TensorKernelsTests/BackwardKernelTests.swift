import Foundation
import KernelInterface
import TensorKernels
import TestSupport
import Testing

/// Backward kernels against central differences of the forward formula in double precision:
/// (f(x + h) - f(x - h)) / 2h, off by h^2 of the third derivative and 1e-16 / h of f. With h = 1e-4
/// that is below 1e-7 for the numbers of size one here; the kernels' own roundings in f32 are larger:
/// 1e-5 of the largest gradient covers sums of up to some hundred terms.
@Suite struct BackwardKernelTests {
  private static let step = 1e-4

  /// d/dx of sum(weights * f(x)).
  private func differences(
    _ x: [Double], _ weights: [Double], _ f: ([Double]) -> [Double]
  ) -> [Double] {
    func value(_ x: [Double]) -> Double { zip(weights, f(x)).reduce(0) { $0 + $1.0 * $1.1 } }
    return x.indices.map { i in
      var shifted = x
      shifted[i] = x[i] + Self.step
      let above = value(shifted)
      shifted[i] = x[i] - Self.step
      return (above - value(shifted)) / (2 * Self.step)
    }
  }

  private func expectClose(
    _ found: ArraySlice<Float>, _ wanted: [Double], _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let largest = wanted.map(\.magnitude).max()!
    let difference = zip(found, wanted).map { abs(Double($0) - $1) }.max()!
    #expect(found.count == wanted.count, sourceLocation: sourceLocation)
    #expect(difference <= 1e-5 * largest + 1e-6, "\(what)", sourceLocation: sourceLocation)
  }

  @Test(arguments: InstructionSet.available)
  func geluBackward(set: InstructionSet) {
    var random = SplitMix64(seed: 61)
    let x = randomFloats(1000, size: 5, &random) + [0, 19, -19, 25, -25, 1e30, -1e30]
    let dy = randomFloats(x.count, &random)
    for count in [1, 15, 16, 33, 1000] {
      var found = dy + [.nan]
      set.kernels.gradients.geluBackward(x, count, &found)
      let wanted = (0..<count).map { i in
        differences([Double(x[i])], [Double(dy[i])]) { $0.map(geluInDouble) }[0]
      }
      expectClose(found[..<count], wanted, "\(count)")
      #expect(Array(found[count..<x.count]) == Array(dy[count...]), "written past the end")
    }
    // Far out the derivative is exactly 1 or 0.
    var ends: [Float] = [3, 3, 3, 3, 3, 3]
    set.kernels.gradients.geluBackward([19, -19, 25, -25, 1e30, -1e30], 6, &ends)
    #expect(ends == [3, 0, 3, 0, 3, 0])
  }

  @Test(arguments: InstructionSet.available)
  func layerNormBackward(set: InstructionSet) {
    var random = SplitMix64(seed: 62)
    for count in [2, 15, 16, 20, 48, 100] {
      let rows = 3
      let x = randomFloats(rows * count, size: 2, &random).map { $0 + 0.5 }
      let weight = randomFloats(count, size: 2, &random)
      let dy = randomFloats(rows * count, &random)
      // Gradients are added to what is there.
      let before = randomFloats(rows * count, &random)
      var dx = before
      var moments = [Float](repeating: .nan, count: 2 * rows)
      var dWeight = [Float](repeating: 1, count: count + 1)
      var dBias = [Float](repeating: 2, count: count + 1)
      for row in 0..<rows {
        let at = row * count
        dx.withUnsafeMutableBufferPointer { dx in
          x.withUnsafeBufferPointer { x in
            dy.withUnsafeBufferPointer { dy in
              moments.withUnsafeMutableBufferPointer { moments in
                set.kernels.gradients.layerNormBackward(
                  x.baseAddress! + at, weight, 1e-5, count, dy.baseAddress! + at,
                  dx.baseAddress! + at, moments.baseAddress! + 2 * row)
              }
            }
          }
        }
      }
      // The columns in two shares, cut where vectors are.
      let cut = count / 2 / 16 * 16
      for (first, end) in [(0, cut), (cut, count)] {
        set.kernels.gradients.layerNormGradients(
          x, dy, moments, rows, count, first, end, &dWeight, &dBias)
      }
      let (xs, gains, upstream) = (x.map(Double.init), weight.map(Double.init), dy.map(Double.init))
      let bias = [Double](repeating: 0, count: count)
      func output(_ x: [Double], _ gains: [Double], _ bias: [Double]) -> [Double] {
        (0..<rows).flatMap { row in
          layerNormInDouble(Array(x[row * count..<(row + 1) * count]), gains, bias)
        }
      }
      expectClose(
        zip(dx, before).map { $0 - $1 }[...], differences(xs, upstream) { output($0, gains, bias) },
        "x, \(count)")
      expectClose(
        dWeight[..<count].map { $0 - 1 }[...],
        differences(gains, upstream) { output(xs, $0, bias) }, "weight, \(count)")
      expectClose(
        dBias[..<count].map { $0 - 2 }[...],
        differences(bias, upstream) { output(xs, gains, $0) }, "bias, \(count)")
      #expect(dWeight[count] == 1 && dBias[count] == 2, "written past the end")
    }
  }

  @Test(arguments: InstructionSet.available)
  func columnSums(set: InstructionSet) {
    var random = SplitMix64(seed: 63)
    let (rows, stride, end) = (5, 70, 67)
    let x = randomFloats(rows * stride, &random)
    var sums = [Float](repeating: 1, count: stride)
    for (first, last) in [(0, 16), (16, 32), (32, end)] {
      set.kernels.gradients.addColumnSums(x, rows, stride, first, last, &sums)
    }
    for i in 0..<stride {
      let wanted = i < end ? (0..<rows).reduce(1) { $0 + x[$1 * stride + i] } : 1
      #expect(sums[i] == wanted)
    }
  }

  /// Sequences that fill tiles of queries (8) and of positions (16) and do not, heads of any size, one and two query
  /// heads to a kv head, a kv head among others; sequences whose first positions belong to another one, too.
  @Test(arguments: InstructionSet.available)
  func attentionBackward(set: InstructionSet) {
    var random = SplitMix64(seed: 64)
    for (count, size, group, shared) in [
      (1, 8, 1, 0), (5, 5, 2, 0), (8, 16, 2, 3), (17, 20, 1, 0), (17, 18, 2, 0), (33, 12, 1, 0),
      (33, 8, 1, 5), (18, 8, 2, 16),
    ] {
      let heads = 2
      let queryWidth = heads * group * size
      let width = queryWidth + 2 * heads * size
      let scale = 1 / Float(size).squareRoot()
      let projected = randomFloats(count * width, size: 1.5, &random)
      let dOut = randomFloats(count * queryWidth, &random)
      let exact = projected.map(Double.init)
      for head in 0..<heads {
        let firstQuery = head * group * size
        let key = queryWidth + head * size
        let value = key + heads * size
        // The query heads of this kv head, one after the other in each row.
        func output(_ projected: [Double]) -> [Double] {
          let parts = (0..<group).map {
            attentionInDouble(
              projected, count, width, (firstQuery + $0 * size, key, value), size, Double(scale))
          }
          return (0..<count).flatMap { row in
            parts.flatMap { $0[row * size..<(row + 1) * size] }
          }
        }
        let out = output(exact).map(Float.init)
        var found = [Float](repeating: .nan, count: count * width)
        var scratch = [Float](
          repeating: .nan, count: KernelTable.attendBackwardScratch(count, size))
        var sharedGradient = [Float](repeating: .nan, count: max(1, shared * 2 * size))
        // Their part alone, in rows of all heads.
        let part = group * size
        var upstream = [Float](repeating: 0, count: count * queryWidth)
        var outRows = upstream
        for row in shared..<count {
          for d in 0..<part {
            let at = row * queryWidth + firstQuery + d
            upstream[at] = dOut[at]
            outRows[at] = out[row * part + d]
          }
        }
        projected.withUnsafeBufferPointer { projected in
          outRows.withUnsafeBufferPointer { out in
            upstream.withUnsafeBufferPointer { upstream in
              found.withUnsafeMutableBufferPointer { found in
                let (first, firstOut) = (shared * width, shared * queryWidth + firstQuery)
                let (from, to) = (projected.baseAddress! + first, found.baseAddress! + first)
                set.kernels.gradients.attendBackward(
                  from + firstQuery, from + key, from + value, width, count - shared, shared,
                  -first, group, size, scale, out.baseAddress! + firstOut,
                  upstream.baseAddress! + firstOut, queryWidth, to + firstQuery, to + key,
                  to + value, &sharedGradient, &scratch)
              }
            }
          }
        }
        let weights = (0..<count).flatMap { row in
          (0..<part).map { Double(upstream[row * queryWidth + firstQuery + $0]) }
        }
        let wanted = differences(exact, weights, output)
        for position in 0..<shared {
          for d in 0..<size {
            let at = (position * width + d, 2 * position * size + d)
            #expect(abs(Double(sharedGradient[at.1]) - wanted[at.0 + key]) < 1e-5)
            #expect(abs(Double(sharedGradient[at.1 + size]) - wanted[at.0 + value]) < 1e-5)
          }
        }
        func isOwn(_ index: Int) -> Bool {
          let column = index % width
          return index >= shared * width
            && ((firstQuery..<firstQuery + part).contains(column)
              || (key..<key + size).contains(column) || (value..<value + size).contains(column))
        }
        let own = found.indices.filter(isOwn)
        expectClose(
          own.map { found[$0] }[...], own.map { wanted[$0] },
          "\(count) rows, \(group) heads of \(size)")
        #expect(
          found.indices.allSatisfy { isOwn($0) || found[$0].isNaN },
          "another head's gradient was written")
      }
    }
  }
}

// MARK: The forward formulas in double precision

private func geluInDouble(_ x: Double) -> Double {
  0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
}

private func layerNormInDouble(_ x: [Double], _ gains: [Double], _ bias: [Double]) -> [Double] {
  let count = Double(x.count)
  let mean = x.reduce(0, +) / count
  let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
  return x.indices.map { (x[$0] - mean) / (variance + 1e-5).squareRoot() * gains[$0] + bias[$0] }
}

/// One head's output, `[count][size]`; its queries, keys and values begin at these columns of the rows.
private func attentionInDouble(
  _ projected: [Double], _ count: Int, _ width: Int, _ columns: (Int, Int, Int), _ size: Int,
  _ scale: Double
) -> [Double] {
  func vector(_ row: Int, _ part: Int) -> ArraySlice<Double> {
    let start = row * width + [columns.0, columns.1, columns.2][part]
    return projected[start..<start + size]
  }
  return (0..<count).flatMap { row in
    let query = vector(row, 0)
    let weights = (0...row).map { position in
      exp(scale * zip(query, vector(position, 1)).reduce(0) { $0 + $1.0 * $1.1 })
    }
    let total = weights.reduce(0, +)
    return (0..<size).map { d in
      (0...row).reduce(0) { $0 + weights[$1] / total * vector($1, 2).dropFirst(d).first! }
    }
  }
}
