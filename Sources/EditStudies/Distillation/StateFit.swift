import EditorTraining
import LanguageModels
import TensorKernels

/// What stands in front of prompts, fitted to answers without a text: states at the input of every block, which are what both
/// kinds of editors leave there, and of which attention sees keys and values alone,
///
///     w[l, i] = w0[l, i] + s[l] z[l, i]
///     F(z) = (1/n) sum_t -log p_w(y_t | x, y_<t) + beta mean z^2
///     dF/dz[l, i] = s[l] sum over rows dF/dw[l, i] + 2 beta z[l, i] / N
///
/// over the n tokens of answers in a batch, by Adam from z = 0. The mean is over the N numbers of blocks with s > 0; the others stay as
/// they are. Used by one thread at a time.
package final class StateFit {
  /// Tokens that are fed, those in front among them and the answer's last not, and the answer.
  package struct Row: Sendable {
    let fed, response: [Int]

    package init(fed: [Int], response: [Int]) {
      precondition(!response.isEmpty && fed.count >= response.count)
      (self.fed, self.response) = (fed, response)
    }
  }

  private let tape: ProcessorTape
  private let start: [Float]  // [layers][front][width]
  private let scales: [Float]
  private let front, batchSize: Int
  private let memory: PageBuffer
  /// z and dF/dz, the end of both filled up to sixteen floats.
  package let offsets, gradients: UnsafeMutableBufferPointer<Float>

  /// From `states`, `[layers][front][width]`, in units of `scales`, one for each block; for batches of `batchSize` rows of at most
  /// `rowTokens` tokens. Throws `memory`.
  package init(
    _ processor: Processor, from states: [Float], scales: [Float], rowTokens: Int, batchSize: Int
  ) throws {
    let c = processor.configuration
    precondition(scales.count == c.layerCount && !states.isEmpty)
    precondition(states.count % (c.layerCount * c.hiddenSize) == 0)
    front = states.count / (c.layerCount * c.hiddenSize)
    start = states
    self.scales = scales
    self.batchSize = batchSize
    tape = try ProcessorTape(
      processor, rowCapacity: batchSize * rowTokens, sequenceCapacity: batchSize,
      options: Self.options(processor))
    let count = (states.count + 15) / 16 * 16
    memory = try PageBuffer(byteCount: 2 * count * MemoryLayout<Float>.stride)
    let floats: UnsafeMutablePointer<Float> = memory.elements()
    offsets = UnsafeMutableBufferPointer(start: floats, count: count)
    gradients = UnsafeMutableBufferPointer(start: floats + count, count: count)
    offsets.update(repeating: 0)
    gradients.update(repeating: 0)
  }

  /// Bytes that it takes, before it is made.
  package static func byteCount(_ processor: Processor, rowTokens: Int, batchSize: Int) -> Int {
    ProcessorTape.byteCount(
      processor, rowCapacity: batchSize * rowTokens, sequenceCapacity: batchSize,
      options: options(processor))
  }

  /// Gradients in bf16 where the CPU has instructions for it, but for a processor that is to be exact.
  private static func options(_ processor: Processor) -> ProcessorTape.Options {
    var options = ProcessorTape.Options()
    if processor.activations != .f32, (try? processor.instructionSet.brainKernels()) != nil {
      options.backward = .bf16
    }
    return options
  }

  /// w.
  package var states: [Float] {
    let size = start.count / scales.count
    return start.indices.map { start[$0] + scales[$0 / size] * offsets[$0] }
  }

  /// mean z^2.
  package var distance: Double {
    start.indices.reduce(0) { $0 + Double(offsets[$1]) * Double(offsets[$1]) }
      / Double(movingCount)
  }

  private var movingCount: Int {
    max(1, scales.filter { $0 > 0 }.count * start.count / scales.count)
  }

  /// Adam's steps, each over the next rows of an order that is drawn anew when it has ended, at a rate that falls to nothing in a straight
  /// line. `goesOn` hears the number of steps that were taken, and stops it. Throws `diverged`, and what running the model and
  /// `goesOn` throw.
  package func learn(
    _ rows: [Row], steps: Int, rate: Float, penalty beta: Double, seed: UInt64,
    goesOn: (Int) throws -> Bool = { _ in true }
  ) throws {
    let adam = try AdamW(
      groups: [OptimizerGroup(name: "states", learningRate: rate)],
      ranges: [
        OptimizedRange(parameters: offsets, gradients: gradients, group: 0, decays: false)
      ], pool: tape.processor.pool, instructionSet: tape.processor.instructionSet)
    var generator = SeededGenerator(seed, 0x5354_4649)
    var order: [Int] = []
    for step in 0..<steps {
      var batch: [Row] = []
      while batch.count < min(batchSize, rows.count) {
        if order.isEmpty {
          order = Array(rows.indices)
          generator.shuffle(&order)
        }
        batch.append(rows[order.removeLast()])
      }
      try addGradients(of: batch, penalty: beta)
      guard adam.globalNorm().isFinite else { throw EditorTrainingError.diverged(step: step + 1) }
      adam.step(scale: 1 - Double(step) / Double(steps))
      guard try goesOn(step + 1) else { break }
    }
  }

  /// Adds dF/dz of one batch to `gradients`; F without its second part, nats a token.
  @discardableResult
  package func addGradients(of batch: [Row], penalty beta: Double) throws -> Double {
    let width = tape.processor.configuration.hiddenSize
    let (layers, size) = (scales.count, front * width)
    let tokens = TokenBatch(batch.map(\.fed))
    let now = states
    var written = PrefixStates(
      layerCount: layers, rowCount: batch.count * front, width: width)
    for layer in 0..<layers {
      for number in batch.indices {
        let target = written.range(layer, number * front).lowerBound
        for i in 0..<size { written.values[target + i] = now[layer * size + i] }
      }
    }
    let writer = PrefixWriter(
      written,
      at: batch.indices.flatMap { number in
        (0..<front).map { tokens.boundaries[number] + $0 }
      })
    let rows = batch.indices.flatMap { number in
      let first = tokens.boundaries[number + 1] - batch[number].response.count
      return batch[number].response.indices.map { first + $0 }
    }
    try tape.forward(tokens, edit: writer, scoring: rows)
    let losses = tape.backward(
      TokenObjective(
        rows: rows, targets: batch.flatMap(\.response),
        weights: [Float](repeating: 1 / Float(rows.count), count: rows.count)))
    let factor = Float(2 * beta / Double(movingCount))
    for layer in 0..<layers where scales[layer] > 0 {
      for i in 0..<size {
        var sum: Float = 0
        for number in batch.indices {
          sum +=
            writer.gradients.values[
              writer.gradients.range(layer, number * front).lowerBound + i]
        }
        let place = layer * size + i
        gradients[place] += scales[layer] * sum + factor * offsets[place]
      }
    }
    return losses.crossEntropy.reduce(0) { $0 + Double($1) } / Double(rows.count)
  }
}
