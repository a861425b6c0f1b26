import CPlatform

/// How many threads of a pool take part, by what happens to them: cores that others use too are left to
/// those others, rather than waiting for them at every other step.
///
/// The evidence is time that the caller waited for a thread that was in the program and on no core. Where
/// it is more than `share` of all time, one thread fewer takes part for a while; then one more is tried, which
/// is given up at the first slice of the scheduler's that is lost, since a trial costs what else runs as much
/// as this pool. The rests grow as long as trials fail. On a machine of which a pool has the cores to itself
/// there is no such time, whatever its steps wait for.
struct Crowding {
  /// The threads of which more is lost than gained.
  private static let share = 0.2
  /// Lost nanoseconds beyond the share that are borne: a few slices of the scheduler's.
  private static let patience = 6_000_000.0
  /// The same of the trial of one more thread, in its first nanoseconds.
  private static let trialShare = 0.05
  private static let trialPatience = 1_000_000.0
  private static let trialTime: Int64 = 100_000_000
  private static let shortestRest: Int64 = 50_000_000
  private static let longestRest: Int64 = 1_500_000_000
  private static let growth: Int64 = 4
  /// Threads of a pool that are looked at; a look is a system call each.
  private static let mostWatched = 64

  private let threads: Int
  private var limit: Int
  private var debt = 0.0
  private var lastLook: Int64 = 0
  private var rest = Crowding.shortestRest
  /// When one more thread is tried, or the last one was.
  private var restEnd: Int64 = 0
  private var isTrial = false

  init(threads: Int) {
    self.threads = threads
    limit = threads
  }

  /// The threads in the program at the beginning of a long wait, with their time on a core.
  struct Look {
    fileprivate let time: Int64
    fileprivate let holders: [(index: Int, used: Int64)]
  }

  func look(_ places: [WorkerPlace]) -> Look? {
    guard threads <= Crowding.mostWatched else { return nil }
    var holders: [(index: Int, used: Int64)] = []
    for index in 1..<threads where places[index].isInside {
      let used = places[index].processorNanoseconds
      if used >= 0 { holders.append((index, used)) }
    }
    return holders.isEmpty ? nil : Look(time: emend_clock_nanoseconds(), holders: holders)
  }

  /// The threads that may take part after a wait that began with a look.
  mutating func limit(after look: Look, _ places: [WorkerPlace]) -> Int {
    let now = emend_clock_nanoseconds()
    let waited = now - look.time
    var lost: Int64 = 0
    for holder in look.holders {
      lost = max(lost, waited - (places[holder.index].processorNanoseconds - holder.used))
    }
    let since = min(now - lastLook, 10_000_000_000)
    lastLook = now
    debt = max(0, debt - (isTrial ? Crowding.trialShare : Crowding.share) * Double(since))
    debt += Double(lost)
    if isTrial, now - restEnd > Crowding.trialTime { isTrial = false }
    guard debt > (isTrial ? Crowding.trialPatience : Crowding.patience), limit > 1 else {
      return limit
    }
    debt = 0
    // The longer the last rest was ago, the less it says.
    if now - restEnd > 4 * rest { rest = Crowding.shortestRest }
    limit -= 1
    restEnd = now + rest
    rest = min(Crowding.growth * rest, Crowding.longestRest)
    return limit
  }

  /// The threads that may take part now.
  mutating func limit(at now: Int64) -> Int {
    guard limit < threads, now >= restEnd else { return limit }
    limit += 1
    isTrial = true
    debt = 0
    lastLook = now
    // The next one, where there are more, waits as long as this one is watched.
    restEnd = limit == threads ? now : now + Crowding.trialTime
    return limit
  }
}
