import LanguageModels
import LatentEditing

/// What single heads say at a prompt's last token, and what becomes of that token where that is exchanged or something is
/// added to its state. Only the last token goes through blocks again, and only through those behind the change.
extension EditedRuns {
  /// An unedited prompt's last token.
  package struct LastTokenRun: Sendable {
    /// Its states before every block, `[layers][hidden]`.
    package let states: [[Float]]
    /// What the heads of every block say there, `[layers][heads * headSize]`; empty where that was not asked for.
    package let heads: [[Float]]
    /// The likeliest next token, and the probability of the one that was asked for.
    package let next: NextToken
  }

  /// What comes behind a prompt.
  package struct NextToken: Sendable, Equatable {
    /// The likeliest token.
    package let best: Int
    /// The probability of the token that was asked for.
    package let probability: Double
  }

  /// A change at the last token, before or in a block.
  package enum LastTokenChange: Sendable {
    /// What one head of a block says, `[headSize]`.
    case head(layer: Int, number: Int, output: [Float])
    /// What is added to the state before a block, `[hidden]`.
    case addition(layer: Int, vector: [Float])

    var layer: Int {
      switch self {
      case .head(let layer, _, _), .addition(let layer, _): layer
      }
    }
  }

  /// Reads `prompt` and asks how likely `target` is behind it. Throws what running throws.
  package func lastToken(
    _ prompt: [Int], target: Int, heads isAskedForHeads: Bool = false
  ) throws -> LastTokenRun {
    state.truncate(to: 0)
    let depth = state.processor.configuration.layerCount
    let capture = StateCapture(points: 0..<depth, positions: [prompt.count - 1])
    var next: NextToken?
    try pass([PassSegment(state, prompt, visitor: capture)]) { _, _, logits in
      next = try Self.next(logits, target)
    }
    let states = (0..<depth).map {
      capture.states[.init(point: $0, position: prompt.count - 1)] ?? []
    }
    guard let next else { preconditionFailure("a prompt has a last token") }
    return LastTokenRun(
      states: states,
      heads: isAskedForHeads
        ? states.enumerated().map { state.headOutputs($1, layer: $0) } : [],
      next: next)
  }

  /// Lengths of the first token's state before every block and after the last, unedited, `[points]`: where it becomes the
  /// one that all others look at. Throws what running throws.
  func firstTokenLengths(_ prompt: [Int]) throws -> [Double] {
    state.truncate(to: 0)
    let depth = state.processor.configuration.layerCount
    let capture = StateCapture(points: 0...depth, positions: [0])
    try pass([PassSegment(state, prompt, visitor: capture)]) { _, _, _ in }
    return (0...depth).map { point in
      (capture.states[.init(point: point, position: 0)] ?? []).reduce(0.0) {
        $0 + Double($1) * Double($1)
      }.squareRoot()
    }
  }

  /// What comes behind the prompt that was read last, of which `run` is, under each of `changes`, one at a time: the causal
  /// effect of a head (Todd et al., arXiv 2310.15213), and of a vector. Throws what running throws.
  package func changed(
    _ run: LastTokenRun, _ changes: [LastTokenChange], target: Int
  ) throws -> [NextToken] {
    var result = [NextToken?](repeating: nil, count: changes.count)
    let count = state.position
    for other in states.dropFirst().prefix(max(0, changes.count - 1)) {
      other.copy(prefix: count, of: state)
    }
    // Those of one block together.
    let order = changes.indices.sorted { (changes[$0].layer, $0) < (changes[$1].layer, $1) }
    for first in stride(from: 0, to: order.count, by: sequenceLimit) {
      let some = Array(order[first..<min(first + sequenceLimit, order.count)])
      let tokens = some.enumerated().map { slot, index -> LastToken in
        switch changes[index] {
        case .head(let layer, let number, let output):
          LastToken(states[slot], from: layer, input: run.states[layer], head: (number, output))
        case .addition(let layer, let vector):
          LastToken(states[slot], from: layer, input: zip(run.states[layer], vector).map(+))
        }
      }
      try passLast(tokens) { slot, logits in
        result[some[slot]] = try Self.next(logits, target)
      }
    }
    return result.compactMap { $0 }
  }

  /// What heads with the outputs `heads`, `[layers][heads * headSize]`, of which `chosen` count alone, write into the residual
  /// stream, `[hidden]`: the function vector, sum over them of W_O[l] e_h heads[l, h].
  package func written(by chosen: [(layer: Int, head: Int)], _ heads: [[Float]]) -> [Float] {
    let c = state.processor.configuration
    var sum = [Float](repeating: 0, count: c.hiddenSize)
    for layer in Set(chosen.map(\.layer)).sorted() {
      var outputs = [Float](repeating: 0, count: c.headCount * c.headSize)
      for head in chosen where head.layer == layer {
        for i in head.head * c.headSize..<(head.head + 1) * c.headSize {
          outputs[i] = heads[layer][i]
        }
      }
      for (i, value) in state.attentionOutput(outputs, layer: layer).enumerated() {
        sum[i] += value
      }
    }
    return sum
  }

  private static func next(_ logits: Span<Float>, _ target: Int) throws -> NextToken {
    let softmax = try softmax(logits)
    return NextToken(best: softmax.best, probability: exponential(softmax(logits[target])))
  }
}
