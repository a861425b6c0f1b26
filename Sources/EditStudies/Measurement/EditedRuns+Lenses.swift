import LanguageModels
import LatentEditing

/// What tokens in front write into those behind them, read as words.
extension EditedRuns {
  /// How much the tokens of an answer look at those in front.
  package struct FrontAttention: Sendable, Equatable {
    /// Sum over the answer's positions (those before its tokens) of the attention to each token in front,
    /// `[layers][heads][tokens in front]`.
    package var weights: [Double]
    /// Positions.
    package var count: Int
    /// Root of the mean square of the final state before the answer's first token, the norm's epsilon in it.
    package var finalLength: Double
  }

  /// Of `row` under `edit`, from the states that this run has at the input of every block. Throws what running throws.
  package func frontAttention(_ row: Row, under edit: CompiledEdit) throws -> FrontAttention {
    let c = processor.configuration
    let depth = c.layerCount
    let (rest, whole) = try start(state, row.prompt, edit)
    let (front, first) = (edit.positions.count, whole - 1)
    let count = row.response.count
    let capture = StateCapture(points: 0...depth, positions: Set(first..<first + count))
    try pass([
      PassSegment(
        state, rest + row.response.dropLast(), logitsFrom: rest.count - 1, visitor: capture)
    ]) { _, _, _ in }
    func captured(_ point: Int, _ index: Int) -> [Float] {
      capture.states[.init(point: point, position: first + index)] ?? []
    }
    var weights = [Double](repeating: 0, count: depth * c.headCount * front)
    let places = state.position
    for layer in 0..<depth {
      let scores = state.attentionScores(
        (0..<count).flatMap { captured(layer, $0) }, layer: layer, from: first)
      for query in 0..<count {
        for head in 0..<c.headCount {
          let mine = (query * c.headCount + head) * places
          let seen = scores[mine...mine + first + query]
          let most = Double(seen.max() ?? 0)
          let powers = seen.map { exponential(Double($0) - most) }
          let sum = powers.reduce(0, +)
          for token in 0..<front {
            weights[(layer * c.headCount + head) * front + token] += powers[token] / sum
          }
        }
      }
    }
    let squares = captured(depth, 0).reduce(0) { $0 + Double($1) * Double($1) }
    return FrontAttention(
      weights: weights, count: count,
      finalLength: (squares / Double(c.hiddenSize) + Double(c.rmsNormEpsilon)).squareRoot())
  }

  /// The OV lens: what the values of `edit` write into those that look at them, less what those of `other` write, as
  /// logits, `[vocabulary]`,
  ///
  ///     o[l] = W_O[l] (sum_i a[l, h, i] V[l, i] of edit - sum_i b[l, h, i] V[l, i] of other, h = 1 ... H)
  ///     score = W_U (gain * sum_l o[l]) / finalLength
  ///
  /// with V[l, i] the values of token i in front, each head those of its group; a and b are attention to each of them, a mean over
  /// positions, `[layers][heads][tokens in front]`.
  package func writtenScores(
    _ edit: CompiledEdit, _ a: [Double], less other: CompiledEdit, _ b: [Double],
    finalLength: Double
  ) -> [Double] {
    let c = processor.configuration
    let (front, size) = (edit.positions.count, c.headSize)
    precondition(other.positions.count == front)
    precondition(a.count == c.layerCount * c.headCount * front && b.count == a.count)
    var sum = [Double](repeating: 0, count: c.hiddenSize)
    for layer in 0..<c.layerCount {
      var heads = [Float](repeating: 0, count: c.headCount * size)
      for head in 0..<c.headCount {
        let values = (layer * c.kvHeadCount + head / c.headsPerKVHead) * size
        for i in 0..<size {
          var written = 0.0
          for token in 0..<front {
            let place = (layer * c.headCount + head) * front + token
            written += a[place] * Double(edit.positions[token].values[values + i])
            written -= b[place] * Double(other.positions[token].values[values + i])
          }
          heads[head * size + i] = Float(written)
        }
      }
      for (i, value) in state.attentionOutput(heads, layer: layer).enumerated() {
        sum[i] += Double(value)
      }
    }
    return state.outputScores(sum.map(Float.init)).map { Double($0) / finalLength }
  }

  /// The logit lens of a vector of the residual stream, W_U (gain * x), `[vocabulary]`.
  package func lens(_ x: [Float]) -> [Double] { state.outputScores(x).map(Double.init) }

  private var processor: Processor { state.processor }
}
