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
  /// `OMP_NUM_THREADS`.
  public static var defaultThreadCount: Int {
    defaultThreadCount(
      cores: physicalCoreCount, processors: ControlGroups().processors,
      environment: { name in getenv(name).map { String(cString: $0) } })
  }

  /// Of time for 2.5 cores two are used: threads that together run out of time all stop until the next
  /// period begins.
  package static func defaultThreadCount(
    cores: Int, processors: Double?, environment: (String) -> String?
  ) -> Int {
    var count = cores
    if let processors { count = min(count, Int(min(processors, 1e6).rounded(.down))) }
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
