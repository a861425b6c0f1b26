import Foundation
import ModelFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes metrics.jsonl, each line at once, so that another program can follow a training and a killed
/// one loses nothing.
public struct MetricsWriter: ~Copyable {
  /// The file.
  public let path: String
  private let descriptor: Int32

  /// Opens the file at `path`. Lines of a training that went further than `step` before it was killed
  /// are cut off, and the summary of one that had ended; without a step, all lines.
  ///
  /// Throws `EditorTrainingError.file`.
  public init(path: String, resumingAfter step: Int? = nil) throws(EditorTrainingError) {
    var kept = 0
    if let step {
      let lines = try MetricsLines(path: path)
      for (line, end) in zip(lines.metrics, lines.ends) {
        guard line.step <= step, line.kind != .summary else { break }
        kept = end
      }
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failure(path, "open", errno) }
    guard ftruncate(descriptor, off_t(kept)) == 0 else {
      let number = errno
      close(descriptor)
      throw Self.failure(path, "ftruncate", number)
    }
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Adds a line. Throws `EditorTrainingError.file`.
  public func append(_ metrics: TrainingMetrics) throws(EditorTrainingError) {
    let bytes = Array((metrics.line() + "\n").utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress! + done, bytes.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(path, "write", errno) }
      done += count
    }
  }

  /// All whole lines of the file at `path`, for a curve. Throws `EditorTrainingError.file`.
  public static func read(path: String) throws(EditorTrainingError) -> [TrainingMetrics] {
    try MetricsLines(path: path).metrics
  }

  private static func failure(_ path: String, _ call: String, _ number: Int32)
    -> EditorTrainingError
  {
    switch number {
    case ENOENT, ENOTDIR: .file(.noSuchFolder(path: path))
    case EISDIR: .file(.isFolder(path: path))
    case EACCES, EPERM, EROFS: .file(.notWritable(path: path))
    default: .file(.systemFailure(path: path, call: call, errno: number))
    }
  }
}
