import ArgumentParser
import EditEvaluation
import EditorTraining

/// Which rows an editor is measured on. What decides how rows are split has the names and defaults of
/// `emend train`, so that the same flags, or the same configuration, keep the same rows.
struct EvaluationArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The configuration of the training: its data, fields, template and split; flags go before it.",
      valueName: "file"))
  var config: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Rows: all that were given to train, held out or not. A weight after a colon is for baselines that "
        + "are trained here.", valueName: "file[:weight]"))
  var data: [String] = []

  @Option(
    help: ArgumentHelp(
      "Names of the rows' three fields. (default: instruction,input,output)", valueName: "a,b,c"))
  var fields: FieldNames?

  @Option(
    help: ArgumentHelp(
      "How examples are written for the model, as in train. (default: what the file says, or plain)",
      valueName: PromptTemplate.names.joined(separator: "|")))
  var chatTemplate: String?

  @Option(
    help: ArgumentHelp(
      "Splits to measure: seen, unseen, compositional, or names that rows give in their field split. "
        + "(default: all that have rows)", valueName: "names"))
  var splits: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Rows of each split.", valueName: "n"))
  var rows = EvaluationInput.Selection().rows

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed that train was given. (default: 0)", valueName: "n"))
  var splitSeed: String?

  @OptionGroup var parts: SplitArguments

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Longest sequence, prompt and response. (default: 512)", valueName: "n"))
  var maxSeqLength: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Tokens of a response that are scored or generated.", valueName: "n"))
  var responseTokens = EvaluationInput.Selection().responseTokens

  func validate() throws {
    if rows < 2 { throw ValidationError("--rows is \(rows), and must be at least 2") }
    if responseTokens < 1 {
      throw ValidationError("--response-tokens is \(responseTokens), and must be at least 1")
    }
    if let splits, splitNames(splits).isEmpty {
      throw ValidationError("--splits names no split; as in --splits seen,unseen")
    }
  }

  /// The names of `--splits`; nil for all.
  var chosenSplits: [String]? { splits.map(splitNames) }

  private func splitNames(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }.map(String.init)
  }

  /// The configuration with the flags over it, checked.
  func options(model: String?) throws -> (TrainingOptions, OptionOrigins) {
    var options = TrainingOptions()
    var origins = try OptionOrigins(
      config, own: TrainingSettings.own, renamed: ["seed": "--split-seed"], into: &options)
    let flags =
      [("seed", splitSeed)] + parts.flags
      + [("max_seq_length", maxSeqLength), ("chat_template", chatTemplate)]
    try origins.set(flags, in: &options)
    origins.set("model", &options.model, to: model)
    origins.set("data", &options.data, to: data.isEmpty ? nil : TrainingDataFile.files(data))
    fields?.rename(&options.fields)
    guard !options.data.isEmpty else { throw ValidationError("give rows with --data") }
    try origins.validate(options)
    return (options, origins)
  }
}
