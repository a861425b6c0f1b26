import EditEvaluation
import Foundation
import LatentEditing
import TensorKernels

/// A control vector that does what an edit does, as far as one can, and how far that is: an object of JSON as `emend edit
/// distill --json` writes it. Divergences are in nats a token of the answers that the edited model gives to prompts that
/// nothing was learnt from.
public struct DistilledVector: Sendable, Encodable {
  /// The vector itself, which is no part of the JSON.
  public let vector: ControlVector
  /// Files, and what was asked.
  public let model, editor, instruction: String
  /// Blocks that have a direction.
  public let layers: [Int]
  /// Prompts that were learnt from, and those kept to measure on; tokens of the answers to these.
  public let trained, kept, keptTokens: Int
  /// Steps.
  public let steps: Int
  /// KL(edited || unedited), and KL(edited || with the vector).
  public let unedited, distilled: Double
  /// 1 - distilled / unedited, with a 95 % interval over prompts; nil where the edit does nothing to divide by.
  public let share: Estimate?
  /// KL(unedited || with the vector) on text that has nothing to do with the instruction.
  public let unrelated: Double
  /// Answers to some of the kept prompts.
  public let answers: [Answer]
  /// How long it took.
  public let seconds: Double

  /// One prompt, answered three times.
  public struct Answer: Sendable, Encodable {
    /// What the user said, and the answers.
    public let prompt, unedited, edited, distilled: String
  }

  private enum CodingKeys: String, CodingKey {
    case model, editor, instruction, layers, trained, kept, keptTokens, steps, unedited, distilled,
      share, unrelated
    case answers, seconds
  }

  /// For people.
  public var text: String {
    func nat(_ value: Double) -> String { String(format: "%.3f", value) }
    var lines = answers.flatMap { answer in
      [
        "> \(answer.prompt)", "  unedited   \(Self.line(answer.unedited))",
        "  edited     \(Self.line(answer.edited))", "  distilled  \(Self.line(answer.distilled))",
        "",
      ]
    }
    lines.append(
      "KL from the edited model, nat a token of \(kept) answers that nothing was learnt from: \(nat(distilled)) with the "
        + "vector, \(nat(unedited)) without")
    if let share {
      let interval =
        share.low.flatMap { low in
          share.high.map { " (95 %: \(Self.percent(low)) to \(Self.percent($0)))" }
        } ?? ""
      lines.append("so it has \(Self.percent(share.value)) of the edit\(interval)")
    } else {
      lines.append("so little that there is nothing to take a part of")
    }
    lines.append(
      "on text that has nothing to do with it the vector changes \(nat(unrelated)) nat a token")
    return lines.joined(separator: "\n")
  }

  private static func percent(_ value: Double) -> String { String(format: "%.0f %%", 100 * value) }

  private static func line(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " / ")
  }
}
