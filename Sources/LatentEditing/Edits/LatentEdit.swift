import LanguageModels

/// How strongly a latent is summed in.
public enum LatentScale: String, Sendable, CaseIterable {
  /// h <- h + g v: the paper's literal sum.
  case plain
  /// h <- h + g ||h|| / sqrt(d) v: as large as the state it is added to, which at the first token of
  /// a LLaMA model is hundreds of times larger than elsewhere.
  case norm
}

/// What of a token is edited.
public enum EditedPart: String, Sendable, CaseIterable {
  /// Its state between blocks.
  case stream
  /// Of the first token, in block `point`, what later tokens read of it:
  ///
  ///     V <- V + g v   (plain),   V <- V + g ||V|| / sqrt(n) v   (norm),   n numbers in V, those of all kv heads
  ///
  /// It reads its own values as they were, so that its states and keys are what they are without an edit.
  case values
}

/// A latent at its site.
public struct LatentSite: Sendable, Equatable {
  /// The place between blocks, 0...layerCount (see `Placement.point`), or of values the block.
  public let point: Int
  /// The tokens.
  public let position: SitePosition
  /// How strongly it is summed in.
  public let scale: LatentScale
  /// g, the strength included.
  public let gate: Float
  /// v, as wide as the processor, or for values as many numbers as these have.
  public let latent: [Float]
  /// What it is added to.
  public let part: EditedPart

  /// A latent v for `point` and `position`; values are edited of the first token alone.
  public init(
    point: Int, position: SitePosition, scale: LatentScale, gate: Float, latent: [Float],
    part: EditedPart = .stream
  ) {
    precondition(part == .stream || position == .fromStart(0), "values are the first token's")
    self.part = part
    self.point = point
    self.position = position
    self.scale = scale
    self.gate = gate
    self.latent = latent
  }

  /// The same place with another latent.
  public func with(gate: Float, latent: [Float]) -> LatentSite {
    LatentSite(
      point: point, position: position, scale: scale, gate: gate, latent: latent, part: part)
  }
}

/// What an instruction, or a control vector, does to a processor: latents at their sites.
///
/// Edits compose: their sum does what all of them do, in whichever order they are given.
public struct LatentEdit: Sendable, Equatable {
  /// Width of the processor's residual stream.
  public let width: Int
  /// Blocks of the processor.
  public let layerCount: Int
  /// Whether the sequence gets a copy of its first token in front, for the edit.
  public let needsGhost: Bool
  /// The latents, none of which has no effect.
  public let sites: [LatentSite]

  /// An edit of a processor of that shape. Sites whose gate is 0 are left out, so that an edit of
  /// strength 0 is no edit. Throws `pointOutOfRange`, `wrongWidth`, `wrongValueWidth` and `notFinite`.
  public init(
    width: Int, layerCount: Int, sites: [LatentSite], needsGhost: Bool = false
  ) throws(LatentEditingError) {
    let valueWidth = Self.valueWidth(sites)
    for site in sites {
      guard (0...(site.part == .values ? layerCount - 1 : layerCount)).contains(site.point) else {
        throw .pointOutOfRange(point: site.point, layerCount: layerCount)
      }
      if site.part == .stream, site.latent.count != width {
        throw .wrongWidth(found: site.latent.count, needed: width)
      }
      if site.part == .values, let valueWidth, site.latent.count != valueWidth {
        throw .wrongValueWidth(found: site.latent.count, needed: valueWidth)
      }
      guard site.gate.isFinite, site.latent.allSatisfy(\.isFinite) else {
        throw .notFinite(point: site.point)
      }
    }
    self.width = width
    self.layerCount = layerCount
    self.sites = sites.filter { $0.gate != 0 && $0.latent.contains { $0 != 0 } }
    self.needsGhost = needsGhost && !self.sites.isEmpty
  }

  private init(width: Int, layerCount: Int, needsGhost: Bool, checked sites: [LatentSite]) {
    self.width = width
    self.layerCount = layerCount
    self.needsGhost = needsGhost && !sites.isEmpty
    self.sites = sites
  }

  /// Whether it changes nothing.
  public var isEmpty: Bool { sites.isEmpty }

  /// Numbers in the latents that are added to values; nil where none are.
  public var valueWidth: Int? { Self.valueWidth(sites) }

  private static func valueWidth(_ sites: [LatentSite]) -> Int? {
    sites.first { $0.part == .values }?.latent.count
  }

  /// Throws `wrongValueWidth` where values are edited that `processor` does not have as many of.
  public func check(for processor: ProcessorConfiguration) throws(LatentEditingError) {
    let needed = processor.valueWidth
    if let valueWidth, valueWidth != needed {
      throw .wrongValueWidth(found: valueWidth, needed: needed)
    }
  }

  /// The same latents, `factor` times as strong; negative turns them round, 0 is no edit. Throws
  /// `notFinite` where a gate overflows.
  public func scaled(by factor: Float) throws(LatentEditingError) -> LatentEdit {
    try LatentEdit(
      width: width, layerCount: layerCount,
      sites: sites.map { $0.with(gate: $0.gate * factor, latent: $0.latent) },
      needsGhost: needsGhost)
  }

  /// Only the sites before or after the blocks of `layers`, as `placement` says.
  public func restricted(
    to layers: LayerSelection, placement: Placement = .before
  ) throws(LatentEditingError) -> LatentEdit {
    let points = Set(try layers.resolved(layerCount: layerCount).map(placement.point(ofLayer:)))
    return LatentEdit(
      width: width, layerCount: layerCount, needsGhost: needsGhost,
      checked: sites.filter { points.contains($0.point) })
  }

  /// All of `edits` together. Throws `wrongWidth`, `wrongValueWidth` or `wrongDepth` where they are for processors of
  /// different shapes, and `mixedGhost` where some need a ghost token and others count positions
  /// without it.
  public static func sum(_ edits: [LatentEdit]) throws(LatentEditingError) -> LatentEdit {
    guard let first = edits.first else {
      preconditionFailure("a sum of no edits has no shape")
    }
    for edit in edits {
      guard edit.width == first.width else {
        throw .wrongWidth(found: edit.width, needed: first.width)
      }
      guard edit.layerCount == first.layerCount else {
        throw .wrongDepth(found: edit.layerCount, needed: first.layerCount)
      }
    }
    let active = edits.filter { !$0.isEmpty }
    let valueWidths = active.compactMap(\.valueWidth)
    for found in valueWidths where found != valueWidths[0] {
      throw .wrongValueWidth(found: found, needed: valueWidths[0])
    }
    let ghost = active.contains(where: \.needsGhost)
    if ghost, active.contains(where: { !$0.needsGhost && !$0.isEverywhere }) { throw .mixedGhost }
    return LatentEdit(
      width: first.width, layerCount: first.layerCount, needsGhost: ghost,
      checked: active.flatMap(\.sites))
  }

  /// Whether all sites are at every token, so that no position has to be counted.
  private var isEverywhere: Bool { sites.allSatisfy { $0.position == .all } }

  /// Whether every site is at token 0, so that the edit does not depend on what follows it.
  public var isPrefixOnly: Bool { sites.allSatisfy { $0.position == .fromStart(0) } }
}
