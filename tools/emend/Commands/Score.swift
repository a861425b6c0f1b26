import ArgumentParser
import EditEvaluation
import LanguageModels
import ModelFiles
import TextGeneration

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give the log-probability of every token of a text.",
    discussion: """
      The natural logarithm of the probability of each token given those before it; the first token \
      has none.

        emend score -m model.gguf -f page.txt
        emend score -m model.gguf -f page.txt --activations f32 --json
        emend score -m model.gguf -f page.txt --logits page.safetensors
        emend score -m model.gguf -f page.txt --control-vector happy.gguf:0.8

      --logits also writes everything the model said, for comparison with other software: the tensors \
      "ids" (I32, [tokens]) and "logits" (F32, [tokens, vocabulary]).
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Edits") var edits: EditOptions
  @OptionGroup var output: OutputOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The text; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Write the logits to this safetensors file.", valueName: "file"))
  var logits: String?

  @Flag(help: "Names of special tokens in the text, such as <|im_end|>, mean these tokens.")
  var parseSpecial = false

  func validate() throws {
    if edits.edit != nil {
      throw ValidationError(
        "a compiled edit has no logits for the first token; give the --editor and --instruction that "
          + "it was made from")
    }
  }

  func run() throws {
    if let logits {
      try OutputFile.check(logits, inputs: [model.file.model, file] + edits.files)
    }
    let text = try TextInput.read(file)
    let opened = try OpenedModel(model)
    let prompt = opened.tokenizer.prompt(text, parseSpecial: parseSpecial)
    let ids = prompt.tokens
    let length = model.ctxSize ?? max(ids.count, 1)
    guard length <= opened.configuration.contextLength else {
      throw CommandError.notEnoughContext(
        command: "score", needed: length, trained: opened.configuration.contextLength)
    }
    // One more for a ghost token, which some edits put in front.
    let room = edits.isEmpty ? length : min(length + 1, opened.configuration.contextLength)
    let prepared = try PreparedEdits(edits, opened)
    let loaded = try opened.load(contextLength: room, beside: prepared)
    let scores = try score(prompt, loaded, prepared)

    loaded.reportPeak()
    if output.json {
      try JSON.print(Result(ids: ids, logprobs: [nil] + scores))
      return
    }
    for (index, id) in ids.enumerated() {
      let score = index == 0 ? "-" : Numbers.fixed(scores[index - 1], 4)
      Console.print("\(score)\t\(id)\t\(opened.tokenizer.piece(of: id).onOneLine)")
    }
  }

  private func score(
    _ prompt: Prompt, _ loaded: LoadedModel, _ edits: PreparedEdits?
  ) throws -> [Double] {
    guard var edits else {
      return try score(prompt.tokens, ghosts: 0, loaded.state, loaded)
    }
    let edited = try edits.processor(loaded)
    try edited.prepare(prompt)
    let tokens = edited.extended(prompt).tokens
    return try score(tokens, ghosts: tokens.count - prompt.tokens.count, edited, loaded)
  }

  /// Scores of `ids` after the first `ghosts`, which are there for the edit.
  private func score(
    _ ids: [Int], ghosts: Int, _ model: some SequenceModel, _ loaded: LoadedModel
  ) throws -> [Double] {
    let vocabularySize = loaded.configuration.vocabularySize
    let bar = ProgressBar("scoring", unit: "tok/s")
    defer { bar.finish() }
    guard let logits else {
      let scores = try TokenScores.logProbabilities(
        of: ids, model, vocabularySize: vocabularySize
      ) { index, _ throws(EvaluationError) in
        try report(index + 1, of: ids.count, bar)
      }
      return Array(scores.dropFirst(ghosts))
    }
    var writer = try SafetensorsWriter(
      path: logits,
      tensors: [
        .init(name: "ids", type: .i32, shape: [ids.count - ghosts]),
        .init(name: "logits", type: .f32, shape: [ids.count - ghosts, vocabularySize]),
      ])
    let words = ids.dropFirst(ghosts).map { Int32($0) }
    try writer.append(words.span)
    let scores = try TokenScores.logProbabilities(
      of: ids, model, vocabularySize: vocabularySize
    ) { index, row throws(EvaluationError) in
      try report(index + 1, of: ids.count, bar)
      if index < ghosts { return }
      do throws(ModelFileError) { try writer.append(row) } catch { throw .file(error) }
    }
    try writer.commit()
    return Array(scores.dropFirst(ghosts))
  }

  private func report(_ done: Int, of total: Int, _ bar: ProgressBar) throws(EvaluationError) {
    bar.update(Double(done), of: Double(total))
    if Interrupt.isRequested { throw .cancelled(done: done, total: total, unit: "tokens") }
  }

  /// `--json`.
  private struct Result: Encodable {
    let ids: [Int]
    let logprobs: [Double?]
  }
}
