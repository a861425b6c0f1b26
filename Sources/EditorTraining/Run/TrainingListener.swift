/// What happens while a training runs.
public enum TrainingEvent: Sendable {
  /// The folder was locked by a process that is gone; its lock was broken.
  case lockBroken(folder: String, owner: FolderLock.Owner)
  /// The state was written by another number of ranks: the same training goes on, rounded otherwise.
  case ranksChanged(before: Int, now: Int)
  /// Steps begin after `step`, and end with step `last`.
  case began(step: Int, last: Int)
  /// A step was taken.
  case step(StepReport)
  /// Steps pause for a validation.
  case validating
  /// What it found, one report a split.
  case validated([ValidationReport])
  /// The state and the network were written.
  case saved
}

/// Who is told what happens in a training, and may end it.
public protocol TrainingListener: AnyObject {
  /// Hears what has happened, on the thread that trains.
  func receive(_ event: TrainingEvent)
  /// Whether the training is to end: it stops after the step, and saves.
  var isStopRequested: Bool { get }
  /// Runs `body`, which writes what must not be left half written.
  func finishing(_ body: () throws -> Void) throws
}

extension TrainingListener {
  /// Nobody stops the training.
  public var isStopRequested: Bool { false }
  /// Runs it as it is.
  public func finishing(_ body: () throws -> Void) throws { try body() }
}

/// One who does not listen.
final class NoListener: TrainingListener {
  func receive(_ event: TrainingEvent) {}
}

/// Why a training cannot begin in its folder, or did not come to its end.
public enum TrainingRunError: Error, Equatable, CustomStringConvertible {
  /// There is nothing to go on with.
  case noTraining(folder: String)
  /// There is a training, and another one is to begin.
  case trainingExists(folder: String)
  /// The folder cannot be made.
  case folderNotMade(folder: String)
  /// It was told to stop; what is done is saved.
  case interrupted(work: String)

  /// One sentence: what was found, and what to do.
  public var description: String {
    switch self {
    case .noTraining(let folder):
      "\(folder) has no training.state to go on with; begin a training there, or name the folder of one"
    case .trainingExists(let folder):
      "\(folder) has a training in it already; go on with it, or name another folder"
    case .folderNotMade(let folder):
      "\(folder): the folder cannot be made; name one that may be written to"
    case .interrupted(let work):
      "interrupted while \(work); what is done is saved: run it again to go on"
    }
  }
}
