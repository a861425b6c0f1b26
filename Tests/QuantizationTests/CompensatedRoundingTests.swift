import BlockFormats
import Quantization
import TensorKernels
import TestSupport
import Testing

/// A layer with correlated inputs, and textbook GPTQ in double precision to compare with.
struct CompensatedRoundingTests {
  static let sets = InstructionSet.allCases.filter(\.isAvailable)

  struct Problem {
    let rows: Int
    let columns: Int
    let weights: [Float]  // [rows][columns]
    let inputs: [Float]  // [count][columns]
    let count: Int
    let hessian: [[Double]]  // Σ x xᵀ

    /// Inputs are mixtures of a few hidden causes and noise, with a mean, as activations are.
    init(rows: Int, columns: Int, count: Int, seed: UInt64) {
      var generator = SplitMix64(seed: seed)
      self.rows = rows
      self.columns = columns
      self.count = count
      weights = (0..<rows * columns).map { _ in 0.05 * normal(&generator) }
      let causes = columns / 4
      let mix = (0..<causes * columns).map { _ in 0.5 * normal(&generator) }
      let sizes = (0..<columns).map { _ in Float.random(in: 0.3...2, using: &generator) }
      var inputs = [Float](repeating: 0, count: count * columns)
      for n in 0..<count {
        let hidden = (0..<causes).map { _ in 0.2 + normal(&generator) }
        for k in 0..<columns {
          var x = 0.3 * normal(&generator)
          for (c, value) in hidden.enumerated() { x += value * mix[c * columns + k] }
          inputs[n * columns + k] = sizes[k] * x
        }
      }
      self.inputs = inputs
      var hessian = [[Double]](
        repeating: [Double](repeating: 0, count: columns), count: columns)
      for n in 0..<count {
        for i in 0..<columns {
          for k in 0..<columns {
            hessian[i][k] += Double(inputs[n * columns + i]) * Double(inputs[n * columns + k])
          }
        }
      }
      self.hessian = hessian
    }

    func gram(_ pool: ThreadPool, _ set: InstructionSet) throws -> GramMatrix {
      let gram = try GramMatrix(size: columns, pool: pool, instructionSet: set)
      inputs.withUnsafeBufferPointer { gram.accumulate($0.baseAddress!, rows: count) }
      return gram
    }

    func rounding(_ format: BlockFormat, _ pool: ThreadPool, _ set: InstructionSet) throws
      -> CompensatedRounding
    {
      let rounding = try CompensatedRounding(
        format, rows: rows, columns: columns, pool: pool, instructionSet: set)
      // In two parts, of which the first ends within a group of sixteen rows.
      for part in [0..<rows / 2, rows / 2..<rows] {
        rounding.load(part) { row, target in
          for k in 0..<columns { target[k] = weights[row * columns + k] }
        }
      }
      return rounding
    }

    func compensated(
      _ format: BlockFormat, sweeps: Int, threads: Int = 1, set: InstructionSet = .best
    ) throws -> [UInt8] {
      let pool = ThreadPool(threads: threads)
      let gram = try gram(pool, set)
      gram.factor(damping: 0.01)
      let rounding = try rounding(format, pool, set)
      var blocks = [UInt8](repeating: 0, count: format.byteCount(elements: rows * columns)!)
      blocks.withUnsafeMutableBytes { rounding.round(gram, into: $0.baseAddress!) }
      if sweeps > 0 {
        gram.restore()
        for _ in 0..<sweeps {
          blocks.withUnsafeMutableBytes { rounding.refine(gram, $0.baseAddress!) }
        }
      }
      return blocks
    }

    /// Σ over rows of e H eᵀ: the squares of what the layer's outputs are off by.
    func cost(_ decoded: [Float], damping: Double = 0) -> Double {
      let extra =
        damping * (0..<columns).reduce(0) { $0 + hessian[$1][$1] } / Double(columns)
      var total = 0.0
      for row in 0..<rows {
        let e = (0..<columns).map {
          Double(weights[row * columns + $0]) - Double(decoded[row * columns + $0])
        }
        for i in 0..<columns {
          var sum = extra * e[i]
          for k in 0..<columns { sum += hessian[i][k] * e[k] }
          total += e[i] * sum
        }
      }
      return total
    }
  }

  // MARK: H and its factor

  /// Sums of products in f32 chains against f64; a chain of n products is off by at most n roundings
  /// of its largest partial sum.
  @Test(arguments: sets)
  func gramIsTheSumOfProducts(set: InstructionSet) throws {
    let problem = Problem(rows: 1, columns: 160, count: 300, seed: 1)
    let gram = try problem.gram(ThreadPool(threads: 2), set)
    for i in 0..<160 {
      for k in 0...i {
        let size = (problem.hessian[i][i] * problem.hessian[k][k]).squareRoot()
        #expect(
          abs(Double(gram.values[i * 160 + k]) - problem.hessian[i][k]) <= 300 * 0x1p-24 * size)
      }
    }
  }

  /// SᵀS is H with its damping, to f32's accuracy of a Cholesky factorization (n roundings of the
  /// diagonal), and `restore` brings back H.
  @Test(arguments: sets)
  func factorsAndRestores(set: InstructionSet) throws {
    let size = 160
    let problem = Problem(rows: 1, columns: size, count: 300, seed: 2)
    let gram = try problem.gram(ThreadPool(threads: 2), set)
    gram.factor(damping: 0.01)
    #expect(gram.damping == 0.01)
    let mean = (0..<size).reduce(0) { $0 + problem.hessian[$1][$1] } / Double(size)
    let factor = (0..<size).map { j in
      (0..<size).map { k in
        k > j ? 0 : Double(gram.values[j * size + k]) * Double(gram.costs[j]).squareRoot()
      }
    }
    gram.restore()
    for i in 0..<size {
      #expect(gram.values[i * size + i].isFinite)
      for k in 0..<size {
        let expected = problem.hessian[i][k] + (i == k ? 0.01 * mean : 0)
        let bound =
          2 * 300 * 0x1p-24 * (problem.hessian[i][i] * problem.hessian[k][k]).squareRoot()
        let product = (max(i, k)..<size).reduce(0) { $0 + factor[$1][i] * factor[$1][k] }
        #expect(abs(product - expected) <= bound)
        #expect(abs(Double(gram.values[i * size + k]) - expected) <= bound)
      }
    }
  }

  /// Fewer inputs than columns, some never used: H is singular, and damping makes it usable.
  @Test func factorsSingularMatrices() throws {
    for count in [0, 3] {
      let pool = ThreadPool(threads: 1)
      let gram = try GramMatrix(size: 64, pool: pool)
      let x = (0..<count * 64).map { $0 % 64 < 32 ? Float($0 % 7) : 0 }
      x.withUnsafeBufferPointer { if count > 0 { gram.accumulate($0.baseAddress!, rows: count) } }
      gram.factor(damping: 0.01)
      #expect(gram.costs.allSatisfy { $0 > 0 && $0 < .infinity })
      let weights = weightLike(64 * 4, seed: 3)
      let rounding = try CompensatedRounding(.q4_0, rows: 4, columns: 64, pool: pool)
      rounding.load(0..<4) { row, out in for k in 0..<64 { out[k] = weights[row * 64 + k] } }
      var blocks = [UInt8](repeating: 0, count: 8 * 18)
      blocks.withUnsafeMutableBytes { rounding.round(gram, into: $0.baseAddress!) }
      let error = squareError(weights, BlockFormat.q4_0.decoded(blocks))
      #expect(error < 0.02 * squareError(weights, [Float](repeating: 0, count: weights.count)))
    }
  }

  // MARK: rounding

  /// GPTQ as its paper has it (Algorithm 1): Cholesky factor U of the inverse, H⁻¹ = UᵀU, each
  /// column's error, divided by U_jj, taken off the later columns. Scales are those that our rounding
  /// chose. Ours factors H itself, in f32: the codes are the same but for values so near to the middle
  /// between two that 1e-4 of a step decides, of which a few in a thousand are expected, and what
  /// follows on them in their row.
  @Test(arguments: BlockFormat.searched, sets)
  func equalsTextbookGPTQ(format: BlockFormat, set: InstructionSet) throws {
    let problem = Problem(rows: 37, columns: 128, count: 500, seed: 4)
    let blocks = try problem.compensated(format, sweeps: 0, threads: 2, set: set)
    let ours = format.decoded(blocks)
    let theirs = TextbookGPTQ.round(problem, format, scalesOf: blocks, damping: 0.01)
    let rowsAlike = (0..<problem.rows).filter { row in
      (0..<problem.columns).allSatisfy {
        let i = row * problem.columns + $0
        return abs(ours[i] - theirs[i]) <= 1e-6
      }
    }
    #expect(rowsAlike.count >= problem.rows * 2 / 3)
    let (mine, textbook) = (problem.cost(ours), problem.cost(theirs))
    #expect(abs(mine - textbook) <= 0.02 * textbook)
  }

  /// Far below rounding to the nearest, with the best scales, and sweeps lower it further.
  @Test(arguments: BlockFormat.searched, sets)
  func lowersTheLayersError(format: BlockFormat, set: InstructionSet) throws {
    let problem = Problem(rows: 37, columns: 128, count: 500, seed: 5)
    let nearest = problem.cost(
      format.decoded(
        try format.quantized(problem.weights, columns: 128, rounding: .best)))
    var costs: [Double] = []
    for sweeps in 0...3 {
      let blocks = try problem.compensated(format, sweeps: sweeps, set: set)
      costs.append(problem.cost(format.decoded(blocks), damping: 0.01))
    }
    #expect(costs[0] < 0.5 * nearest)
    for (before, after) in zip(costs, costs.dropFirst()) { #expect(after <= before * (1 + 1e-5)) }
    #expect(costs[3] < 0.98 * costs[0])
  }

  @Test(arguments: BlockFormat.searched)
  func threadsDoNotMatter(format: BlockFormat) throws {
    let problem = Problem(rows: 70, columns: 96, count: 300, seed: 6)
    let one = try problem.compensated(format, sweeps: 2, threads: 1)
    #expect(try problem.compensated(format, sweeps: 2, threads: 3) == one)
  }

  /// What lies on the grid stays there: there is no error to make good.
  @Test(arguments: BlockFormat.searched)
  func recoversTheGrid(format: BlockFormat) throws {
    let base = Problem(rows: 16, columns: 64, count: 200, seed: 7)
    let values = format.decoded(format.reference(base.weights))
    let pool = ThreadPool(threads: 1)
    let gram = try base.gram(pool, .best)
    gram.factor(damping: 0.01)
    let rounding = try CompensatedRounding(format, rows: 16, columns: 64, pool: pool)
    rounding.load(0..<16) { row, out in for k in 0..<64 { out[k] = values[row * 64 + k] } }
    var blocks = [UInt8](repeating: 0, count: format.byteCount(elements: values.count)!)
    blocks.withUnsafeMutableBytes { rounding.round(gram, into: $0.baseAddress!) }
    #expect(format.decoded(blocks) == values)
  }
}
