import TensorKernels

/// What visitors do to the values of the first tokens of sequences in a pass: later tokens read what they leave, and the
/// first token itself what was there.
///
/// It sees nothing but itself, with weight 1: what it reads is what the cache has of its values, and copying that is its
/// attention, to the bit.
final class FirstTokenValues {
  private struct Place {
    /// The segment's number.
    let segment: Int
    let visitor: any ResidualStreamVisitor
    /// By block.
    let visits: [Bool]
  }

  private let places: [Place]
  private let isVisited: [Bool]
  private let configuration: ProcessorConfiguration
  /// What the cache had of the values of each place, `[kvHeads * headSize]`.
  private var own: [[Float]]
  /// Keys that are read with values, and written with them again.
  private var keys: [Float]

  /// Of the parts of a pass, nil where no visitor edits values of a first token among them.
  init?(_ parts: [PassPart], of configuration: ProcessorConfiguration) {
    var places: [Place] = []
    for (index, part) in parts.enumerated() where part.state.position == 0 {
      guard let visitor = part.visitor else { continue }
      let visits = (0..<configuration.layerCount).map(visitor.visitsValues)
      guard visits.contains(true) else { continue }
      places.append(Place(segment: index, visitor: visitor, visits: visits))
    }
    guard !places.isEmpty else { return nil }
    self.places = places
    isVisited = (0..<configuration.layerCount).map { block in
      places.contains { $0.visits[block] }
    }
    self.configuration = configuration
    let width = configuration.valueWidth
    own = places.map { _ in [Float](repeating: 0, count: width) }
    keys = [Float](repeating: 0, count: configuration.headSize)
  }

  /// Whether anything is done in `block`; every thread gets the same answer.
  func visits(_ block: Int) -> Bool { isVisited[block] }

  /// Lets visitors edit the values of `block` that `pass` has put into its caches; by the caller's thread.
  func edit(_ pass: ForwardPass, block: Int) {
    let c = configuration
    let (size, width) = (c.headSize, c.valueWidth)
    let queries = c.headCount * size
    for (index, place) in places.enumerated() where place.visits[block] {
      let segment = pass.segments[place.segment]
      let key = pass.workspace.projected + segment.firstRow * (queries + 2 * width) + queries
      for head in 0..<c.kvHeadCount {
        keys.withUnsafeMutableBufferPointer { keys in
          own[index].withUnsafeMutableBufferPointer { own in
            pass.kernels.attention.loadKeyValue(
              segment.cache.kind, segment.cache.keys(layer: block, head: head),
              segment.cache.values(layer: block, head: head), 0, size, keys.baseAddress!,
              own.baseAddress! + head * size)
          }
        }
      }
      var values = MutableSpan(_unsafeStart: key + width, count: width)
      place.visitor.visitValues(block: block, &values)
      for head in 0..<c.kvHeadCount {
        pass.kernels.attention.storeKeyValue(
          segment.cache.kind, key + head * size, key + width + head * size, 0, size,
          segment.cache.keys(layer: block, head: head),
          segment.cache.values(layer: block, head: head))
      }
    }
  }

  /// Gives the first tokens what they read of themselves, behind the attention of `block`; by the caller's thread.
  func restore(_ pass: ForwardPass, block: Int) {
    let c = configuration
    for (index, place) in places.enumerated() where place.visits[block] {
      let segment = pass.segments[place.segment]
      // Of a first token whose state is not wanted nothing was read.
      guard segment.wanted == segment.rows else { continue }
      let target =
        pass.workspace.attended + segment.firstWanted * c.headCount * c.headSize
      own[index].withUnsafeBufferPointer { own in
        for head in 0..<c.headCount {
          (target + head * c.headSize).update(
            from: own.baseAddress! + head / c.headsPerKVHead * c.headSize, count: c.headSize)
        }
      }
    }
  }
}
