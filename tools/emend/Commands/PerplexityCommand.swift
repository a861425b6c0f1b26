import ArgumentParser
import EditSessions
import ModelEvaluation
import ModelFiles
import PlainText
import Terminal

struct PerplexityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "Measure how well a model predicts a text.",
    discussion: """
      llama.cpp's protocol, so that the figures can be compared: windows of -c tokens, of which the \
      second half is scored.

        emend perplexity -m model.gguf -f wiki.test.raw
        emend perplexity -m model.gguf -f wiki.test.raw --chunks 20 --json

      To see what quantization changed, write the distributions of a better model once and compare \
      others with them. The file is llama.cpp's, and large: twice the vocabulary in bytes for every \
      scored token.

        emend perplexity -m f16.gguf -f wiki.test.raw --chunks 20 --kl-divergence-base base.kld
        emend perplexity -m q4.gguf --kl-divergence-base base.kld --kl-divergence
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup var output: OutputOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The text; - is standard input. With --kl-divergence it comes from the base.",
      valueName: "file"))
  var file: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Windows at most. (default: all)", valueName: "n"))
  var chunks: Int?

  @Option(
    help: ArgumentHelp(
      "Write the model's distributions here, or with --kl-divergence compare with those here.",
      valueName: "file"))
  var klDivergenceBase: String?

  @Flag(help: "Compare with the base.")
  var klDivergence = false

  func validate() throws {
    if let chunks, chunks < 1 {
      throw ValidationError("--chunks is \(chunks), and must be at least 1")
    }
    if klDivergence, klDivergenceBase == nil {
      throw ValidationError("--kl-divergence needs --kl-divergence-base FILE")
    }
    if !klDivergence, file == nil {
      throw ValidationError("no text; give it with -f FILE")
    }
  }

  func run() throws {
    if let klDivergenceBase, !klDivergence {
      try OutputFile.check(
        klDivergenceBase, inputs: [model.file.model] + (file.map { [$0] } ?? []))
    }
    let opened = try model.use.open()
    let tokenizer = opened.tokenizer
    let beginning = tokenizer.vocabulary.addsBOS ? tokenizer.bosToken : nil
    if klDivergence, let path = klDivergenceBase {
      try compare(opened, with: BaseLogits(path: path, beginning: beginning))
      return
    }
    var text = try TextFile.read(file ?? "-")
    // llama.cpp takes one newline off the end of a file.
    if text.unicodeScalars.last == "\n" { text.unicodeScalars.removeLast() }
    let windows = try PerplexityWindows(
      tokenizer.encode(text, addSpecial: true, parseSpecial: false),
      length: opened.contextSize ?? 512, limit: chunks, beginning: beginning)
    let loaded = try opened.load(contextLength: windows.length)
    let bar = ProgressBar("measuring", unit: "tok/s")
    let result = try Perplexity.measure(
      loaded.state, on: windows, vocabularySize: loaded.configuration.vocabularySize,
      base: klDivergenceBase
    ) { done, soFar in
      bar.update(
        Double(done), of: Double(windows.count), scale: Double(windows.length),
        note: "PPL \(Numbers.fixed(soFar.value, 4))")
      return !Interrupt.isRequested
    }
    bar.finish()
    model.use.reportPeak()
    if output.json {
      try JSON.print(PerplexityReport(result, windows))
    } else {
      Console.print(result.text(of: windows))
    }
  }

  private func compare(_ opened: OpenedModel, with base: BaseLogits) throws {
    let windows = base.windows
    if let length = opened.contextSize, length != windows.length {
      throw ValidationError(
        "-c is \(length), and the base was written with \(windows.length); leave it out")
    }
    let loaded = try opened.load(contextLength: windows.length)
    let count = min(windows.count, chunks ?? windows.count)
    let bar = ProgressBar("comparing", unit: "tok/s")
    let result = try KLDivergence.measure(
      loaded.state, against: base, vocabularySize: loaded.configuration.vocabularySize,
      limit: chunks
    ) { done, mean in
      bar.update(
        Double(done), of: Double(count), scale: Double(windows.length),
        note: "KL \(Numbers.fixed(mean, 6))")
      return !Interrupt.isRequested
    }
    bar.finish()
    model.use.reportPeak()
    if output.json {
      try JSON.print(DivergenceReport(result, chunks: count, contextSize: windows.length))
    } else {
      Console.print(result.text)
    }
  }
}
