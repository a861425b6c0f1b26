import ArgumentParser
import MessagePassing
import ModelFiles
import PlainText
import Terminal

/// The root command: only subcommands do something.
struct Emend: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emend",
    abstract: "Edits a frozen LLaMA in plain words, on the CPU.",
    discussion: """
      Models are GGUF files, as llama.cpp reads them.

        emend inspect model.gguf
        emend generate -m model.gguf --chat -p "Why is the sky blue?"
        emend chat -m model.gguf --editor editor.safetensors \\
          --instruction "Answer like a pirate."

      Results go to stdout; progress goes to stderr, and only when that is a terminal. Exit codes: 0 \
      done, 1 failed, 64 wrong usage, 75 interrupted where the same work can be taken up.
      """,
    version: "0.1.0",
    subcommands: [
      Inspect.self, Tokenize.self, Generate.self, Chat.self,
    ] + servers + [
      Score.self, PerplexityCommand.self, Bench.self, Convert.self, Edit.self, Train.self,
      Evaluate.self, Study.self,
    ])

  /// Left out where the package is built without the trait `Server`.
  private static var servers: [any ParsableCommand.Type] {
    #if Server
      [Serve.self]
    #else
      []
    #endif
  }
}

@main
enum Main {
  static func main() {
    Console.occupyClosedStreams()
    if Invocation.isSpokenFor { Console.silence() }
    var command: (any ParsableCommand)?
    do {
      try checkArguments()
      command = try Emend.parseAsRoot()
      FileFaults.install()
      Interrupt.install()
      try command!.run()
    } catch  where Console.outputProblem == nil {
      // Requests for help come here too, and are a success.
      exit(with: error, of: command.map { type(of: $0) } ?? Emend.self)
    } catch {}  // It stopped because of the output.
    if let problem = Console.outputProblem {
      Console.error(problem)
      Emend.exit(withError: ExitCode.failure)
    }
  }

  /// Refuses arguments that Swift would repair; the first after the program's name is number 1.
  private static func checkArguments() throws {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index],
        String(validatingCString: argument) == nil
      else { continue }
      throw UnreadableArgument(number: index)
    }
    let words = CommandLine.arguments.dropFirst()
    if let unknown = tree(Emend.self).unknownCommand(in: words) { throw unknown }
  }

  private static func tree(_ command: any ParsableCommand.Type) -> CommandTree {
    let c = command.configuration
    return CommandTree(
      c.commandName ?? "\(command)".lowercased(), takesWords: c.defaultSubcommand != nil,
      c.subcommands.map(tree))
  }

  /// Says `error` and ends the program by it; of several ranks that have it one does, and all end together.
  private static func exit(with error: any Error, of command: any ParsableCommand.Type) -> Never {
    // Help and version go to stdout as they are.
    guard Emend.exitCode(for: error) != .success else {
      Emend.exit(withError: Invocation.isSpokenFor ? nil : error)
    }
    if Invocation.sharesWork {
      do {
        try Communicator.fail(error) { place, error in
          Console.error(place + text(error, of: command), own: true)
          return exitCode(error)
        }
        Emend.exit()
      } catch {}  // This process speaks.
    }
    Console.error(text(error, of: command))
    Emend.exit(withError: ExitCode(exitCode(error)))
  }

  private static func exitCode(_ error: any Error) -> Int32 {
    if error is any WrongWords { return ExitCode.validationFailure.rawValue }
    let code = Emend.exitCode(for: error)
    return code == .failure ? CommandError.exitCode(error) : code.rawValue
  }

  /// One line for an error; mistakes of usage point at the help of `command` where they were seen after parsing.
  private static func text(_ error: any Error, of command: any ParsableCommand.Type) -> String {
    if let error = error as? any WrongWords { return error.description }
    guard Emend.exitCode(for: error) != .failure else { return CommandError.text(error) }
    var message = Emend.message(for: error)
    if message.hasSuffix(".") { message.removeLast() }
    let usage = Emend.fullMessage(for: error).split(separator: "\n").last { $0.contains("--help") }
    let remedy =
      command == Emend.self
      ? usage.map { "; " + $0.trimmingPrefix(while: \.isWhitespace).lowercasingFirst() } : nil
    let name = invocation(of: command, from: Emend.self) ?? "emend"
    return message + (remedy ?? "; see '\(name) --help' for more information")
  }

  /// How `command` is called: "emend edit show".
  private static func invocation(
    of command: any ParsableCommand.Type, from parent: any ParsableCommand.Type
  ) -> String? {
    let name = parent.configuration.commandName ?? "\(parent)".lowercased()
    if parent == command { return name }
    for child in parent.configuration.subcommands {
      if let rest = invocation(of: command, from: child) { return name + " " + rest }
    }
    return nil
  }
}

extension Invocation {
  /// Whether the ranks of a launcher work together at this command, by its words: they may be wrong ones.
  static var sharesWork: Bool {
    let words = Array(CommandLine.arguments.dropFirst())
    return switch words.first {
    case "train", "evaluate": true
    case "convert": words.contains { $0.hasPrefix("--calibration") }
    case "study": RankEnvironment.canJoin && !Study.forOne.contains(words.dropFirst().first ?? "")
    default: false
    }
  }

  /// Whether another process speaks for this one: of ranks that work together the first does.
  static var isSpokenFor: Bool { sharesWork && RankEnvironment.current.rank > 0 }
}
