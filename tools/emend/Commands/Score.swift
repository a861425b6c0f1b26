import ArgumentParser
import EditEvaluation
import ModelFiles

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give the log-probability of every token of a text.",
    discussion: """
      The natural logarithm of the probability of each token given those before it; the first token \
      has none.

        emend score -m model.gguf -f page.txt
        emend score -m model.gguf -f page.txt --activations f32 --json
        emend score -m model.gguf -f page.txt --logits page.safetensors

      --logits also writes everything the model said, for comparison with other software: the tensors \
      "ids" (I32, [tokens]) and "logits" (F32, [tokens, vocabulary]).
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup var output: OutputOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The text; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Write the logits to this safetensors file.", valueName: "file"))
  var logits: String?

  @Flag(help: "Names of special tokens in the text, such as <|im_end|>, mean these tokens.")
  var parseSpecial = false

  func run() throws {
    let text = try TextInput.read(file)
    let opened = try OpenedModel(model)
    let ids = opened.tokenizer.encode(text, addSpecial: true, parseSpecial: parseSpecial)
    let length = model.ctxSize ?? max(ids.count, 1)
    guard length <= opened.configuration.contextLength else {
      throw CommandError.notEnoughContext(
        command: "score", needed: length, trained: opened.configuration.contextLength)
    }
    let loaded = try opened.load(contextLength: length)
    let scores = try score(ids, loaded)

    if output.json {
      try JSON.print(Result(ids: ids, logprobs: [nil] + scores))
      return
    }
    for (index, id) in ids.enumerated() {
      let score = index == 0 ? "-" : Numbers.fixed(scores[index - 1], 4)
      Console.print("\(score)\t\(id)\t\(opened.tokenizer.piece(of: id).onOneLine)")
    }
  }

  private func score(_ ids: [Int], _ loaded: LoadedModel) throws -> [Double] {
    let vocabularySize = loaded.configuration.vocabularySize
    let bar = ProgressBar("scoring", unit: "tok/s")
    defer { bar.finish() }
    guard let logits else {
      return try TokenScores.logProbabilities(
        of: ids, loaded.state, vocabularySize: vocabularySize
      ) { index, _ throws(EvaluationError) in
        try report(index + 1, of: ids.count, bar)
      }
    }
    var writer = try SafetensorsWriter(
      path: logits,
      tensors: [
        .init(name: "ids", type: .i32, shape: [ids.count]),
        .init(name: "logits", type: .f32, shape: [ids.count, vocabularySize]),
      ])
    let words = ids.map { Int32($0) }
    try writer.append(words.span)
    let scores = try TokenScores.logProbabilities(
      of: ids, loaded.state, vocabularySize: vocabularySize
    ) { index, row throws(EvaluationError) in
      try report(index + 1, of: ids.count, bar)
      do throws(ModelFileError) { try writer.append(row) } catch { throw .file(error) }
    }
    try writer.commit()
    return scores
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
