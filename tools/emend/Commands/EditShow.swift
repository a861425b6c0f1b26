import ArgumentParser
import LatentEditing
import ModelFiles
import Terminal

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
    let summary = TraceSummary(trace)
    guard !output.json else { return try JSON.print(summary) }
    for line in TraceHeatMap(trace, columns: max(20, Console.width - 8)).lines() {
      Console.print(line)
    }
    Console.print(summary.text)
  }
}
