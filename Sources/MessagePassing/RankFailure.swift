import Synchronization

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
    switch self {
    case .otherRank: .anotherRanks
    case .notBuilt, .otherCount: .everybodys
    case .failed: .own
    }
  }
}

extension Communicator {
  /// Runs `body` on the ranks that a launcher began, or by itself, with nil, where there is one process.
  ///
  /// One rank speaks of an error. What all have is thrown on the first alone. A rank that fails by itself calls
  /// `speak`, with its place to begin a message with, and ends all others with the exit code that this gives: they
  /// may wait for what it does not send any more.
  ///
  /// No rank ends by an error before all have said whether they have one: launchers kill the others as soon as one ends
  /// with a code that is not 0, and the one that speaks may be among them.
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
    try run(body, after: nil, firstSpeaks: firstSpeaks, speak: speak)
  }

  /// `run` of a rank that may have a `problem` already.
  private static func run(
    _ body: (Communicator?) throws -> Void, after problem: (any Error)?,
    firstSpeaks: (any Error) -> Bool, speak: (_ place: String, _ error: any Error) -> Int32
  ) throws {
    func begin() throws { if let problem { throw problem } }
    hasBegun.store(true, ordering: .relaxed)
    let joined: Communicator?
    do { joined = try joining() } catch {
      let rank = RankEnvironment.current.rank
      guard rank > 0 else { throw error }
      // Without messages there is no meeting: the first has it too, and ends all.
      guard error.rankFailure == .own else { return }
      _ = speak("rank \(rank): ", error)
      throw error
    }
    guard let ranks = joined else {
      try begin()
      return try body(nil)
    }
    do {
      try ranks.agreeing(begin)
      try body(ranks)
    } catch {
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

  /// In the place of `run` where this rank has an error before it: meets the others, in `run` or here too, and throws
  /// `error` where this process is to say it. Returns where another one does; does not return where no other rank has it and
  /// this is not the first. After `run` it throws at once.
  public static func fail(
    _ error: any Error, speak: (_ place: String, _ error: any Error) -> Int32
  ) throws {
    guard !hasBegun.load(ordering: .relaxed) else { throw error }
    do {
      try run({ _ in }, after: error, firstSpeaks: { _ in true }, speak: speak)
    } catch is CommunicationError {
      // It cannot meet the others, which is not what is wrong.
      throw error
    }
  }

  /// Whether this process has met the others, or is by itself.
  private static let hasBegun = Atomic(false)
}
