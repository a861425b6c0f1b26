/// A direction for the output of each block, at every token: what llama.cpp adds with
/// `--control-vector`, and what an edit of interface P2 is.
///
///     h <- h + s direction[l]   after block l, 1 <= l < layerCount
public struct ControlVector: Sendable, Equatable {
  /// The architecture that it was made for, as the file says, e.g. "llama"; for messages only.
  public let modelHint: String
  /// By block; llama.cpp has none for block 0.
  public let directions: [Int: [Float]]

  /// Directions by block, all as wide as the model.
  public init(directions: [Int: [Float]], modelHint: String = "llama") {
    self.directions = directions
    self.modelHint = modelHint
  }

  /// The vector as an edit of a processor, `scale` times as strong, of blocks `range` only (llama.cpp:
  /// 1 to the last). Throws `emptyLayerRange` where nothing of it is left.
  public func edit(
    width: Int, layerCount: Int, scale: Float = 1, range: ClosedRange<Int>? = nil
  ) throws(LatentEditingError) -> LatentEdit {
    let chosen = directions.filter { range?.contains($0.key) ?? true }
    guard !chosen.isEmpty else {
      throw .emptyLayerRange(
        first: range?.lowerBound ?? 1, last: range?.upperBound ?? layerCount,
        layerCount: layerCount)
    }
    return try LatentEdit(
      width: width, layerCount: layerCount,
      sites: chosen.sorted { $0.key < $1.key }.map { layer, direction in
        LatentSite(
          point: Placement.after.point(ofLayer: layer), position: .all, scale: .plain, gate: scale,
          latent: direction)
      })
  }

  /// An edit that is one: plain, at every token, after blocks from 1 on. Throws `notExportable`.
  public init(_ edit: LatentEdit) throws(LatentEditingError) {
    var directions: [Int: [Float]] = [:]
    for site in edit.sites {
      guard site.position != .fromStart(0) else {
        throw .notExportable(
          reason:
            "this edit is at the first token, whose keys and values do the rest; the mean of what it changes "
            + "at other tokens would be another edit, so that nothing is averaged here")
      }
      guard site.position == .all else {
        throw .notExportable(reason: "this edit is at some tokens only")
      }
      guard site.scale == .plain else {
        throw .notExportable(reason: "this edit follows the size of the state it is added to")
      }
      guard site.point >= 2 else {
        throw .notExportable(reason: "this edit acts before block 1 has run")
      }
      let sum = directions[site.point - 1] ?? [Float](repeating: 0, count: edit.width)
      directions[site.point - 1] = zip(sum, site.latent).map { $0 + site.gate * $1 }
    }
    guard !directions.isEmpty else {
      throw .notExportable(reason: "this edit has no latent that does anything")
    }
    self.init(directions: directions)
  }
}
