import LatentEditing

/// The mean edit: the mean over families of the mean over the instructions of a family of what an editor writes for
/// them. Of latents it is taken site by site; of a reading prefix token by token where the template wrote the token,
/// and over all tokens of instructions where it did not, in the space of the states that the processor makes keys and
/// values of:
///
///     mu[l, role] = mean_families mean_instructions mean_tokens of the role  x_i[l]
///
/// An edit around it is mu + s (v - mu), for a prefix with the mu of each token's role. At the input of block 0 a prefix
/// that was read with the processor has its tokens' embeddings, which no editor writes: they stay as they are, in the mean
/// edit too. (With their mean in their place the processor says nothing but line breaks.)
public struct MeanEdit: Sendable {
  /// Instructions and families that it is of.
  public let instructionCount, familyCount: Int
  private let layerCount: Int
  private let firstBlock: Int
  private let latents: LatentEdit?
  /// By role, `[layers][width]`.
  private let states: [PrefixRole: [Float]]
  /// Of a role that none of the instructions has: the mean over roles.
  private let other: [Float]

  /// The mean over `families`, an instruction each, of what `write` gives for them by their number, which is not kept;
  /// `roles` are those of the tokens that will be written for it, none of latents, and `firstBlock` is the first block
  /// whose input is written. Throws what `write` throws.
  public init(
    families: [String], layerCount: Int, firstBlock: Int = 1, roles: [[PrefixRole]],
    write: (Int) throws -> WrittenEdit
  ) throws {
    precondition(!families.isEmpty && families.count == roles.count)
    instructionCount = families.count
    familyCount = Set(families).count
    self.layerCount = layerCount
    self.firstBlock = firstBlock
    // Of each role the families that have it count, each as much as the others.
    var sizes: [PrefixRole: [String: Int]] = [:]
    var order: [PrefixRole] = []
    for (family, roles) in zip(families, roles) {
      for role in roles where !order.contains(role) { order.append(role) }
      for role in Set(roles) { sizes[role, default: [:]][family, default: 0] += 1 }
    }
    var latents: [LatentEdit] = []
    var sums: [PrefixRole: [Double]] = [:]
    for (number, family) in families.enumerated() {
      switch try write(number) {
      case .latents(let edit): latents.append(edit)
      case .states(let states, let tokens, let roles):
        var counts: [PrefixRole: Int] = [:]
        for role in roles { counts[role, default: 0] += 1 }
        for (index, role) in roles.enumerated() {
          let sizes = sizes[role]!
          Self.add(
            token: index, of: tokens.count, in: states, layers: layerCount,
            times: 1
              / (Double(sizes.count) * Double(sizes[family]!) * Double(counts[role]!)),
            to: &sums[role])
        }
      }
    }
    self.latents =
      latents.isEmpty ? nil : try Editor.mean(latents, families: families)
    let means = sums.mapValues { $0.map(Float.init) }
    states = means
    other = Self.mean(order.compactMap { means[$0] })
  }

  /// Of lists of the same length; nothing of none.
  private static func mean(_ lists: [[Float]]) -> [Float] {
    guard let first = lists.first else { return [] }
    return first.indices.map { i in
      Float(lists.reduce(0) { $0 + Double($1[i]) } / Double(lists.count))
    }
  }

  private static func add(
    token: Int, of count: Int, in states: [Float], layers: Int, times weight: Double,
    to sum: inout [Double]?
  ) {
    let width = states.count / (layers * count)
    if sum == nil { sum = [Double](repeating: 0, count: layers * width) }
    states.withUnsafeBufferPointer { states in
      for layer in 0..<layers {
        let start = (layer * count + token) * width
        for i in 0..<width { sum![layer * width + i] += weight * Double(states[start + i]) }
      }
    }
  }

  /// The mean edit in the place of `edit`: of a prefix with as many tokens, each with the mean of its role.
  public func inPlace(of edit: WrittenEdit) throws(LatentEditingError) -> WrittenEdit {
    try around(edit, strength: 0)
  }

  /// mu + s (v - mu), and of a prefix mu in the blocks that are not in `layers`, where these are given; v itself where s
  /// is 1, and mu where it is 0, to the bit. Throws where a latent overflows.
  public func around(
    _ edit: WrittenEdit, strength s: Float, layers: Set<Int>? = nil
  ) throws(LatentEditingError) -> WrittenEdit {
    switch edit {
    case .latents(let latents):
      guard let mean = self.latents else { preconditionFailure("the mean is of another editor") }
      return .latents(s == 1 ? latents : try latents.scaled(by: s, around: mean))
    case .states(let states, let tokens, let roles):
      let width = states.count / (layerCount * tokens.count)
      var result = states
      for layer in firstBlock..<max(firstBlock, layerCount) {
        let factor = layers?.contains(layer) ?? true ? s : 0
        guard factor != 1 else { continue }
        for (index, role) in roles.enumerated() {
          let mean = self.states[role] ?? self.states[.instruction] ?? other
          let start = (layer * tokens.count + index) * width
          for i in 0..<width {
            let center = mean[layer * width + i]
            result[start + i] =
              factor == 0 ? center : center + factor * (states[start + i] - center)
          }
        }
      }
      return .states(result, tokens: tokens, roles: roles)
    }
  }
}
