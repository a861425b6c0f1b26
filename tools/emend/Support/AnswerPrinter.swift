import Terminal
import TextGeneration

/// Shows a generation as it happens: a bar while the prompt is fed, then the text.
final class AnswerPrinter {
  /// The text so far.
  private(set) var text = ""
  /// The tokens so far.
  private(set) var ids: [Int] = []
  /// How it ended, once it has.
  private(set) var end: (reason: FinishReason, statistics: GenerationStatistics)?

  private let streams: Bool
  // Begins to count here, before the prompt is fed.
  private let bar = ProgressBar("reading", unit: "tok/s")
  private var isLongPrompt = false

  /// A printer that writes the text to standard output as it comes, if `streams`.
  init(streams: Bool) { self.streams = streams }

  /// To be given to the generator; Ctrl-C is answered with `stop`.
  func receive(_ event: GenerationEvent) -> GenerationAnswer {
    switch event {
    case .prefill(let done, let total):
      // Prompts that take one step are read before a bar could be.
      if done < total { isLongPrompt = true }
      if isLongPrompt { bar.update(Double(done), of: Double(total)) }
      if done == total { bar.finish() }
    case .token(let id, let piece):
      ids.append(id)
      show(piece)
    case .heldBack(let piece):
      show(piece)
    case .finished(let reason, let statistics):
      bar.finish()
      end = (reason, statistics)
      if streams, !text.hasSuffix("\n") { Console.print("") }
    }
    return Interrupt.isRequested ? .stop : .more
  }

  private func show(_ piece: String) {
    text += piece
    if streams, !piece.isEmpty { Console.print(piece, terminator: "") }
  }
}
