import KernelInterface
import LanguageModels
import LatentEditing
import TensorKernels

/// Heads of low rank that are nearest to an editor's own.
extension Editor {
  /// What the heads say of each of `instructions` less their mean, gates left out: W[l] (x - xbar[l]), `[S][N][P d]`. Throws `model`.
  package func ownLatents(of instructions: [[Int]]) throws(LatentEditingError) -> [[[Float]]] {
    let latents = try latents(of: instructions)
    return latents.map { site in
      let mean = Self.mean(site)
      return site.map { zip($0, mean).map(-) }
    }
  }

  /// This editor with heads of rank k that say, of every instruction,
  ///
  ///     v[l] = vbar[l] + U[l] U[l]' (W[l] x + b[l] - vbar[l])
  ///
  /// with vbar the mean of v over `instructions` and U [P d, k] the columns `directions[l]`, k of the same number for each site,
  /// which are orthogonal and of length 1: where they are the first left singular vectors of W (X - xbar)', no heads of rank k
  /// are nearer to its own on `instructions` (Eckart and Young, 1936). Throws `model`.
  ///
  /// - Parameters:
  ///   - directions: `[S][k][P d]`.
  ///   - instructions: tokens of each; one at least.
  package func lowRank(
    _ directions: [[[Double]]], around instructions: [[Int]]
  ) throws(LatentEditingError) -> Editor {
    precondition(canCentre && heads.centring == nil && directions.count == heads.siteCount)
    let rank = directions[0].count
    precondition(rank > 0 && directions.allSatisfy { $0.count == rank })
    let means = try latents(of: instructions).map(Self.mean)
    var blueprint = configuration
    blueprint.heads = .rank(rank)
    let reduced = try EditorHeads(blueprint, seed: 0, pool: pool)
    do {
      for name in ["norm.weight", "norm.bias", "gates"] {
        reduced.parameters.floats(of: name).baseAddress!.update(
          from: heads.parameters.floats(of: name).baseAddress!,
          count: heads.parameters.floats(of: name).count)
      }
      for (site, layer) in configuration.layers.enumerated() {
        let u = directions[site]
        let count = heads.latentCount
        let down = try u.map { direction throws(KernelError) in try product(direction, site: site) }
        var up = [Float](repeating: 0, count: count * rank)
        for (j, direction) in u.enumerated() {
          for i in 0..<count { up[i * rank + j] = Float(direction[i]) }
        }
        // b of plain heads: the mean less what the reduced ones say of xbar.
        let old = heads.bias(site: site)
        let parts = u.map { direction in
          (0..<count).reduce(0) { $0 + direction[$1] * (Double(means[site][$1]) - Double(old[$1])) }
        }
        let bias = (0..<count).map { i in
          Float(zip(u, parts).reduce(Double(means[site][i])) { $0 - $1.0[i] * $1.1 })
        }
        try reduced.parameters.setValues(of: "heads.\(layer).down", to: down.flatMap { $0 })
        try reduced.parameters.setValues(of: "heads.\(layer).up", to: up)
        try reduced.parameters.setValues(of: "heads.\(layer).bias", to: bias)
      }
    } catch { throw .model(.memory(error)) }
    return try Editor(
      blueprint, backbone: backbone, heads: reduced, tokenizer: ownTokenizer, pool: pool)
  }

  /// W[l]' u, `[E]`.
  private func product(_ u: [Double], site: Int) throws(KernelError) -> [Float] {
    var vector = u
    for name in heads.matrixNames(site: site) {
      let values = try heads.parameters.values(of: name)
      let columns = values.count / vector.count
      var next = [Double](repeating: 0, count: columns)
      for (i, value) in vector.enumerated() where value != 0 {
        for j in 0..<columns { next[j] += value * Double(values[i * columns + j]) }
      }
      vector = next
    }
    return vector.map(Float.init)
  }

  /// The latents of each of some instructions, gates left out, `[S][N][P d]`.
  private func latents(of instructions: [[Int]]) throws(LatentEditingError) -> [[[Float]]] {
    precondition(heads.centring == nil)
    var found = [[[Float]]](repeating: [], count: heads.siteCount)
    try eachBatch(instructions) { memory, count in
      for site in found.indices {
        for row in 0..<count {
          let v = memory.latents + (site * memory.batch + row) * heads.latentCount
          found[site].append((0..<heads.latentCount).map { v[$0] })
        }
      }
    }
    return found
  }

  private static func mean(_ rows: [[Float]]) -> [Float] {
    rows[0].indices.map { i in
      Float(rows.reduce(0.0) { $0 + Double($1[i]) } / Double(rows.count))
    }
  }
}
