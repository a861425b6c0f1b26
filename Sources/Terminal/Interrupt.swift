import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Signals that ask to stop: Ctrl-C, and what closing terminals, `kill` and schedulers send. The first asks
/// the work to stop where it can, saved. Whatever comes after it changes nothing, but for another Ctrl-C
/// more than two seconds later, which ends the process; not in the middle of what is being written.
///
/// Schedulers repeat themselves: Slurm sends SIGTERM, SIGCONT and SIGTERM within milliseconds.
package enum Interrupt {
  /// The time of the first request in nanoseconds; 0 without one.
  private static let requested = Atomic<Int64>(0)
  /// How many are writing what must be finished, and whether the process ends after that.
  private static let writers = Atomic<Int>(0)
  private static let isHurried = Atomic<Bool>(false)

  private static let patience: Int64 = 2_000_000_000

  /// Whether it was asked to stop since the last `clear`.
  package static var isRequested: Bool { requested.load(ordering: .relaxed) != 0 }

  /// As if Ctrl-C were pressed: the work ends at the next point where it can.
  package static func request() { take(isUrgent: false) }

  /// Forgets that it was pressed.
  package static func clear() {
    requested.store(0, ordering: .relaxed)
    isHurried.store(false, ordering: .relaxed)
  }

  /// Writes what is not to be left half written.
  package static func finishing<Result>(_ body: () throws -> Result) rethrows -> Result {
    writers.add(1, ordering: .sequentiallyConsistent)
    defer {
      writers.subtract(1, ordering: .sequentiallyConsistent)
      if isHurried.load(ordering: .sequentiallyConsistent) { _exit(130) }
    }
    return try body()
  }

  /// Takes over SIGINT. Without SA_RESTART, so that a read waiting for input returns.
  package static func install() {
    // Statics are made when they are first used, and a signal handler may not be that moment.
    clear()
    writers.store(0, ordering: .relaxed)
    install(SIGINT)
  }

  /// Takes over what a closing terminal, `kill` and schedulers send, too, for work that has to clean up or
  /// to save; nobody has to read what it says any more.
  package static func installTermination() {
    for signal in [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU] { install(signal) }
    signal(SIGPIPE, SIG_IGN)
  }

  /// Called by handlers: nothing here allocates or locks.
  private static func take(isUrgent: Bool) {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) + 1
    let (isFirst, first) = requested.compareExchange(
      expected: 0, desired: now, ordering: .sequentiallyConsistent)
    guard !isFirst, isUrgent, now - first > patience else { return }
    isHurried.store(true, ordering: .sequentiallyConsistent)
    if writers.load(ordering: .sequentiallyConsistent) == 0 { _exit(130) }
  }

  private static func install(_ signal: Int32) {
    var old = sigaction()
    guard sigaction(signal, nil, &old) == 0, !isIgnored(old) else { return }
    var action = sigaction()
    let handler: @convention(c) (Int32) -> Void = { Interrupt.take(isUrgent: $0 == SIGINT) }
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = handler
    #elseif canImport(Musl)
      action.__sa_handler.sa_handler = handler
    #else
      action.__sigaction_handler.sa_handler = handler
    #endif
    sigaction(signal, &action, nil)
    // A program that starts this one from a thread that blocks signals passes that on.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, signal)
    sigprocmask(SIG_UNBLOCK, &signals, nil)
  }

  /// What nohup asks for, and a shell without job control for what it puts in the background.
  private static func isIgnored(_ action: sigaction) -> Bool {
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #elseif canImport(Musl)
      let handler = action.__sa_handler.sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
