import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Ctrl-C: the first asks the work to stop, the second ends the process.
enum Interrupt {
  private static let count = Atomic<Int>(0)

  /// Whether Ctrl-C was pressed since the last `clear`.
  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

  /// As if it were pressed: the work ends at the next point where it can.
  static func request() { count.add(1, ordering: .relaxed) }

  /// Forgets that it was pressed.
  static func clear() { count.store(0, ordering: .relaxed) }

  /// Takes over SIGINT. Without SA_RESTART, so that a read waiting for input returns.
  static func install() {
    // A static is made when it is first used, and a signal handler may not be that moment.
    clear()
    install(SIGINT)
  }

  /// Takes over what a closing terminal and `kill` send, too, for work that has to clean up.
  static func installTermination() {
    install(SIGTERM)
    install(SIGHUP)
  }

  private static func install(_ signal: Int32) {
    var action = sigaction()
    let handler: @convention(c) (Int32) -> Void = { _ in
      if Interrupt.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
    }
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
}
