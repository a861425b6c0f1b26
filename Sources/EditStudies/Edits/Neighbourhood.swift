import LatentEditing

/// Where edits lie among each other: the values that they have, a mean over their tokens, less what all have in common,
/// blocks equally heavy.
///
///     f_i[l] = mean_tokens V_i[l],   c_i[l] = f_i[l] - mean_i f_i[l],   s_l^2 = mean_i |c_i[l]|^2
///     cosine(i, j) = sum_l c_i[l] . c_j[l] / s_l^2,  divided by both lengths
///
/// Values alone: keys are turned by their position, which differs between instructions of different lengths.
public struct Neighbourhood: Sendable {
  private var features: [[Float]] = []
  private var mean: [Float] = []
  private var scales: [Float] = []
  private var layers = 0

  /// Nobody yet.
  public init() {}

  /// Adds an edit of a processor of so many blocks.
  public mutating func append(_ edit: CompiledEdit, layers: Int) {
    self.layers = layers
    features.append(Self.feature(edit))
  }

  /// Takes the mean and the scales of those that were added, two at least, and centres them.
  public mutating func finish() {
    precondition(features.count > 1 && mean.isEmpty)
    let size = features[0].count
    var sums = [Double](repeating: 0, count: size)
    for feature in features { for i in 0..<size { sums[i] += Double(feature[i]) } }
    mean = sums.map { Float($0 / Double(features.count)) }
    let width = size / layers
    var squares = [Double](repeating: 0, count: layers)
    for feature in features {
      for i in 0..<size {
        let c = Double(feature[i] - mean[i])
        squares[i / width] += c * c
      }
    }
    scales = squares.map { square in
      square > 0 ? Float(1 / (square / Double(features.count)).squareRoot()) : 0
    }
    features = features.map(direction)
  }

  /// How many there are.
  public var count: Int { features.count }

  /// The place of the one that is nearest to `edit`, the first of several.
  func nearest(to edit: CompiledEdit) -> Int {
    let cosines = cosines(of: edit)
    return cosines.indices.min { (cosines[$1], $0) < (cosines[$0], $1) } ?? 0
  }

  /// The cosines of `edit` with all of them, in their order.
  public func cosines(of edit: CompiledEdit) -> [Double] {
    let mine = direction(Self.feature(edit))
    return features.map { Self.dot(mine, $0) }
  }

  /// What of `edit` another one explains, sum_l |c[l] - c'[l]|^2 / s_l^2 and sum_l |c[l]|^2 / s_l^2: how much is left, and
  /// of what.
  func explained(_ edit: CompiledEdit, by other: CompiledEdit) -> (left: Double, of: Double) {
    let (a, b) = (scaled(Self.feature(edit)), scaled(Self.feature(other)))
    let difference = zip(a, b).map { $0 - $1 }
    return (Self.dot(difference, difference), Self.dot(a, a))
  }

  /// Of each the cosine with the nearest other one.
  public func nearestCosines() -> [Double] {
    var best = [Double](repeating: -1, count: features.count)
    for i in features.indices {
      for j in 0..<i {
        let cosine = Self.dot(features[i], features[j])
        best[i] = max(best[i], cosine)
        best[j] = max(best[j], cosine)
      }
    }
    return best
  }

  static func feature(_ edit: CompiledEdit) -> [Float] {
    var sum = [Float](repeating: 0, count: edit.positions[0].values.count)
    for position in edit.positions {
      for i in sum.indices { sum[i] += position.values[i] }
    }
    let scale = 1 / Float(edit.positions.count)
    return sum.map { $0 * scale }
  }

  /// Centred, scaled and of length 1; all zeros where it is the mean.
  private func direction(_ feature: [Float]) -> [Float] {
    let scaled = scaled(feature)
    let length = Self.dot(scaled, scaled).squareRoot()
    return length > 0 ? scaled.map { $0 / Float(length) } : scaled
  }

  /// Centred, blocks equally heavy.
  private func scaled(_ feature: [Float]) -> [Float] {
    let width = feature.count / layers
    return feature.indices.map { (feature[$0] - mean[$0]) * scales[$0 / width] }
  }

  private static func dot(_ a: [Float], _ b: [Float]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        Double(LatentAddition.dot(a.baseAddress!, b.baseAddress!, count: a.count))
      }
    }
  }
}
