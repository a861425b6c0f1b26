import Foundation
import TextGeneration

/// Whose random numbers draw tokens.
package enum SamplerGenerator: String, Sendable, CaseIterable {
  /// llama.cpp's: a seed gives the text that llama-server gives.
  case llamaCpp = "llama.cpp"
  /// Those of `emend generate`.
  case emend
}

/// How the server chooses tokens: what `SamplingOptions` has, and what llama-server has beside it.
package struct SamplerOptions: Sendable, Equatable {
  /// Temperature, top-k, top-p, min-p, repetition penalty and seed.
  package var sampling = SamplingOptions()
  /// Taken off a token's logit for each time it occurred lately.
  package var frequencyPenalty: Float = 0
  /// Taken off once, where it occurred lately.
  package var presencePenalty: Float = 0
  /// Added to logits before anything else; −∞ forbids a token.
  package var bias: [Int: Float] = [:]
  /// Candidates that top-p and min-p leave at least.
  package var minimumKept = 0
  /// Whose random numbers are drawn.
  package var generator = SamplerGenerator.llamaCpp
}

/// Chooses the tokens of one sequence.
struct TokenSampler {
  private let options: SamplerOptions
  private let processors: [any LogitsProcessor]
  private var draw: any Sampler
  /// Whether candidates are told, also those that a greedy choice leaves.
  private let tellsCandidates: Bool
  /// Kept between tokens for its storage.
  private var candidates = Candidates()

  /// The sampler of `options`; `tellsCandidates` where more than the token is of use. Throws `samplingOption`.
  init(_ options: SamplerOptions, tellsCandidates: Bool = false) throws(TextGenerationError) {
    self.tellsCandidates = tellsCandidates
    let sampling = options.sampling
    try sampling.validate()
    self.options = options
    var steps: [any LogitsProcessor] = []
    if sampling.repetitionPenalty != 1 || options.frequencyPenalty != 0
      || options.presencePenalty != 0
    {
      if sampling.repetitionPenalty != 1 {
        steps.append(
          RepetitionPenalty(penalty: sampling.repetitionPenalty, window: sampling.penaltyWindow))
      }
      if options.frequencyPenalty != 0 || options.presencePenalty != 0 {
        steps.append(
          OccurrencePenalty(
            frequency: options.frequencyPenalty, presence: options.presencePenalty,
            window: sampling.penaltyWindow))
      }
    }
    if sampling.temperature > 0 {
      if sampling.topK > 0 { steps.append(TopK(sampling.topK)) }
      if sampling.topP < 1 { steps.append(TopP(sampling.topP)) }
      if sampling.minP > 0 { steps.append(MinP(sampling.minP)) }
      if sampling.temperature != 1 { steps.append(Temperature(sampling.temperature)) }
      draw =
        switch options.generator {
        case .llamaCpp: LlamaCppSampler(seed: UInt32(truncatingIfNeeded: sampling.seed))
        case .emend: DistributionSampler(seed: sampling.seed)
        }
    } else {
      draw = GreedySampler()
    }
    processors = steps
  }

  /// A token and the candidates it was chosen from.
  ///
  /// - Parameters:
  ///   - logits: one for each token of the vocabulary.
  ///   - history: prompt and generated tokens, oldest first.
  mutating func next(
    _ logits: [Float], after history: [Int]
  ) throws(TextGenerationError) -> (id: Int, candidates: Candidates) {
    var logits = logits
    for (id, bias) in options.bias where logits.indices.contains(id) { logits[id] += bias }
    try candidates.load(logits, for: processors, greedy: draw is GreedySampler && !tellsCandidates)
    for processor in processors { processor.process(&candidates, after: history) }
    return (draw.pick(from: candidates), candidates)
  }
}

/// OpenAI's penalties: logit − frequency · count − presence · [count > 0], over the last tokens.
struct OccurrencePenalty: LogitsProcessor {
  let frequency: Float
  let presence: Float
  let window: Int?

  func process(_ candidates: inout Candidates, after history: [Int]) {
    var counts: [Int: Int] = [:]
    for id in history.suffix(window ?? history.count) { counts[id, default: 0] += 1 }
    for (id, count) in counts {
      candidates.adjust(id) { $0 - Float(count) * frequency - presence }
    }
  }
}

/// Draws as llama.cpp does: one uniform number a token, also where one candidate is left, and the first
/// candidate at which the sum of the probabilities reaches it.
struct LlamaCppSampler: Sampler {
  private var generator: MersenneTwister

  init(seed: UInt32) { generator = MersenneTwister(seed: seed) }

  mutating func pick(from candidates: Candidates) -> Int {
    let elements = candidates.elements
    let greatest = candidates.best.logit
    let weights = elements.map { Double(expf($0.logit - greatest)) }
    let target = generator.nextUniform() * weights.reduce(0, +)
    var sum = 0.0
    for (element, weight) in zip(elements, weights) {
      sum += weight
      if sum >= target { return Int(element.id) }
    }
    let last = weights.lastIndex { $0 > 0 } ?? 0
    return Int(elements[last].id)
  }
}
