import MessagePassing
import ModelFiles
import TensorKernels

/// Why an editor could not be trained.
public enum EditorTrainingError: Error, Equatable, CustomStringConvertible {
  /// A file could not be read or written.
  case file(ModelFileError)
  /// The system refused memory.
  case memory(KernelError)
  /// An option's value makes no sense. Names of other options are between backquotes in `needed`.
  case option(name: String, found: String, needed: String)
  /// A configuration that cannot be read.
  case notYAML(path: String, problem: String)
  /// A configuration names an option that there is not; `known` are those that there are, `nearest` among
  /// them.
  case unknownOption(path: String, name: String, nearest: String?, known: [String])
  /// A value of a configuration is of the wrong kind.
  case configuredOption(path: String, name: String, found: String, needed: String)
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
  /// At that line of a file of rows, `wanted` should stand.
  case notJSON(path: String, line: Int, wanted: String)
  /// A file of another sort in the place of rows.
  case notRows(path: String, found: FileKind)
  /// A file of rows in Parquet, which is not read here.
  case parquet(path: String)
  /// A file of rows without a good one; the first problem is an example.
  case noRows(path: String, problems: Int, example: String?, hasObjects: Bool)
  /// The vocabulary has no token that ends a response.
  case noEndToken
  /// There is nothing to train on.
  case noExamples
  /// A sampler of batches is resumed with other examples or other sizes.
  case otherData
  /// A training is resumed otherwise than it was started.
  case startedOtherwise(path: String, differences: [TrainingDifference])
  /// A gradient is infinite or no number.
  case diverged(step: Int)
  /// A folder in which another process trains, on this machine.
  case folderInUse(folder: String, owner: String)
  /// The same, by a process of another machine, which may be gone.
  case folderInUseElsewhere(folder: String, owner: String, file: String)
  /// A lock that cannot be made.
  case folderLock(path: String, reason: String)
  /// Ranks that cannot work together.
  case ranks(CommunicationError)
  /// A rank that would train otherwise than the first one.
  case ranksDiffer(rank: Int, host: String, differences: [TrainingDifference])
  /// All rows have the same instruction: there is no other one to give them.
  case oneInstruction(rows: Int)

  /// One sentence that says what was found, what was needed and what to do.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .memory(let error): "\(error)"
    case .option: description(spelling: { $0 }) + "; choose another value"
    case .notYAML(let path, let problem):
      "\(path): the configuration cannot be read: \(problem); write one option on a line, as steps: 100"
    case .unknownOption(let path, let name, let nearest, let known):
      "\(path): there is no option \(name)"
        + (nearest.map { "; did you mean \($0)?" }
          ?? "; the options are \(known.joined(separator: ", "))")
    case .configuredOption(let path, let name, let found, let needed):
      "\(path): \(name) is \(found), and must be \(Self.spelled(needed) { $0 }); choose another value"
    case .notRows(let path, let found):
      "\(path): it seems to be \(found), and rows are read from JSON or JSONL\(found.remedy)"
    case .parquet(let path):
      "\(path): it is a Parquet file, and rows are read from JSON; convert it: python3 -c \"import pandas; "
        + "pandas.read_parquet('\(path)').to_json('\(path).jsonl', orient='records', lines=True)\""
    case .folderInUse(let folder, let owner):
      "\(folder): \(owner) trains in this folder; wait for its end, or give another folder"
    case .folderInUseElsewhere(let folder, let owner, let file):
      "\(folder): \(owner) trains in this folder, or was gone without a word; if it is gone, remove \(file)"
    case .folderLock(let path, let reason):
      "\(path): the folder cannot be locked: \(reason); give another folder"
    case .notTrainingState(let path):
      "\(path): the file is no training state; give one that emend train wrote"
    case .stateVersion(let path, let found, let supported):
      "\(path): the training state has version \(found), and this program reads \(supported); resume "
        + "with the program that wrote it, or start anew in another folder"
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
    case .notJSON(let path, let line, let wanted):
      "\(path): at line \(line) there should be \(wanted); the file is cut short or damaged: make it "
        + "again, or give it as JSONL, of which good lines can be used"
    case .noRows(let path, let problems, let example, let hasObjects):
      "\(path): no row can be used, \(problems) are bad"
        + (example.map { " (\($0))" } ?? "")
        + (hasObjects
          ? "; name the fields if they have other names"
          : "; rows are JSON objects, one a line (JSONL) or in one array: write the file so (CSV and plain text are "
            + "not read)")
    case .noEndToken:
      "the model's vocabulary has no token that ends a response; use a model that has one"
    case .noExamples:
      "there are no examples to train on; give more data, or allow longer sequences"
    case .otherData:
      "the batches are of other examples, or of another size or seed; resume with the same, or start "
        + "anew"
    case .startedOtherwise(let path, let differences):
      "\(path) was written with \(Self.list(differences, \.found)), and this run has "
        + "\(Self.list(differences, \.given)); resume with the options that it was started with, or "
        + "choose another --output"
    case .ranks(let error): "\(error)"
    case .ranksDiffer(let rank, let host, let differences):
      "rank \(rank) on \(host) has \(Self.list(differences, \.given)), and rank 0 has "
        + "\(Self.list(differences, \.found)); give all ranks the same files and options (EMEND_ISA chooses the kernels)"
    case .diverged(let step):
      "the gradient of step \(step) is not finite, so nothing was changed; resume from the last state "
        + "with lower learning rates or stronger clipping"
    case .oneInstruction(let rows):
      "all \(rows) rows have the same instruction, so that none can get another one's; give data with "
        + "at least two"
    }
  }

  /// What is wrong with an option, without a remedy, options being called what `spelling` makes of their
  /// names: for a program whose flags set them. Other errors are described as ever.
  public func description(spelling: (String) -> String) -> String {
    guard case .option(let name, let found, let needed) = self else { return description }
    return "\(spelling(name)) is \(found), and must be \(Self.spelled(needed, spelling))"
  }

  private static func spelled(_ text: String, _ spelling: (String) -> String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    return parts.enumerated().map { index, part in
      index % 2 == 0 ? String(part) : spelling(String(part))
    }.joined()
  }

  /// "steps 5, clip 1.0": of many, the first four.
  private static func list(
    _ differences: [TrainingDifference], _ value: (TrainingDifference) -> String
  ) -> String {
    let shown = differences.prefix(4).map { "\(printable($0.name)) \(printable(value($0)))" }
    let more = differences.count - shown.count
    return shown.joined(separator: ", ") + (more > 0 ? " (and \(more) more)" : "")
  }
}

extension EditorTrainingError: RankError {
  /// Ranks see at the same step that a gradient is no number, and at once that they differ.
  public var rankFailure: RankFailure {
    switch self {
    case .ranks(let error): error.rankFailure
    case .diverged, .ranksDiffer: .everybodys
    default: .own
    }
  }
}
