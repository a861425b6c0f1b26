import CPlatform

/// What becomes of a process whose files fail under it.
public enum FileFaults {
  /// To be called once, at the start of a program. A file that becomes shorter while it is mapped then ends
  /// the program with one line on standard error that names it, exit code 1 and no temporary files left, in
  /// the place of SIGBUS; and writing past a limit on the size of files throws `sizeLimit`, in the place of
  /// SIGXFSZ.
  public static func install() { emend_guard_files() }
}
