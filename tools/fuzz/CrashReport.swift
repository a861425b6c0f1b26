import Foundation

/// Says which execution a crash, a hang or a want of memory happened in, from a signal handler.
enum CrashReport {
  /// The seed and the execution: where a signal handler can read them without a lock.
  private nonisolated(unsafe) static let now = UnsafeMutablePointer<UInt64>.allocate(capacity: 2)

  /// Beyond this the system refuses memory, which Swift answers with a trap.
  private static let memoryLimit: rlim_t = 2 << 30
  private static let secondsForOne: UInt32 = 10

  static func install(seed: UInt64) {
    now[0] = seed
    now[1] = 0
    var limit = rlimit(rlim_cur: memoryLimit, rlim_max: memoryLimit)
    #if canImport(Glibc)
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    #else
      setrlimit(RLIMIT_AS, &limit)
    #endif

    // A stack of its own, for when the other one overflows.
    let size = 1 << 16
    var stack = stack_t()
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    stack.ss_size = size
    sigaltstack(&stack, nil)

    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
      var action = sigaction()
      #if canImport(Glibc)
        action.__sigaction_handler.sa_handler = { CrashReport.tell($0) }
      #else
        action.__sigaction_u.__sa_handler = { CrashReport.tell($0) }
      #endif
      action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
  }

  static func begin(_ execution: UInt64) {
    now[1] = execution
    alarm(secondsForOne)
  }

  /// Only what is allowed in a signal handler: no allocation.
  private static func tell(_ signal: Int32) {
    write("signal ")
    write(UInt64(signal))
    write("; repeat it with the same target and corpus and --seed ")
    write(now[0])
    write(" --only ")
    write(now[1])
    write("\n")
    // The handler was reset: this ends the program as the signal would have.
    raise(signal)
  }

  private static func write(_ text: StaticString) {
    _ = Foundation.write(2, text.utf8Start, text.utf8CodeUnitCount)
  }

  private static func write(_ number: UInt64) {
    var power: UInt64 = 1
    while number / power >= 10 { power *= 10 }
    while power > 0 {
      var digit = UInt8(ascii: "0") + UInt8(number / power % 10)
      _ = Foundation.write(2, &digit, 1)
      power /= 10
    }
  }
}
