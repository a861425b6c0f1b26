import LatentEditing

/// What an editor reads of its backbone and where it writes (docs/method.md).
public enum EditorInterface: String, Sendable, CaseIterable, Codable {
  /// A latent for every layer, from the backbone's state at the matching depth, at the first token.
  case p0
  /// A latent for one layer, from the backbone's final state (HyperSteer without context,
  /// arXiv 2506.03292), at the first token.
  case p1
  /// As p1, at every token: what a control vector is.
  case p2
  /// As p0, and the backbone also attends to the processor's states of the input.
  case p4
  /// As p0, at the edges of the prompt, each with a latent of its own (pyreft).
  case p5
  /// As p0, for the values of the first token, which later tokens read, in place of its state.
  case p7
  /// The reading prefix: the processor's own blocks read the instruction through adapters, and their states
  /// at every one of its tokens are the residual stream of as many tokens in front of the prompt; or heads make
  /// that stream of the states of another network.
  case p8

  /// Whether it writes states of tokens in front of the prompt, and no latents.
  public var isPrefix: Bool { self == .p8 }

  /// What of a token its latents are added to.
  public var part: EditedPart { self == .p7 ? .values : .stream }

  /// Whether layer l reads the state after block 1 + floor(l M / L), or all read the final one.
  public var readsMatchingDepth: Bool {
    switch self {
    case .p0, .p4, .p5, .p7, .p8: true
    case .p1, .p2: false
    }
  }

  /// The layers where nothing else is asked for: all, or the middle one.
  public func defaultLayers(layerCount: Int) -> [Int] {
    readsMatchingDepth ? Array(0..<layerCount) : [layerCount / 2]
  }

  /// The positions where nothing else is asked for.
  public var defaultPositions: PositionSelection {
    switch self {
    case .p0, .p1, .p4, .p7: .first
    case .p2: .all
    case .p5: .edges(first: 1, last: 1)
    case .p8: .ghost
    }
  }

  /// The scale where nothing else is asked for: control vectors are plain.
  public var defaultScale: LatentScale { self == .p2 || isPrefix ? .plain : .norm }

  /// The place in a block where nothing else is asked for: control vectors come after it.
  public var defaultPlacement: Placement { self == .p2 ? .after : .before }
}

/// How the latents of the layers come from the states that are read, with x = layerNorm(e).
public enum HeadKind: Sendable, Hashable, CustomStringConvertible {
  /// v[l] = W[l] x + b[l].
  case perLayer
  /// v[l] = W (x + u[l]) + b: one matrix, and an embedding of the layer.
  case shared
  /// v[l] = A[l] (B[l] x) + b[l], with B[l] of `rank` rows.
  case rank(Int)

  /// Greatest rank that may be asked for.
  public static let mostRank = 4096

  /// Reads `per-layer`, `shared` or `rank-<k>`; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "per-layer": self = .perLayer
    case "shared": self = .shared
    default:
      guard text.hasPrefix("rank-"), let rank = Int(text.dropFirst(5)),
        (1...Self.mostRank).contains(rank)
      else { return nil }
      self = .rank(rank)
    }
  }

  /// As it is written.
  public var description: String {
    switch self {
    case .perLayer: "per-layer"
    case .shared: "shared"
    case .rank(let rank): "rank-\(rank)"
    }
  }
}
