import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing

/// Integrated gradients of what an answer loses (Sundararajan et al., arXiv 1703.01365), along the straight way between
/// the states that two edits leave at the tokens in front, at the input of every block l:
///
///     x_k = a + t_k (b - a),  t_k = (k - 1/2) / m,  k = 1...m
///     g[l, i] = (1/m) sum_k dF/dx[l, i](x_k),   A[l, i] = - sum_j g[l, i, j] (b - a)[l, i, j]
///
/// F is the sum of -log p over the response. Of a block nothing but the keys and values of these tokens is seen, so that
/// what is attributed to it is theirs. The sum of A is F(a) - F(b) but for the error of the m points.
///
/// Always with exact activations and gradients in f32: gradients in eight bits are no function that another program finds
/// again. Used by one thread at a time.
public final class PathGradients {
  /// What was found of a row.
  public struct Found: Sendable, Equatable {
    /// A, `[layers][tokens]`, in nats.
    public let attributions: [Double]
    /// g, `[layers][tokens][width]`, in nats by the states' unit.
    public let gradient: [Float]
    /// F at a and at b, by the same pass.
    public let from, to: Double

    /// |sum of A - (F(a) - F(b))|.
    public var error: Double { abs(attributions.reduce(0, +) - (from - to)) }
  }

  /// Points m.
  public let points: Int
  private let processor: Processor
  private let tape: ProcessorTape

  /// For rows of at most `length` tokens, what is in front among them. Throws `memory`.
  public init(
    _ processor: Processor, points: Int, length: Int
  ) throws(LanguageModelError) {
    precondition(points >= 1 && length >= 1)
    self.processor = processor
    self.points = points
    tape = try ProcessorTape(
      processor, rowCapacity: (points + 2) * length, sequenceCapacity: points + 2,
      options: Self.options)
  }

  /// Bytes that it takes, before it is made.
  package static func byteCount(_ processor: Processor, points: Int, length: Int) -> Int {
    ProcessorTape.byteCount(
      processor, rowCapacity: (points + 2) * length, sequenceCapacity: points + 2,
      options: options)
  }

  private static var options: ProcessorTape.Options {
    var options = ProcessorTape.Options()
    options.activations = .f32
    options.backward = .f32
    return options
  }

  /// The same over latents, `[sites][width]` from `a` to `b`, gates in them, of an editor that writes those of a first
  /// token: what is attributed to each site. Throws what reading throws.
  func measure(
    latentsOf editor: EditorConfiguration, _ row: EditedRuns.Row, from a: [Float], to b: [Float]
  ) throws -> (attributions: [Double], from: Double, to: Double) {
    let ghost = editor.positions == .ghost ? 1 : 0
    let (sites, width) = (editor.layers.count, editor.latentWidth)
    precondition(a.count == sites * width && b.count == a.count && editor.slotCount == 1)
    let places = [0, 1] + (1...points).map { (Double($0) - 0.5) / Double(points) }
    let prompt = Array(row.prompt.prefix(ghost)) + row.prompt
    let batch = TokenBatch(places.map { _ in prompt + row.response.dropLast() })
    var latents: [Float] = []
    latents.reserveCapacity(sites * places.count * width)
    for site in 0..<sites {
      for t in places {
        for i in site * width..<(site + 1) * width {
          latents.append(Float(Double(a[i]) + t * (Double(b[i]) - Double(a[i]))))
        }
      }
    }
    let injection = try BatchInjection(
      editor, latents: latents, gates: [Float](repeating: 1, count: sites), batch: batch,
      prompts: places.map { _ in PromptShape(length: prompt.count, firstContent: ghost) })
    try tape.forward(batch, edit: injection)
    let count = row.response.count
    let losses = tape.backward(
      TokenObjective(
        rows: places.indices.flatMap { number in
          (0..<count).map { batch.boundaries[number] + prompt.count - 1 + $0 }
        },
        targets: places.flatMap { _ in row.response },
        weights: places.indices.flatMap { number in
          [Float](repeating: number < 2 ? 0 : 1, count: count)
        }))
    func total(_ number: Int) -> Double {
      losses.crossEntropy[number * count..<(number + 1) * count].reduce(0) { $0 + Double($1) }
    }
    let attributions = (0..<sites).map { site -> Double in
      (0..<width).reduce(0) { sum, i in
        let mean =
          (2..<places.count).reduce(0) {
            $0 + Double(injection.latentGradients[(site * places.count + $1) * width + i])
          } / Double(points)
        let place = site * width + i
        return sum - mean * (Double(b[place]) - Double(a[place]))
      }
    }
    return (attributions, total(0), total(1))
  }

  /// From `a` to `b`, states `[layers][count][width]` of the first `count` of `tokens`, which are all that is fed, the
  /// response, of `responseCount` tokens, at their end. Throws what reading throws.
  public func measure(
    _ tokens: [Int], responseCount: Int, from a: [Float], to b: [Float], tokenCount count: Int
  ) throws -> Found {
    let c = processor.configuration
    let (depth, width) = (c.layerCount, c.hiddenSize)
    precondition(a.count == depth * count * width && b.count == a.count && count >= 1)
    precondition(responseCount >= 1 && responseCount + count <= tokens.count)
    // The ends first, whose gradients count nothing.
    let places = [0, 1] + (1...points).map { (Double($0) - 0.5) / Double(points) }
    let batch = TokenBatch(places.map { _ in Array(tokens.dropLast()) })
    var states = PrefixStates(layerCount: depth, rowCount: places.count * count, width: width)
    for layer in 0..<depth {
      for (number, t) in places.enumerated() {
        for token in 0..<count {
          let source = (layer * count + token) * width
          let target = states.range(layer, number * count + token).lowerBound
          for j in 0..<width {
            let (x, y) = (a[source + j], b[source + j])
            states.values[target + j] =
              t == 0 ? x : t == 1 ? y : Float(Double(x) + t * (Double(y) - Double(x)))
          }
        }
      }
    }
    let rows = places.indices.flatMap { number in
      (0..<count).map { batch.boundaries[number] + $0 }
    }
    let writer = PrefixWriter(states, at: rows)
    try tape.forward(batch, edit: writer)
    let first = tokens.count - responseCount - 1
    let losses = tape.backward(
      TokenObjective(
        rows: places.indices.flatMap { number in
          (0..<responseCount).map { batch.boundaries[number] + first + $0 }
        },
        targets: places.flatMap { _ in tokens.suffix(responseCount) },
        weights: places.indices.flatMap { number in
          [Float](repeating: number < 2 ? 0 : 1, count: responseCount)
        }))
    func total(_ number: Int) -> Double {
      losses.crossEntropy[number * responseCount..<(number + 1) * responseCount]
        .reduce(0) { $0 + Double($1) }
    }
    var gradient = [Float](repeating: 0, count: a.count)
    var attributions = [Double](repeating: 0, count: depth * count)
    for layer in 0..<depth {
      for token in 0..<count {
        let place = layer * count + token
        for j in 0..<width {
          var sum = 0.0
          for number in 2..<places.count {
            sum += Double(
              writer.gradients.values[
                writer.gradients.range(layer, number * count + token).lowerBound + j])
          }
          let mean = sum / Double(points)
          let index = place * width + j
          gradient[index] = Float(mean)
          attributions[place] -= mean * (Double(b[index]) - Double(a[index]))
        }
      }
    }
    return Found(attributions: attributions, gradient: gradient, from: total(0), to: total(1))
  }
}
