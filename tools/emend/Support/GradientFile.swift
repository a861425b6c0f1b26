import ModelFiles

/// A step's loss and gradients as safetensors: `loss` [1], and the editor's tensors' names.
enum GradientFile {
  static func write(
    _ step: (loss: Double, gradients: [(String, [Int], [Float])]), to path: String
  ) throws {
    var writer = try SafetensorsWriter(
      path: path,
      tensors: [.init(name: "loss", type: .f32, shape: [1])]
        + step.gradients.map { .init(name: $0.0, type: .f32, shape: $0.1) },
      metadata: [("format", "emend.gradients")])
    try writer.append([Float(step.loss)].span)
    for (_, _, values) in step.gradients { try writer.append(values.span) }
    try writer.commit()
  }
}
