import MessagePassing
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Standard output for results, standard error for everything else; unbuffered.
enum Console {
  /// The error number of the first write to standard output that failed; 0 while none did.
  private static let outputError = Atomic<Int32>(0)

  /// What went wrong with standard output, or nil. Nothing is written to it any more then, and the work is
  /// asked to stop.
  static var outputProblem: String? {
    let number = outputError.load(ordering: .relaxed)
    return number == 0
      ? nil
      : "standard output cannot be written: \(String(cString: strerror(number))); what was written of the "
        + "result is not whole"
  }

  /// Takes the place of standard streams that the caller closed, so that no file that is opened later gets
  /// their number and is written to in their stead. Writing to these fails.
  static func occupyClosedStreams() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
    where fcntl(descriptor, F_GETFD) == -1 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Of ranks that work together the first one speaks for all.
  private static let isSilent =
    RankEnvironment.current.rank > 0
    && (["train", "evaluate"].contains(words.first)
      || words.first == "study" && RankEnvironment.canJoin
      || words.contains { $0.hasPrefix("--calibration") })
  private static var words: ArraySlice<String> { CommandLine.arguments.dropFirst() }

  /// Whether a person reads standard error.
  static let errorIsTerminal = isatty(STDERR_FILENO) == 1 && !isSilent
  /// Whether a person types at standard input.
  static let inputIsTerminal = isatty(STDIN_FILENO) == 1

  /// Characters in a line of the terminal that shows the results; 100 where there is none.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
    return Int(size.ws_col)
  }

  /// Writes `text` to standard output.
  static func print(_ text: String, terminator: String = "\n") {
    guard !isSilent, outputError.load(ordering: .relaxed) == 0 else { return }
    let number = write(text + terminator, to: STDOUT_FILENO)
    // Of a pipe the reader has read what it wanted.
    guard number != 0, number != EPIPE else { return }
    outputError.store(number, ordering: .relaxed)
    Interrupt.request()
  }

  /// Writes `text` to standard error when that is a terminal.
  static func note(_ text: String) {
    if errorIsTerminal { write(text + "\n", to: STDERR_FILENO) }
  }

  /// Writes `text` to standard error: something the user asked to be told.
  static func log(_ text: String, terminator: String = "\n") {
    if !isSilent { write(text + terminator, to: STDERR_FILENO) }
  }

  /// Writes one line that begins `error:` to standard error; a silent rank writes its `own` alone.
  static func error(_ message: String, own: Bool = false) {
    guard own || !isSilent else { return }
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    write("error: \(line)\n", to: STDERR_FILENO)
  }

  /// The number of the error that kept a part of `text` from being written, or 0.
  @discardableResult
  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { writeBytes(descriptor, $0.baseAddress!, $0.count) }
      if count > 0 {
        bytes = bytes.dropFirst(count)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}

private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  #if canImport(Darwin)
    Darwin.write(descriptor, bytes, count)
  #elseif canImport(Musl)
    Musl.write(descriptor, bytes, count)
  #else
    Glibc.write(descriptor, bytes, count)
  #endif
}
