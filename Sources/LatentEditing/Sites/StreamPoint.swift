/// A place between blocks where latents are summed into the residual stream.
public enum Placement: String, Sendable, CaseIterable {
  /// At the input of the block.
  case before
  /// At the output of the block.
  case after

  /// The place as the stream counts: the input of block n is n, the output of the last of L is L.
  public func point(ofLayer layer: Int) -> Int { self == .before ? layer : layer + 1 }
}
