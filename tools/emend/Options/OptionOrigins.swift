import ArgumentParser
import EditorTraining

/// Where a command's options were given, for what is said of them: by flags, or in a configuration under
/// the flags.
struct OptionOrigins {
  /// What the configuration gives; nil without one.
  let configuration: ConfiguredOptions?
  /// Flags that are called otherwise than their options.
  private let renamed: [String: String]
  /// Options that flags gave.
  private var flags: Set<String> = []

  /// Reads the file at `path`, if one is given, over `options`; `own` names options of the command's own
  /// that it may give beside them. Throws what reading it throws.
  init(
    _ path: String?, own: [String], renamed: [String: String] = [:],
    into options: inout TrainingOptions
  ) throws {
    self.renamed = ["distill": "--distill-weight"].merging(renamed) { $1 }
    configuration = try path.map { try options.read(path: $0, others: own) }
  }

  /// Sets what flags give, each by the name of its option. Throws a `ValidationError` for values that
  /// cannot be read.
  mutating func set(_ values: [(String, String?)], in options: inout TrainingOptions) throws {
    for case (let name, let value?) in values {
      flags.insert(name)
      do { try options.set(name, to: value) } catch { throw usage(error) }
    }
  }

  /// Gives the option of that name what its flag says, if that was given.
  mutating func set<Value>(_ name: String, _ place: inout Value, to value: Value?) {
    guard let value else { return }
    flags.insert(name)
    place = value
  }

  /// Throws what of the options makes no sense: as wrong usage where flags gave the option, and otherwise
  /// as a fault of the configuration.
  func validate(_ options: TrainingOptions) throws {
    if let problem = options.problems.first { throw usage(problem) }
  }

  /// `body`, in which options may turn out not to fit the files that they are for: no wrong usage, but
  /// the flags are called what they are.
  func fitting<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as EditorTrainingError {
      guard case .option = error else { throw error }
      throw CommandError.option("\(usage(error))")
    }
  }

  /// Whether the configuration says yes to one of the command's own options.
  func isSet(_ name: String) throws -> Bool {
    try configuration?.value(name, needed: "true or false") { Bool($0) } ?? false
  }

  private func usage(_ error: EditorTrainingError) -> any Error {
    guard case .option(let name, let found, let needed) = error else { return error }
    if let configuration, configuration.names.contains(name), !flags.contains(name) {
      return EditorTrainingError.configuredOption(
        path: configuration.path, name: name, found: found, needed: needed)
    }
    return ValidationError(error.description(spelling: flag))
  }

  /// Options that configurations alone have keep the name that they have there.
  private static let withoutFlags: Set = [
    "beta1", "beta2", "epsilon", "head_learning_rate", "gate_learning_rate", "schedule_floor",
    "instruction_field", "input_field", "output_field", "parts_field", "split_field",
    "family_field",
  ]

  private func flag(_ name: String) -> String {
    if let flag = renamed[name] { return flag }
    return Self.withoutFlags.contains(name) ? name : "--" + name.replacing("_", with: "-")
  }
}
