import Foundation
import LanguageModels
import LatentEditing

/// What an edit does while an answer is generated: the sizes of what it adds, and beside it the model as it
/// is, fed the same tokens.
final class AnswerTrace {
  /// Hears of every row of the stream.
  let recorder: TraceRecorder?
  /// The model as it is; nil where nobody asked what it would have said.
  let unedited: ProcessorState?
  private var ghosts = 0
  private var logits: [Float] = []

  init(recorder: TraceRecorder?, unedited: ProcessorState?) {
    self.recorder = recorder
    self.unedited = unedited
  }

  /// Before a prompt in front of which the edit puts `ghosts` tokens.
  func prepare(ghosts: Int) {
    self.ghosts = ghosts
    unedited?.truncate(to: 0)
  }

  /// What the unedited model is fed beside `tokens`, which are of the edited one from position `position` on; nil
  /// where those are the edit's alone. The logits after the last of them are wanted where `isWanted`.
  func segment(_ tokens: [Int], from position: Int, isWanted: Bool) -> PassSegment? {
    guard let unedited else { return nil }
    let own = Array(tokens.dropFirst(max(0, ghosts - position)))
    guard !own.isEmpty else { return nil }
    return PassSegment(unedited, own, logitsFrom: isWanted ? own.count - 1 : own.count)
  }

  /// The unedited model's logits after the same tokens.
  func hear(_ logits: Span<Float>) {
    self.logits = logits.withUnsafeBufferPointer { Array($0) }
  }

  /// KL(unedited ‖ edited) of the next token's distribution, in nats.
  func divergence(_ edited: [Float]) -> Double? {
    guard logits.count == edited.count, let p = LogSoftmax(logits.span),
      let q = LogSoftmax(edited.span)
    else { return nil }
    return zip(logits, edited).reduce(0.0) { total, pair in
      let logP = p(pair.0)
      return total + exp(logP) * (logP - q(pair.1))
    }
  }

  /// The likeliest tokens of the edited distribution, with both probabilities.
  func compared(_ edited: [Float]) -> [TokenRecord.Compared] {
    guard logits.count == edited.count, let p = LogSoftmax(logits.span) else { return [] }
    return TokenRecord(0, of: edited.span, alternatives: 5).alternatives.map {
      .init(id: $0.id, edited: exp($0.value), unedited: exp(p(logits[$0.id])))
    }
  }

  /// ‖δ‖ / ‖h‖ at every site before `position`, in runs of consecutive tokens of one point of the residual stream,
  /// each short enough for one event.
  func sites(before position: Int) -> [JSONValue] {
    guard let recorder else { return [] }
    let longest = 2048
    var runs: [(point: Int, from: Int, ratios: [Double])] = []
    let sites = recorder.trace.sites.filter { $0.position < position }
      .sorted { ($0.point, $0.position) < ($1.point, $1.position) }
    for site in sites {
      let ratio = site.state > 0 ? site.latent / site.state : 0
      if let last = runs.last, last.point == site.point,
        last.from + last.ratios.count == site.position, last.ratios.count < longest
      {
        runs[runs.count - 1].ratios.append(ratio)
      } else {
        runs.append((site.point, site.position, [ratio]))
      }
    }
    return runs.map { run in
      [
        "point": .integer(run.point), "from": .integer(run.from),
        "ratio": .array(run.ratios.map { .number(Self.rounded($0)) }),
      ]
    }
  }

  /// Three digits.
  private static func rounded(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 0 }
    let scale = pow(10, 2 - floor(log10(value)))
    return (value * scale).rounded() / scale
  }
}
