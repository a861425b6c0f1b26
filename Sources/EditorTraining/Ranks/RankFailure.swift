import MessagePassing

/// Whose an error is that has ended a training of several ranks.
enum RankFailure: Equatable {
  /// Every rank has it: the first speaks, and all leave.
  case everybodys
  /// Another rank has it and speaks; this one leaves.
  case anotherRanks
  /// This rank alone has it: it speaks, and ends the others, who may wait for it.
  case own

  /// Whose `error` is, which `PreparedTraining`, `TrainingRun` or `Trainer` threw.
  init(_ error: any Error) {
    switch error {
    case CommunicationError.otherRank, EditorTrainingError.ranks(.otherRank): self = .anotherRanks
    case EditorTrainingError.diverged, EditorTrainingError.ranksDiffer: self = .everybodys
    default: self = .own
    }
  }
}

extension Communicator {
  /// Runs `body`, a training, on the ranks that a launcher began, or by itself, with nil, where there is one process.
  ///
  /// One rank speaks of an error. What all have is thrown on the first alone. A rank that fails by itself calls
  /// `speak`, with its place to begin a message with, and ends all others with the exit code that this gives: they
  /// may wait for what it does not send any more.
  ///
  /// - Parameters:
  ///   - body: what all ranks do.
  ///   - firstSpeaks: whether the other ranks go on to their end when the first one throws that error.
  ///   - speak: says an error, and gives an exit code.
  /// - Throws: `CommunicationError`, and what `body` throws by itself or on all ranks.
  public static func run(
    _ body: (Communicator?) throws -> Void, firstSpeaks: (any Error) -> Bool,
    speak: (_ place: String, _ error: any Error) -> Int32
  ) throws {
    guard let ranks = try joining() else { return try body(nil) }
    do { try body(ranks) } catch {
      let failure = ranks.isFirst && firstSpeaks(error) ? .everybodys : RankFailure(error)
      if failure == .own {
        let place = ranks.isFirst ? "" : "rank \(ranks.rank) on \(ranks.host): "
        ranks.abort(code: speak(place, error))
      }
      ranks.leave()
      if failure == .everybodys, ranks.isFirst { throw error }
      return
    }
    ranks.leave()
  }
}
