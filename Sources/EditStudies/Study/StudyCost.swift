/// What a job costs, before it is done: tokens that go through the model for it, and seconds by a speed that is typical of
/// it. An estimate, to know minutes from hours.
struct StudyCost {
  let depth: Int
  let heads: Double
  let weights: Double
  let threads: Double
  let rows, pairs, others: Double
  let points: Double
  /// Of CEBaB, those that are measured and those of training.
  let reviews: (test: Double, training: Double)
  let vectors, steps: Double
  let reader: ReaderOptions
  /// Known instructions.
  let known: Double
  let inverse, wayward: StudyFits
  let functionVectors: FunctionVectorOptions
  let isPrefix: Bool

  /// Tokens of a row with its edit, of an answer, and of a long text's window.
  private static let tokens = (row: 50.0, answer: 16.0, window: 96.0)
  /// Multiplications and additions a second of a thread in passes of many rows, in gradients, and of single tokens.
  private static let rate = (forward: 8e11, gradient: 2.7e11, decoding: 3e11)

  /// Seconds of a job of that kind.
  func seconds(_ kind: StudyConfiguration.Experiment.Kind) -> Double {
    let blocks = Double(depth)
    let orders = 8.0 * 9
    switch kind {
    case .anatomy: return isPrefix ? 0 : 20 + cost(rows, runs: 18)
    case .contribution:
      return cost(rows, runs: 5 + 4 * blocks + orders, gradients: points + 2)
    case .dose: return cost(rows, runs: isPrefix ? 11 : 22, answers: 11) + cost(16, runs: 12)
    case .reading: return cost(rows, runs: 4 * 12, answers: 4) + cost(1400, runs: 1)
    // Eight inputs of each instruction.
    case .lenses: return cost(rows * 8, runs: 5, answers: 1)
    case .inverse: return fitted(inverse, readings: 3)
    case .wayward: return fitted(wayward, readings: 2)
    case .words: return cost(min(60, rows), runs: 10, gradients: points + 2)
    case .arithmetic: return isPrefix ? 0 : cost(pairs, runs: 26, answers: 3)
    case .stress:
      return cost(rows, runs: 15, answers: 14) + cost(rows + pairs + others, runs: 4, answers: 4)
    case .tracing:
      return cost(min(24, rows), runs: 7 * blocks) + cost(min(96, rows), runs: 8 * blocks)
    case .probes: return 20 + cost(288, runs: 3) + cost(400, runs: 1)
    // Reviews are twice as long as rows.
    case .cebab: return cost(reviews.test, runs: 2 * 10) + cost(reviews.training, runs: 2)
    case .sites: return cost(min(96, rows), runs: 1, gradients: points + 2)
    // Prompts of ten examples are three times as long as rows; of tokens that are run again half the blocks, and logits.
    case .taskHeads:
      let f = functionVectors
      let tasks = Double(f.tasks)
      let exchanged = Double(f.prompts) * blocks * heads * 0.7 / Self.tokens.row
      return cost(tasks * 2 * 64, runs: 3)
        + cost(tasks * Double(f.meanPrompts + f.prompts), runs: 4)
        + cost(tasks * 2 * exchanged, runs: 1) + cost(tasks * 25 * 6 * blocks * 0.7 / 50, runs: 1)
    // They read what others found.
    case .cell, .frontier, .randomSites, .permuted, .functionVectors: return 1
    case .reader:
      let trained = Double(reader.steps * reader.batchSize)
      return cost(trained, runs: 0.3, gradients: 0.8)
        + cost(rows, runs: 22 + 4 * 15, answers: 6) + cost(pairs + others, runs: 4 * 11, answers: 6)
    case .vectors:
      let families = min(vectors, rows)
      return cost(families * 80, runs: 4, answers: 1) + cost(families * 16, runs: 45)
        + cost(families * 8 * steps, runs: 0, gradients: 1)
    }
  }

  /// Seconds of so many fits, of four rows a step, and of what is read of each: all known instructions at four inputs, then 24 and
  /// 13 at twelve.
  private func fitted(_ fits: StudyFits, readings: Double) -> Double {
    cost(known, runs: 1)
      + Double(fits.count)
      * (cost(Double(fits.steps) * 4, runs: 0, gradients: 1) + cost(44, runs: 2, answers: 1)
        + readings * (cost(known * 4, runs: 0.7) + cost(12 * 37, runs: 1)))
  }

  /// Seconds of a training of so many steps in all and rows each, measured after some of them.
  func seconds(_ cell: StudyCell) -> Double {
    let trained = Double((cell.evaluations.last ?? 0) * cell.batchSize)
    return cost(trained, runs: 0, gradients: 1.3)
      + Double(cell.evaluations.count) * (cost(rows, runs: 4) + cost(1400, runs: 0.3))
      + (cell.labels == nil ? cost(rows + pairs + others, runs: 4, answers: 2) : 0)
  }

  private func cost(
    _ rows: Double, runs: Double, gradients: Double = 0, answers: Double = 0
  ) -> Double {
    let all =
      runs * Self.tokens.row / Self.rate.forward
      + gradients * Self.tokens.row * 3 / Self.rate.gradient
      + answers * Self.tokens.answer / Self.rate.decoding
    return rows * all * 2 * weights / threads
  }
}
