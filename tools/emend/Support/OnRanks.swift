import ArgumentParser
import MessagePassing

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
