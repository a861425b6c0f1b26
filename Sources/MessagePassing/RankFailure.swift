/// Whose an error is that has ended the work of several ranks.
public enum RankFailure: Sendable, Equatable {
  /// Every rank has it: the first speaks, and all leave.
  case everybodys
  /// Another rank has it and speaks; this one leaves.
  case anotherRanks
  /// This rank alone has it: it speaks, and ends the others, who may wait for it.
  case own
}

/// An error that knows whose it is; any other one is of the rank that throws it.
public protocol RankError: Error {
  /// Whose it is.
  var rankFailure: RankFailure { get }
}

extension CommunicationError: RankError {
  /// What another rank has, or this one sees alone.
  public var rankFailure: RankFailure {
    if case .otherRank = self { .anotherRanks } else { .own }
  }
}

extension Communicator {
  /// Runs `body` on the ranks that a launcher began, or by itself, with nil, where there is one process.
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
      let failure =
        ranks.isFirst && firstSpeaks(error)
        ? .everybodys : (error as? any RankError)?.rankFailure ?? .own
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
