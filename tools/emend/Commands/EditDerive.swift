import ArgumentParser
import EditSessions
import LatentEditing
import ModelFiles
import Terminal

/// A control vector from two lists of examples.
struct EditDerive: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "derive",
    abstract: "Make a control vector from two lists of texts.",
    discussion: """
      Each line of the two files is a text. The direction of a block is the difference of the mean \
      states after it, at the texts' last tokens: added, it leads the model from the one kind to the \
      other. With --chat each line is what a user says, and the state that is taken is the one in \
      which the model begins its answer.

        emend edit derive -m model.gguf --positive happy.txt --negative sad.txt -o happy.gguf
        emend generate -m model.gguf -p "Today I" --control-vector happy.gguf:1.5 --compare
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions

  @Option(help: ArgumentHelp("Texts of the kind to lead to.", valueName: "file"))
  var positive: String

  @Option(help: ArgumentHelp("Texts of the kind to lead away from.", valueName: "file"))
  var negative: String

  @Flag(help: "Each line is what a user says in a conversation.")
  var chat = false

  @Option(name: .shortAndLong, help: ArgumentHelp("The control vector.", valueName: "file"))
  var output: String

  func validate() throws {
    if !chat, templateOptions.chatTemplate != nil {
      throw ValidationError("--chat-template needs --chat")
    }
  }

  func run() throws {
    try OutputFile.check(output, inputs: [model.file.model, positive, negative])
    let opened = try model.use.open()
    let template = chat ? try templateOptions.template(for: opened) : nil
    let texts = (
      positive: try ExampleTexts.read(positive, with: opened.tokenizer, as: template),
      negative: try ExampleTexts.read(negative, with: opened.tokenizer, as: template)
    )
    let all = texts.positive + texts.negative
    let loaded = try opened.load(contextLength: all.map(\.count).max())
    let bar = ProgressBar("reading", unit: "texts/s")
    let vector = try MeanDifference(loaded.state).controlVector(
      positive: texts.positive, negative: texts.negative
    ) { done in
      bar.update(Double(done), of: Double(all.count))
      return !Interrupt.isRequested
    }
    bar.finish()
    try vector.write(to: output)
    model.use.reportPeak()
    Console.print(
      "\(output): directions after \(vector.directions.count) blocks, from "
        + "\(texts.positive.count) and \(texts.negative.count) texts")
  }
}
