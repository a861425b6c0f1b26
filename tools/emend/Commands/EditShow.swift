import ArgumentParser
import LatentEditing
import ModelFiles

/// A trace as a picture.
struct EditShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Draw a trace: where an edit acted, how strongly, and what it moved.",
    discussion: """
      Blocks from bottom to top, tokens from left to right; the darker, the larger what was added after the \
      block (in the lowest row, "in": before block 0) is against what was there, from a thousandth to one. The \
      divergence of the tokens of the answer is listed below, and drawn in the SVG. What a p8 editor has read is \
      a line a word, blocks from left to right: what is added there, at the input of each block, is what the \
      editor reads otherwise than the model by itself.

        emend generate -m model.gguf -p "Today I" --control-vector happy.gguf --trace trace.jsonl.zst
        emend edit show trace.jsonl.zst --svg trace.svg
      """)

  @Argument(help: "The trace, as --trace writes it.")
  var trace: String

  @Option(help: ArgumentHelp("Also write the picture to this file.", valueName: "file"))
  var svg: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    if let svg { try OutputFile.check(svg, inputs: [trace]) }
    let trace = try EditTrace(path: trace)
    if let svg {
      try TextFile.write(TraceHeatMap(trace, columns: 120).svg(), to: svg)
    }
    if output.json {
      try JSON.print(
        Summary(
          layers: trace.layerCount, promptTokens: trace.promptLength, sites: trace.sites.count,
          meanDivergence: mean(trace.tokens.map(\.divergence)),
          largestDivergence: trace.tokens.map(\.divergence).max()))
      return
    }
    for line in TraceHeatMap(trace, columns: max(20, Console.width - 8)).lines() {
      Console.print(line)
    }
    Console.print(
      "\(trace.sites.count) additions; prompt of \(trace.promptLength) tokens, answer of "
        + "\(trace.tokens.count)")
    if let mean = mean(trace.tokens.map(\.divergence)) {
      Console.print(
        "KL(unedited || edited) of the answer's tokens: mean \(Numbers.fixed(mean, 4)), largest "
          + "\(Numbers.fixed(trace.tokens.map(\.divergence).max() ?? 0, 4)) nat")
    }
  }

  private func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// `--json`.
  private struct Summary: Encodable {
    let layers: Int
    let promptTokens: Int
    let sites: Int
    let meanDivergence: Double?
    let largestDivergence: Double?
  }
}
