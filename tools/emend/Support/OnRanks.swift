import ArgumentParser
import MessagePassing
import PlainText
import Terminal

extension ParsableCommand {
  /// Runs `body` on the ranks that mpirun began, or by itself. The first rank speaks.
  func onRanks(_ body: (Communicator?) throws -> Void) throws {
    try Communicator.run(
      body, firstSpeaks: { $0 is CommandError || $0 is ValidationError },
      speak: { place, error in
        Console.error(place + CommandError.text(error), own: true)
        return CommandError.exitCode(error)
      })
  }
}

/// How this process was called.
enum Invocation {
  /// The words as a shell reads them, and one more.
  static func command(adding word: String? = nil) -> String {
    ShellWords.quoted(
      RankEnvironment.current.words + CommandLine.arguments + [word].compactMap { $0 })
  }
}
