#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What mpirun and others who begin ranks say of them in the environment, before any message was sent.
public struct RankEnvironment: Sendable, Equatable {
  /// This process's number, from 0.
  public let rank: Int
  /// How many there are.
  public let count: Int
  /// How many of them are on this machine; nil where nobody says.
  public let localCount: Int?

  /// This process's.
  public static let current = RankEnvironment { name in getenv(name).map { String(cString: $0) } }

  /// Whether this program can send messages: the package's trait MPI was on.
  public static var canJoin: Bool {
    #if MPI
      true
    #else
      false
    #endif
  }

  /// The words before a command that begin as many ranks: "mpirun -n 4", or nothing for one.
  public var words: [String] { count > 1 ? ["mpirun", "-n", "\(count)"] : [] }

  /// From variables of Open MPI, of MPICH's process manager, and of Slurm with PMIx (`srun --mpi=pmix`). One rank where
  /// there are none, or what they say makes no sense.
  package init(_ variable: (String) -> String?) {
    func number(_ name: String) -> Int? { variable(name).flatMap { Int($0) } }
    let launchers = [
      ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"),
      ("PMIX_RANK", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE"),
      ("PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"),
    ]
    for (rank, count, local) in launchers {
      guard let rank = number(rank), let count = number(count), count >= 1,
        (0..<count).contains(rank)
      else { continue }
      self.rank = rank
      self.count = count
      localCount = number(local).flatMap { (1...count).contains($0) ? $0 : nil }
      return
    }
    rank = 0
    count = 1
    localCount = nil
  }
}
