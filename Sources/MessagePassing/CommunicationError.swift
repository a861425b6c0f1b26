/// Why ranks cannot work together.
public enum CommunicationError: Error, Equatable, CustomStringConvertible {
  /// A launcher began several ranks of a program that was built without MPI.
  case notBuilt(ranks: Int)
  /// MPI says that something failed.
  case failed(work: String, reason: String)
  /// Another rank has failed, and says why.
  case otherRank(Int)
  /// The launcher and MPI disagree about how many ranks there are.
  case otherCount(launcher: Int, mpi: Int)

  /// One sentence: what was found, and what to do.
  public var description: String {
    switch self {
    case .notBuilt(let ranks):
      "\(ranks) ranks were begun, and this program was built without MPI, so that each would train by itself; "
        + "build it with MPI: tools/install-dependencies --mpi, then swift build -c release --traits default,MPI"
    case .failed(let work, let reason):
      "\(work): MPI says: \(reason); see whether all ranks live and their machines reach each other"
    case .otherRank(let rank):
      "rank \(rank) has failed, and says why; see what it has printed"
    case .otherCount(let launcher, let mpi):
      "the launcher began \(launcher) ranks, and MPI knows of \(mpi); start with the mpirun of the MPI that this "
        + "program was built with"
    }
  }
}
