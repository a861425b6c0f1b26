import LanguageModels

/// What one sequence has of a step.
struct StepTurn {
  let answer: RunningAnswer
  /// Of its prompt, or the token that was chosen last and a draft of those after it.
  let tokens: [Int]
}

/// Runs a step: the tokens of all sequences that take part in it, and of their unedited twins, in one pass of the
/// model. Each has, to the bit, the logits that it has alone.
struct PassFeeder {
  let memory: PassMemory

  /// Feeds the tokens; who they are of hear their logits. Returns of each turn why it failed, and how many rows
  /// went through.
  func feed(_ turns: [StepTurn]) -> (failures: [(any Error)?], rows: Int) {
    var failures = [(any Error)?](repeating: nil, count: turns.count)
    var segments: [PassSegment] = []
    var places: [(turn: Int, isTwin: Bool)] = []
    for (index, turn) in turns.enumerated() {
      do {
        // Nil where all of it was a compiled edit's.
        if let segment = try turn.answer.segment(turn.tokens) {
          segments.append(segment)
          places.append((index, false))
        }
        if let twin = turn.answer.twin(turn.tokens) {
          segments.append(twin)
          places.append((index, true))
        }
      } catch {
        failures[index] = error
      }
    }
    let failed = memory.forward(segments) { segment, index, logits in
      let place = places[segment]
      let answer = turns[place.turn].answer
      if place.isTwin { answer.hearTwin(logits) } else { answer.hear(index, logits) }
    }
    for (place, failure) in zip(places, failed) where failure != nil {
      failures[place.turn] = failures[place.turn] ?? failure
    }
    return (failures, segments.map(\.tokens.count).reduce(0, +))
  }
}
