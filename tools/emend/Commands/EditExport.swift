import ArgumentParser
import EditSessions
import LatentEditing
import ModelFiles
import Terminal

/// Edits as control vectors that llama.cpp reads.
struct EditExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write an edit of every token as a control vector, which llama.cpp reads.",
    discussion: """
      Editors of interface p2 (plain latents after a block, at every token), and sums of control \
      vectors, are control vectors; other edits are refused.

        emend edit export -m model.gguf --editor p2.safetensors --instruction "Be brief." -o brief.gguf
        emend edit export -m model.gguf --control-vector a.gguf:0.5 --control-vector b.gguf:-1 -o c.gguf
        llama-cli -m model.gguf --control-vector brief.gguf -p "Explain gravity."
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Edits") var edits: EditOptions
  @Option(name: .shortAndLong, help: ArgumentHelp("The control vector.", valueName: "file"))
  var output: String

  func validate() throws {
    if edits.isEmpty || edits.edit != nil {
      throw ValidationError(
        "nothing to export; give an --editor with its --instruction, or a --control-vector")
    }
  }

  func run() throws {
    try OutputFile.check(output, inputs: [model.file.model] + edits.files)
    let opened = try model.use.open()
    guard var prepared = try EditPreparation(edits.request(), opened) else { return }
    try prepared.checkExportable()
    let loaded = try opened.load(contextLength: 1, beside: prepared)
    let vector = try prepared.controlVector(loaded)
    try vector.write(to: output)
    model.use.reportPeak()
    Console.print("\(output): directions after blocks \(LayerSelection(vector.directions.keys))")
  }
}
