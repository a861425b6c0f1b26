import ArgumentParser
import EditSessions
import LatentEditing
import ModelFiles
import Terminal

/// Steering vectors of other programs as control vectors.
struct EditImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a control vector of steering vectors that a PyTorch program saved.",
    discussion: """
      The file is safetensors or what torch.save writes (its pickle is read, never executed): a tensor \
      for each block, whose name says which (layers.12, vec_layer_12_Llama-2-7b, a dict's key 12), or one \
      tensor with a row for each block. A vector is added to the residual stream after its block. Blocks count \
      from 0, as in transformers, and negative ones from the end, -1 being the last; --first-block 1 is for \
      files that count from 1, and for hidden_states, whose first row is the embedding. The last row of \
      hidden_states in transformers is no block's output but what the final norm makes of it: leave the last \
      block out, or take it from a hook. The block of a vector without a name is said by --layer, and that of \
      one concept of many in one block, as AxBench saves them, by --row and --layer. llama.cpp has no \
      direction for block 0: leave it out with --layers.

        emend edit import -m model.gguf steering.pt --layers 10-20 -o steering.gguf
        emend generate -m model.gguf -p "Today I" --control-vector steering.gguf:1.5 --compare
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Argument(help: ArgumentHelp("Steering vectors.", valueName: "file"))
  var input: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The number that block 0 has in the file: 0 or 1.", valueName: "n"))
  var firstBlock = 0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The block of the file's only vector, or of --row, whatever its name; negative from the end.",
      valueName: "n"))
  var layer: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The row of a table of concepts that is the vector for --layer, from 0.", valueName: "n"))
  var row: Int?

  @Option(help: ArgumentHelp("Only these blocks: all, 10-20 or 2,10,18.", valueName: "blocks"))
  var layers = "all"

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Makes them so many times as long.", valueName: "x")
  )
  var scale: Float = 1

  @Option(name: .shortAndLong, help: ArgumentHelp("The control vector.", valueName: "file"))
  var output: String

  func validate() throws {
    guard 0...1 ~= firstBlock else { throw ValidationError("--first-block is 0 or 1") }
    guard row == nil || layer != nil else {
      throw ValidationError(
        "--row has a meaning with --layer alone; say after which block it is added")
    }
    guard row ?? 0 >= 0 else { throw ValidationError("--row is \(row!), and rows count from 0") }
    guard scale.isFinite, scale != 0 else {
      throw ValidationError("--scale is \(scale), and must be finite and not 0")
    }
    do { _ = try LayerSelection(parsing: layers) } catch { throw ValidationError("\(error)") }
  }

  func run() throws {
    try OutputFile.check(output, inputs: [model.file.model, input])
    let shape = try model.use.open().configuration
    let chosen = try LayerSelection(parsing: layers)
    _ = try chosen.resolved(layerCount: shape.layerCount)
    let vector = try ControlVector(
      checkpoint: input, width: shape.hiddenSize, layerCount: shape.layerCount,
      firstBlock: firstBlock, layer: layer, row: row, layers: chosen)
    try vector.scaled(by: scale).write(to: output)
    Console.print("\(output): directions after blocks \(LayerSelection(vector.directions.keys))")
  }
}
