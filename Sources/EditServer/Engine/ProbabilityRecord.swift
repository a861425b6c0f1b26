import Foundation
import LanguageModels
import TextGeneration

extension TokenRecord {
  /// `id` with ln p by the model's own distribution, before anything of the sampler, and the `count`
  /// likeliest tokens.
  init(_ id: Int, of logits: Span<Float>, alternatives count: Int) {
    var greatest = -Float.infinity
    for index in logits.indices { greatest = max(greatest, logits[index]) }
    var sum = 0.0
    for index in logits.indices { sum += Double(expf(logits[index] - greatest)) }
    let offset = Double(greatest) + log(sum)
    self.init(id: id)
    value = Double(logits[id]) - offset
    var best: [(id: Int, logit: Float)] = []
    for index in logits.indices {
      let logit = logits[index]
      guard best.count < count || (best.last.map { logit > $0.logit } ?? false) else { continue }
      let place = best.firstIndex { logit > $0.logit } ?? best.count
      best.insert((index, logit), at: place)
      if best.count > count { best.removeLast() }
    }
    alternatives = best.map { Alternative(id: $0.id, value: Double($0.logit) - offset) }
  }

  /// `id` with its probability among the candidates that the sampler left, and the `count` likeliest of
  /// them; none of probability 0.
  init(_ id: Int, among candidates: Candidates, alternatives count: Int) {
    self.init(id: id)
    let pairs = zip(candidates.elements, candidates.probabilities).map {
      (id: Int($0.id), probability: $1)
    }
    value = pairs.first { $0.id == id }?.probability ?? 1
    alternatives = pairs.filter { $0.probability > 0 }
      .sorted { ($1.probability, $0.id) < ($0.probability, $1.id) }
      .prefix(count).map { Alternative(id: $0.id, value: $0.probability) }
  }
}
