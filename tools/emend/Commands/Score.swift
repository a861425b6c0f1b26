import ArgumentParser
import EditSessions
import LanguageModels
import ModelEvaluation
import ModelFiles
import TextGeneration
import Tokenization

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
        emend score -m model.gguf -f talk.txt --chat --editor editor.safetensors \
          --instruction "Be brief."

      An editor that reads its instruction as the beginning of the prompt (p8) puts it in front of the \
      text, in a line of its own, and BOS in front of that; the text is then what comes behind it, and has \
      no other BOS. With --chat the text is a conversation that is written out as the model's template has \
      it, and the instruction stands where it does in chat.

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

  @Flag(
    help: ArgumentHelp(
      "The text is a conversation as the model's template writes it out; as --parse-special."))
  var chat = false

  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions

  func validate() throws {
    if edits.edit != nil {
      throw ValidationError(
        "a compiled edit has no logits for the first token; give the --editor and --instruction that "
          + "it was made from")
    }
    if !chat, templateOptions.chatTemplate != nil {
      throw ValidationError("--chat-template needs --chat")
    }
  }

  func run() throws {
    if let logits {
      try OutputFile.check(logits, inputs: [model.file.model, file] + edits.files)
    }
    let text = try TextFile.read(file)
    let opened = try model.use.open()
    var prompt = opened.tokenizer.prompt(text, parseSpecial: parseSpecial || chat)
    let template =
      chat
      ? try templateOptions.template(for: opened, edits: edits, verbose: model.verbose) : nil
    let prepared = try EditPreparation(edits.request(), opened, form: PromptForm(chat: template))
    let ahead = prepared?.tokensInFront ?? 0
    if chat { prompt = prompt.withoutSecondBOS(opened.tokenizer) }
    var ids = prompt.tokens
    opened.tokenizer.warnOfSecondBOS(ids)
    let length = opened.contextSize ?? max(ids.count, 1)
    guard length <= opened.configuration.contextLength else {
      throw CommandError.notEnoughContext(
        command: "score", needed: length, trained: opened.configuration.contextLength)
    }
    // One more for a ghost token, which some edits put in front.
    let room =
      edits.isEmpty ? length : min(length + max(1, ahead), opened.configuration.contextLength)
    let loaded = try opened.load(contextLength: room, beside: prepared)
    let scores: [Double]
    (ids, scores) = try score(prompt, loaded, prepared)

    model.use.reportPeak()
    if output.json {
      try JSON.print(Result(ids: ids, logprobs: [nil] + scores))
      return
    }
    for (index, id) in ids.enumerated() {
      let score = index == 0 ? "-" : Numbers.fixed(scores[index - 1], 4)
      Console.print("\(score)\t\(id)\t\(opened.tokenizer.piece(of: id).onOneLine)")
    }
  }

  /// The tokens that are scored and the scores of all but the first: those of the prompt, or of an edit that
  /// stands for its beginning those behind it.
  private func score(
    _ prompt: Prompt, _ loaded: LoadedModel, _ edits: EditPreparation?
  ) throws -> ([Int], [Double]) {
    guard var edits else {
      return (
        prompt.tokens, try score(prompt.tokens, ghosts: 0, unscored: 0, loaded.state, loaded)
      )
    }
    let ahead = edits.tokensInFront
    let edited = try edits.processor(loaded)
    try edited.prepare(prompt)
    let tokens = edited.extended(prompt).tokens
    let ghosts = ahead > 0 ? ahead : tokens.count - prompt.tokens.count
    return (
      Array(tokens.dropFirst(ghosts)),
      try score(tokens, ghosts: ghosts, unscored: ahead, edited, loaded)
    )
  }

  /// Scores of `ids` after the first `ghosts`, which are there for the edit; `unscored` of them have no
  /// logits.
  private func score(
    _ ids: [Int], ghosts: Int, unscored: Int, _ model: some SequenceModel, _ loaded: LoadedModel
  ) throws -> [Double] {
    let vocabularySize = loaded.configuration.vocabularySize
    let bar = ProgressBar("scoring", unit: "tok/s")
    defer { bar.finish() }
    guard let logits else {
      let scores = try TokenScores.logProbabilities(
        of: ids, after: unscored, model, vocabularySize: vocabularySize
      ) { index, _ throws(ModelEvaluationError) in
        try report(index + 1, of: ids.count, bar)
      }
      return Array(scores.dropFirst(ghosts - unscored))
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
      of: ids, after: unscored, model, vocabularySize: vocabularySize
    ) { index, row throws(ModelEvaluationError) in
      try report(index + 1, of: ids.count, bar)
      if index < ghosts { return }
      do throws(ModelFileError) { try writer.append(row) } catch { throw .file(error) }
    }
    try writer.commit()
    return Array(scores.dropFirst(ghosts - unscored))
  }

  private func report(_ done: Int, of total: Int, _ bar: ProgressBar) throws(ModelEvaluationError) {
    bar.update(Double(done), of: Double(total))
    if Interrupt.isRequested { throw .cancelled(done: done, total: total, unit: "tokens") }
  }

  /// `--json`.
  private struct Result: Encodable {
    let ids: [Int]
    let logprobs: [Double?]
  }
}
