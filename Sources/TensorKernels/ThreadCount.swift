import CPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension ThreadPool {
  /// Threads that a process should have unless it is told otherwise: one for each physical core that it
  /// may use, and no more than its control groups give it time for, than `SLURM_CPUS_PER_TASK` and than
  /// `OMP_NUM_THREADS`. Where mpirun began several processes on this machine, no more than its share of the machine's
  /// cores, and of that time, which the processes have together.
  public static var defaultThreadCount: Int {
    defaultThreadCount(
      cores: physicalCoreCount, machineCores: Int(emend_machine_core_count()),
      processors: ControlGroups().processors,
      environment: { name in getenv(name).map { String(cString: $0) } })
  }

  /// Of time for 2.5 cores two are used: threads that together run out of time all stop until the next
  /// period begins.
  package static func defaultThreadCount(
    cores: Int, machineCores: Int? = nil, processors: Double?, environment: (String) -> String?
  ) -> Int {
    let ranks =
      ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"]
      .compactMap { environment($0).flatMap { Int($0) } }.first { $0 > 0 } ?? 1
    var count = cores
    if let machineCores { count = min(count, machineCores / ranks) }
    if let processors {
      count = min(count, Int(min(processors / Double(ranks), 1e6).rounded(.down)))
    }
    for name in ["SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS"] {
      // OpenMP takes a list, of which the first is the outermost level's.
      guard let text = environment(name)?.split(separator: ",").first,
        let number = Int(text.filter { !$0.isWhitespace }), number > 0
      else { continue }
      count = min(count, number)
    }
    return max(1, count)
  }
}
