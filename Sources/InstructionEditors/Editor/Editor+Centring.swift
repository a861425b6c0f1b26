import LanguageModels
import LatentEditing
import TensorKernels

/// An editor whose heads are centred, to train its instructions' own part by itself, and back.
extension Editor {
  /// Instructions that are read together.
  private static let batchSize = 16

  /// Whether each of its sites has a head that reads nothing but the instruction, which can be centred.
  package var canCentre: Bool { configuration.hasHeadsOfInstructions }

  /// Centres the heads on `instructions`: the same edits to rounding, with b the mean edit over them. Heads that are
  /// not in `layers` (nil: all are) are shut from then on, and their matrices are zero. Throws `model`.
  ///
  /// - Parameters:
  ///   - instructions: tokens of each; one at least.
  ///   - layers: blocks of the processor whose sites stay open; nil for all.
  ///   - threshold: tau[l] over the root mean square of the instructions' own part at site l.
  ///   - gating: what opens sites.
  package func centre(
    on instructions: [[Int]], layers: [Int]? = nil, threshold: Float = 0,
    gating: CentredHeads.Gating = .none
  ) throws(LatentEditingError) {
    precondition(canCentre && !instructions.isEmpty && heads.centring == nil)
    let sites = heads.siteCount
    var sum = [Double](repeating: 0, count: sites * heads.width)
    try eachBatch(instructions) { memory, count in
      for site in 0..<sites {
        for row in 0..<count {
          let x = memory.inputs + (site * memory.batch + row) * heads.width
          for i in 0..<heads.width { sum[site * heads.width + i] += Double(x[i]) }
        }
      }
    }
    let centre = sum.map { Float($0 / Double(instructions.count)) }
    let open = configuration.layers.map { layers?.contains($0) ?? true }
    for site in 0..<sites {
      try heads.addToBias(site: site, times: 1, centre)
      if !open[site] { try heads.scaleMatrix(site: site, by: 0) }
    }
    func centred(_ thresholds: [Float]) throws(LatentEditingError) -> CentredHeads {
      try CentredHeads(centre: centre, thresholds: thresholds, isOpen: open, gating: gating)
    }
    let zero = [Float](repeating: 0, count: sites)
    heads.centring = try centred(zero)
    guard threshold > 0 else { return }
    var squares = [Double](repeating: 0, count: sites)
    try eachBatch(instructions) { memory, count in
      for site in 0..<sites {
        let bias = heads.bias(site: site)
        for row in 0..<count {
          let v = memory.latents + (site * memory.batch + row) * heads.latentCount
          for i in 0..<heads.latentCount {
            let own = Double(v[i]) - Double(bias[i])
            squares[site] += own * own
          }
        }
      }
    }
    let numbers = Double(instructions.count * heads.latentCount)
    heads.centring = try centred(
      squares.map { Float(Double(threshold) * ($0 / numbers).squareRoot()) })
  }

  /// Reads instructions in batches, and hands `body` the heads' memory after each.
  func eachBatch(
    _ instructions: [[Int]], _ body: (_ memory: EditorHeadsState, _ count: Int) -> Void
  ) throws(LatentEditingError) {
    for first in stride(from: 0, to: instructions.count, by: Self.batchSize) {
      let some = Array(instructions[first..<min(first + Self.batchSize, instructions.count)])
      body(try readHeads(some, adding: nil), some.count)
    }
  }

  /// Of each of some instructions what is left of its own part: z of every site, and how many of its numbers are those of
  /// the mean edit.
  package func ownParts(
    of instructions: [[Int]]
  ) throws(LatentEditingError) -> [(gates: [Float], zeros: [Int])] {
    precondition(heads.centring != nil, "its heads are not centred")
    var found: [(gates: [Float], zeros: [Int])] = []
    try eachBatch(instructions) { memory, count in
      for row in 0..<count {
        var zeros: [Int] = []
        for site in 0..<heads.siteCount {
          let bias = heads.bias(site: site)
          let v = memory.latents + (site * memory.batch + row) * heads.latentCount
          zeros.append((0..<heads.latentCount).reduce(0) { $0 + (v[$1] == bias[$1] ? 1 : 0) })
        }
        found.append(
          (
            (0..<heads.siteCount).map { memory.gates[$0 * memory.batch + row] }, zeros
          ))
      }
    }
    return found
  }

  /// This editor with plain heads that make the same edits to rounding; itself where they are plain already. Throws
  /// `notWritable` where no plain heads do.
  package func folded() throws(LatentEditingError) -> Editor {
    guard let centring = heads.centring else { return self }
    guard centring.isPlain else {
      throw .notWritable(
        reason: centring.gating == .ofInstruction
          ? "the instruction says which of its sites are open"
          : "its latents have a threshold")
    }
    let plain = try EditorHeads(heads.configuration, copying: heads)
    for site in 0..<heads.siteCount {
      let z = centring.gate(site: site, [Float](repeating: 0, count: heads.width), draw: nil).z
      try plain.scaleMatrix(site: site, by: z)
      try plain.addToBias(site: site, times: -1, centring.centre)
    }
    return try replacingHeads(plain)
  }
}

extension EditorHeads {
  /// The same weights, once more, with plain heads.
  convenience init(
    _ configuration: EditorConfiguration, copying other: EditorHeads
  ) throws(LatentEditingError) {
    try self.init(configuration, seed: 0, pool: .init(threads: 1))
    parameters.floats.baseAddress!.update(
      from: other.parameters.floats.baseAddress!, count: other.parameters.floats.count)
  }

  /// b of a site, `[P d]`.
  func bias(site: Int) -> UnsafeMutablePointer<Float> {
    parameters.floats(of: "heads.\(configuration.layers[site]).bias").baseAddress!
  }

  /// The matrix that a site writes with, and what reads for it where that is another one.
  private func matrices(site: Int) -> (write: String, read: String?) {
    let layer = configuration.layers[site]
    if case .rank = configuration.heads { return ("heads.\(layer).up", "heads.\(layer).down") }
    return ("heads.\(layer).weight", nil)
  }

  /// The names of the matrices whose product is W, from the left.
  func matrixNames(site: Int) -> [String] {
    let names = matrices(site: site)
    return [names.write, names.read].compactMap { $0 }
  }

  /// The name of the matrix that a site writes with.
  package func matrixName(site: Int) -> String { matrices(site: site).write }

  /// b += factor W x[site], x of `[S][E]`.
  func addToBias(site: Int, times factor: Double, _ x: [Float]) throws(LatentEditingError) {
    var vector = x[site * width..<(site + 1) * width].map(Double.init)
    let names = matrices(site: site)
    for name in [names.read, names.write].compactMap({ $0 }) {
      let values: [Float]
      do { values = try parameters.values(of: name) } catch { throw .model(.memory(error)) }
      let columns = vector.count
      vector = (0..<values.count / columns).map { row in
        (0..<columns).reduce(0) { $0 + Double(values[row * columns + $1]) * vector[$1] }
      }
    }
    let bias = bias(site: site)
    for i in 0..<latentCount { bias[i] = Float(Double(bias[i]) + factor * vector[i]) }
  }

  /// W <- factor W of a site.
  func scaleMatrix(site: Int, by factor: Float) throws(LatentEditingError) {
    guard factor != 1 else { return }
    let floats = parameters.floats(of: matrixName(site: site))
    for i in floats.indices { floats[i] *= factor }
  }
}
