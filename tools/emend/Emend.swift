import ArgumentParser
import ModelFiles
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
        emend chat -m model.gguf
        emend bench -m model.gguf

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
    if let number = firstUnreadableArgument {
      Console.error(
        "argument \(number) is not UTF-8 text; convert it first, or give text by -f FILE")
      Emend.exit(withError: ExitCode.validationFailure)
    }
    var command: any ParsableCommand
    do {
      command = try Emend.parseAsRoot()
    } catch {
      exitForUsage(error)
    }
    do {
      FileFaults.install()
      Interrupt.install()
      try command.run()
    } catch  where Console.outputProblem == nil {
      // Requests for help come here too, and are a success.
      guard Emend.exitCode(for: error) == .failure else {
        exitForUsage(error, of: type(of: command))
      }
      Console.error(CommandError.text(error))
      Emend.exit(withError: ExitCode(CommandError.exitCode(error)))
    } catch {}  // It stopped because of the output.
    if let problem = Console.outputProblem {
      Console.error(problem)
      Emend.exit(withError: ExitCode.failure)
    }
  }

  /// The number of the first argument that Swift would repair, 1 for the first after the program's name.
  private static var firstUnreadableArgument: Int? {
    (1..<max(1, Int(CommandLine.argc))).first { index in
      guard let argument = CommandLine.unsafeArgv[index] else { return false }
      return String(validatingCString: argument) == nil
    }
  }

  /// Help and version go to stdout as they are; mistakes become one line on stderr, which points at the
  /// help of `command` where the mistake was seen after parsing.
  private static func exitForUsage(
    _ error: any Error, of command: any ParsableCommand.Type = Emend.self
  ) -> Never {
    let code = Emend.exitCode(for: error)
    guard code != .success else { Emend.exit(withError: error) }
    var message = Emend.message(for: error)
    if message.hasSuffix(".") { message.removeLast() }
    let usage = Emend.fullMessage(for: error).split(separator: "\n").last { $0.contains("--help") }
    let remedy =
      command == Emend.self
      ? usage.map { "; " + $0.trimmingPrefix(while: \.isWhitespace).lowercasingFirst() } : nil
    let name = invocation(of: command, from: Emend.self) ?? "emend"
    Console.error(message + (remedy ?? "; see '\(name) --help' for more information"))
    Emend.exit(withError: code)
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

extension Substring {
  fileprivate func lowercasingFirst() -> String { prefix(1).lowercased() + dropFirst() }
}
