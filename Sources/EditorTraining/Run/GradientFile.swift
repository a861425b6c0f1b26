import Foundation
import ModelFiles

/// A step's loss and gradients as safetensors: `loss` [1] and the editor's tensors' names; the metadata
/// has the step's rows as token ids, for who wants to compute them with something else.
public enum GradientFile {
  private struct Row: Encodable {
    let instruction: [Int]
    let prompt: [Int]
    let response: [Int]
  }

  /// Writes the loss and gradients of `step`. Throws `ModelFileError`.
  public static func write(_ step: Trainer.Gradients, to path: String) throws {
    let rows = step.examples.map {
      Row(instruction: $0.instruction, prompt: $0.prompt, response: $0.response)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var writer = try SafetensorsWriter(
      path: path,
      tensors: [.init(name: "loss", type: .f32, shape: [1])]
        + step.named.map { .init(name: $0.name, type: .f32, shape: $0.shape) },
      metadata: [
        ("format", "emend.gradients"), ("first_content", "\(step.firstContent)"),
        ("rows", String(decoding: try encoder.encode(rows), as: UTF8.self)),
      ])
    try writer.append([Float(step.loss)].span)
    for gradient in step.named { try writer.append(gradient.values.span) }
    try writer.commit()
  }
}
