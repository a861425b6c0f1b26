import LatentEditing

extension Editor {
  /// The mean edit: mean over families f of the mean over the instructions of f of their latents v, gates included, at
  /// the same sites with a gate of 1. What is then left of an edit is what it is for its instruction alone
  /// (docs/study.md).
  ///
  /// - Parameters:
  ///   - instructions: tokens and family of each; one at least.
  ///   - progress: is told how many are read, and whether to go on.
  /// - Returns: nil where `progress` said stop.
  public func meanEdit(
    of instructions: [(tokens: [Int], family: String)], progress: (Int) -> Bool = { _ in true }
  ) throws(LatentEditingError) -> LatentEdit? {
    precondition(!instructions.isEmpty, "there is nothing to read")
    var edits: [LatentEdit] = []
    for instruction in instructions {
      edits.append(try edit(instruction.tokens))
      guard progress(edits.count) else { return nil }
    }
    return try Self.mean(edits, families: instructions.map(\.family))
  }

  /// The mean of `edits` at the same sites, each family as heavy as the others.
  package static func mean(
    _ edits: [LatentEdit], families: [String]
  ) throws(LatentEditingError) -> LatentEdit {
    let sizes = families.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    let whole = Double(sizes.count)
    struct Place: Hashable {
      let point: Int
      let position: SitePosition
      let scale: LatentScale
      let part: EditedPart
    }
    var order: [Place] = []
    var sums: [Place: [Double]] = [:]
    for (edit, family) in zip(edits, families) {
      let weight = 1 / (whole * Double(sizes[family]!))
      for site in edit.sites {
        let place = Place(
          point: site.point, position: site.position, scale: site.scale, part: site.part)
        if sums[place] == nil {
          order.append(place)
          sums[place] = [Double](repeating: 0, count: site.latent.count)
        }
        let factor = weight * Double(site.gate)
        for i in site.latent.indices { sums[place]![i] += factor * Double(site.latent[i]) }
      }
    }
    return try LatentEdit(
      width: edits[0].width, layerCount: edits[0].layerCount,
      sites: order.map { place in
        LatentSite(
          point: place.point, position: place.position, scale: place.scale, gate: 1,
          latent: sums[place]!.map(Float.init), part: place.part)
      }, needsGhost: edits.contains(where: \.needsGhost))
  }
}

extension LatentEdit {
  /// mean + factor (this - mean): this edit where the factor is 1, and `mean` where it is 0, to the bit. Throws as
  /// `sum` and `scaled` do.
  public func scaled(
    by factor: Float, around mean: LatentEdit
  ) throws(LatentEditingError) -> LatentEdit {
    try LatentEdit.sum([mean.scaled(by: 1 - factor), scaled(by: factor)])
  }
}
