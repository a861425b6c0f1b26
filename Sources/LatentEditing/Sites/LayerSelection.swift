/// Which blocks of a processor are edited, as people write it: `all`, `0-31`, `2,10,18`, or a mixture
/// such as `0-3,10`. Blocks count from 0.
public struct LayerSelection: Sendable, Equatable, CustomStringConvertible {
  /// The blocks, ascending; nil for all of them.
  public let layers: [Int]?

  /// Every block.
  public static let all = LayerSelection(layers: nil)

  /// The blocks given, in any order.
  public init(_ layers: some Sequence<Int>) {
    self.layers = Set(layers).sorted()
  }

  private init(layers: [Int]?) { self.layers = layers }

  /// Greatest number that may be written, so that a range cannot exhaust memory.
  private static let greatest = 4095

  /// Reads `text`. Throws `unreadableLayers`.
  public init(parsing text: String) throws(LatentEditingError) {
    if text == "all" {
      self = .all
      return
    }
    var layers: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends[0], let last = ends[ends.count - 1], ends.count <= 2,
        (0...Self.greatest).contains(first), (first...Self.greatest).contains(last)
      else { throw .unreadableLayers(text: text, part: String(part)) }
      layers.formUnion(first...last)
    }
    self.layers = layers.sorted()
  }

  /// The blocks of a processor of `layerCount` blocks. Throws `layerOutOfRange`.
  public func resolved(layerCount: Int) throws(LatentEditingError) -> [Int] {
    guard let layers else { return Array(0..<layerCount) }
    if let bad = layers.first(where: { !(0..<layerCount).contains($0) }) {
      throw .layerOutOfRange(layer: bad, layerCount: layerCount)
    }
    return layers
  }

  /// As it is written: consecutive blocks as ranges.
  public var description: String {
    guard let layers else { return "all" }
    var parts: [String] = []
    var index = 0
    while index < layers.count {
      var end = index
      while end + 1 < layers.count, layers[end + 1] == layers[end] + 1 { end += 1 }
      parts.append(index == end ? "\(layers[index])" : "\(layers[index])-\(layers[end])")
      index = end + 1
    }
    return parts.joined(separator: ",")
  }
}
