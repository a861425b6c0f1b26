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
  /// A file that is no training state.
  case notTrainingState(path: String)
  /// A training state of another version.
  case stateVersion(path: String, found: Int, supported: Int)
  /// A training state that was cut short or changed.
  case damagedState(path: String, problem: String)
  /// A section of a training state that is of another editor or optimizer.
  case stateSectionSize(path: String, section: String, found: Int, needed: Int)
  /// A section of a training state that is missing, or has no place in this training.
  case stateSections(path: String, missing: [String], unknown: [String])

  /// One sentence that says what was found, what was needed and what to do.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .memory(let error): "\(error)"
    case .option(let name, let found, let needed):
      "\(name) is \(found), and must be \(needed); choose another value"
    case .notTrainingState(let path):
      "\(path): the file is no training state; give one that emend train wrote"
    case .stateVersion(let path, let found, let supported):
      "\(path): the training state has version \(found), and this program reads \(supported); resume "
        + "with the program that wrote it"
    case .damagedState(let path, let problem):
      "\(path): the training state is damaged: \(problem); resume from an earlier one, or start anew"
    case .stateSectionSize(let path, let section, let found, let needed):
      "\(path): \(section) has \(found) bytes, needed are \(needed); resume with the editor and the "
        + "options that the training was started with"
    case .stateSections(let path, let missing, let unknown):
      "\(path): the training state "
        + [
          missing.isEmpty ? nil : "lacks \(missing.joined(separator: ", "))",
          unknown.isEmpty ? nil : "has \(unknown.joined(separator: ", ")) too much",
        ].compactMap(\.self).joined(separator: " and ")
        + "; resume with the editor and the options that the training was started with"
    }
  }
}
