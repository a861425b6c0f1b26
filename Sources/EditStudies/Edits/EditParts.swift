import InstructionEditors
import LatentEditing
import TensorKernels

/// What an editor writes for an instruction as mu + c: the mean edit in its place, and what is the instruction's own.
package struct EditParts {
  /// c, `[sites][vectors][width]`: of latents a vector for each site, of a prefix one for each of its tokens, block after
  /// block from the first that is written.
  package private(set) var own: [Float]
  /// Numbers of a vector, and vectors of a site.
  package let width: Int
  package let vectorCount: Int
  private let mean: WrittenEdit
  /// Where c begins in the states of a prefix.
  private let first: Int

  /// `mean` is the mean edit in the place of `written`; a prefix is written from the input of block `firstBlock` on.
  package init(_ written: WrittenEdit, mean: WrittenEdit, layerCount: Int, firstBlock: Int) {
    self.mean = mean
    switch (written, mean) {
    case (.latents(let edit), .latents(let center)):
      width = center.sites.first?.latent.count ?? center.width
      vectorCount = 1
      first = 0
      own = center.sites.flatMap { site in
        let found = edit.sites.filter { $0.point == site.point }
        return site.latent.indices.map { i in
          found.reduce(-site.gate * site.latent[i]) { $0 + $1.gate * $1.latent[i] }
        }
      }
    case (.states(let states, let tokens, _), .states(let center, _, _)):
      width = states.count / (layerCount * tokens.count)
      vectorCount = tokens.count
      first = min(firstBlock, layerCount) * tokens.count * width
      let begin = first
      own = (begin..<states.count).map { states[$0] - center[$0] }
    default: preconditionFailure("the mean is of another editor")
    }
  }

  /// The same with what is `others`' own added to c. Of latents: prefixes of different lengths have no sum.
  package func adding(_ others: some Sequence<EditParts>) -> EditParts {
    var sum = self
    for other in others {
      precondition(other.own.count == own.count)
      sum.own = zip(sum.own, other.own).map { $0 + $1 }
    }
    return sum
  }

  /// Sites.
  package var siteCount: Int { own.count / (width * vectorCount) }

  /// mu + `own`, which takes the place of c. Throws `notFinite`.
  package func edit(_ own: [Float]) throws(LatentEditingError) -> WrittenEdit {
    precondition(own.count == self.own.count)
    switch mean {
    case .latents(let center):
      var next = 0
      let sites = center.sites.map { site in
        defer { next += width }
        return site.with(
          gate: 1, latent: site.latent.indices.map { site.gate * site.latent[$0] + own[next + $0] })
      }
      return .latents(
        try LatentEdit(
          width: center.width, layerCount: center.layerCount, sites: sites,
          needsGhost: center.needsGhost))
    case .states(var states, let tokens, let roles):
      for i in own.indices { states[first + i] += own[i] }
      return .states(states, tokens: tokens, roles: roles)
    }
  }

  /// mu + s c + sigma s_l xi, xi from N(0, 1) and s_l `deviations`, one for each site. Throws `notFinite`.
  func edit(
    strength s: Float, noise sigma: Float, deviations: [Float], from numbers: NormalGenerator
  ) throws(LatentEditingError) -> WrittenEdit {
    let size = width * vectorCount
    return try edit(
      own.indices.map { i in
        s * own[i] + (sigma == 0 ? 0 : sigma * deviations[i / size] * Float(numbers[i]))
      })
  }

  /// mu and vectors of random directions, as long as c's. Throws `notFinite`.
  package func random(from numbers: NormalGenerator) throws(LatentEditingError) -> WrittenEdit {
    var result = own
    for start in stride(from: 0, to: own.count, by: width) {
      let drawn = (start..<start + width).map { numbers[$0] }
      func length(_ vector: some Sequence<Double>) -> Double {
        vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
      let factor = length(own[start..<start + width].lazy.map(Double.init)) / length(drawn)
      for i in 0..<width { result[start + i] = Float(factor * drawn[i]) }
    }
    return try edit(result)
  }

  /// By site the root of the mean over `all`, their vectors and numbers of c^2: s_l.
  package static func deviations(_ all: [EditParts]) -> [Float] {
    guard let first = all.first else { return [] }
    return (0..<first.siteCount).map { site in
      var (sum, count) = (0.0, 0)
      for parts in all {
        let size = parts.width * parts.vectorCount
        for i in site * size..<(site + 1) * size {
          sum += Double(parts.own[i]) * Double(parts.own[i])
        }
        count += size
      }
      return Float((sum / Double(count)).squareRoot())
    }
  }
}

extension WrittenEdit {
  /// Of an editor that writes a latent for each of its blocks: all of them in a row, gates in them, `[sites][width]`, and
  /// zeros where a site does nothing.
  func latents(of editor: EditorConfiguration) -> [Float] {
    guard case .latents(let edit) = self else { preconditionFailure("the edit is a prefix") }
    let width = editor.latentWidth
    return editor.layers.flatMap { layer in
      let point = editor.placement.point(ofLayer: layer)
      return edit.sites.filter { $0.point == point }.reduce(
        into: [Float](repeating: 0, count: width)
      ) { sum, site in
        for i in 0..<width { sum[i] += site.gate * site.latent[i] }
      }
    }
  }
}
