import ArgumentParser

/// Edits as files.
struct Edit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make, convert and look at edits.",
    discussion: """
      An edit that acts on the first token alone compiles to a file that any run of the model can \
      start from at no cost; one that acts on every token is a control vector, which llama.cpp reads \
      too.

        emend edit derive -m model.gguf --positive happy.txt --negative sad.txt -o happy.gguf
        emend edit compile -m model.gguf --editor editor.safetensors \\
          --instruction "Answer in upper case." -o upper.safetensors
        emend edit show trace.jsonl.zst --svg trace.svg
        emend edit explain -m model.gguf --editor editor.safetensors --instruction "Be brief."
        emend edit distill -m model.gguf --editor editor.safetensors --instruction "Be brief." -o brief.gguf
      """,
    subcommands: [
      EditDerive.self, EditCompile.self, EditExport.self, EditImport.self, EditAverage.self,
      EditShow.self, EditExplain.self, EditDistill.self,
    ])
}
