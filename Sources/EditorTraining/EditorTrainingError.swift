import ModelFiles
import TensorKernels

/// Why an editor could not be trained.
public enum EditorTrainingError: Error, Equatable, CustomStringConvertible {
  /// A file could not be read or written.
  case file(ModelFileError)
  /// The system refused memory.
  case memory(KernelError)
  /// An option's value makes no sense.
  case option(name: String, found: String, needed: String)

  /// One sentence that says what was found, what was needed and what to do.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .memory(let error): "\(error)"
    case .option(let name, let found, let needed):
      "\(name) is \(found), and must be \(needed); choose another value"
    }
  }
}
