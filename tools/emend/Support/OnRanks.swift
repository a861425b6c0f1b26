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

  /// The words as a shell reads them, and one more.
  static func command(adding word: String? = nil) -> String {
    ShellWords.quoted(
      RankEnvironment.current.words + CommandLine.arguments + [word].compactMap { $0 })
  }
}
