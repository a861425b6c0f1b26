import EditSessions
import EditorTraining
import InstructionEditors
import LatentEditing

/// Edits that are fitted to answers, for experiments that ask what such an edit does.
final class FittedEdits {
  /// What an edit answers to inputs of its kind: those that are learnt from, and those that are kept.
  struct Answers {
    let learnt, kept: [(input: String, row: EditedRuns.Row)]
  }

  /// Inputs of a family, and those that are kept of them at most.
  private static let inputs = 44
  private static let kept = 12
  private static let batch = 4
  private static let rate: Float = 0.05
  /// Known instructions that the unit of every block is of.
  private static let measured = 48

  private let material: StudyMaterial
  private var found: [Float]?

  init(_ material: StudyMaterial) { self.material = material }

  /// The root mean square over known instructions, tokens and coordinates of what an edit's states at the input of each block differ by
  /// from the mean edit's: 0 where an editor writes nothing. Throws what reading throws.
  func scales() throws -> [Float] {
    if let found { return found }
    let editor = material.editor
    let depth = editor.layerCount
    var squares = [Double](repeating: 0, count: depth)
    var counts = 0.0
    let step = max(1, material.known.count / Self.measured)
    for number in stride(from: 0, to: material.known.count, by: step) {
      let written = try editor.write(material.known[number].text)
      let states = try editor.states(of: written)
      let mean = try editor.states(of: material.mean.get().inPlace(of: written))
      let size = states.count / depth
      for i in states.indices {
        let c = Double(states[i]) - Double(mean[i])
        squares[i / size] += c * c
      }
      counts += Double(size)
    }
    let scales = squares.map { Float(($0 / counts).squareRoot()) }
    found = scales
    return scales
  }

  /// What the model answers under `edit` to inputs of the row's kind. Nil where there are too few.
  func answers(_ row: StudyRow, under edit: CompiledEdit, seed: UInt64) throws -> Answers? {
    var inputs = material.inputs(like: row, count: Self.inputs)
    guard inputs.count > 1 else { return nil }
    var random = SeededGenerator(seed, 0x4649_5453)
    random.shuffle(&inputs)
    let prompts = inputs.map(material.editor.prompt)
    let rows = try zip(prompts, material.answers(prompts.map { ($0, edit) })).map {
      EditedRuns.Row(prompt: $0, response: $1)
    }
    let all = Array(zip(inputs, rows).map { (input: $0, row: $1) })
    let count = max(1, min(Self.kept, inputs.count / 3))
    return Answers(learnt: Array(all.dropFirst(count)), kept: Array(all.prefix(count)))
  }

  /// Fits the states of `edit`, `[layers][tokens][width]`, to `rows`; `goesOn` hears the number of steps and the edit that the states
  /// make, every ten of them, and stops it. Nil where it diverged. Throws what running the model throws, and
  /// `MemoryShortage`.
  func fit(
    _ states: [Float], of edit: CompiledEdit, to rows: [EditedRuns.Row], steps: Int,
    penalty: Double = 0, goesOn: (Int, CompiledEdit) throws -> Bool = { _, _ in true }
  ) throws -> (edit: CompiledEdit, states: [Float], distance: Double)? {
    let processor = material.editor.loaded.processor
    let fed = rows.map {
      StateFit.Row(fed: edit.tokens(for: $0.prompt) + $0.response.dropLast(), response: $0.response)
    }
    let longest = fed.map(\.fed.count).max() ?? 1
    try MemoryBudget().adding(
      "gradients",
      StateFit.byteCount(processor, rowTokens: longest, batchSize: Self.batch)
    ).check(limit: material.memoryLimit)
    let fit = try StateFit(
      processor, from: states, scales: scales(), rowTokens: longest, batchSize: Self.batch)
    do {
      try fit.learn(
        fed, steps: steps, rate: Self.rate, penalty: penalty, seed: material.configuration.seed
      ) { step in
        try material.progress("fitting", Double(step) / Double(steps))
        guard step % 10 == 0 else { return true }
        return try goesOn(step, material.editor.compile(states: fit.states, like: edit))
      }
    } catch EditorTrainingError.diverged {
      return nil
    }
    return (
      try material.editor.compile(states: fit.states, like: edit), fit.states, fit.distance
    )
  }

  /// What an edit's states are, and that they are the edit. Throws `control` where they are not.
  func states(of written: WrittenEdit, like edit: CompiledEdit) throws -> [Float] {
    let states = try material.editor.states(of: written)
    guard try material.editor.compile(states: states, like: edit).positions == edit.positions
    else {
      throw StudyError.control(
        name: "the states of an edit are the edit", found: "other keys and values")
    }
    return states
  }

  /// The cosine of two lists of states of as many tokens, less those of the mean edit, blocks equally heavy.
  func cosine(_ a: [Float], _ b: [Float], mean: [Float]) throws -> Double {
    let scales = try scales()
    let size = a.count / scales.count
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for i in a.indices where scales[i / size] > 0 {
      let (x, y) = (
        Double(a[i] - mean[i]) / Double(scales[i / size]),
        Double(b[i] - mean[i]) / Double(scales[i / size])
      )
      (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y)
    }
    return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
  }

  /// Sums of -log p of `rows` under each of `edits`. Throws what running throws.
  func losses(_ rows: [EditedRuns.Row], under edits: [CompiledEdit]) throws -> [Double] {
    try rows.reduce(into: [Double](repeating: 0, count: edits.count)) { sums, row in
      for (i, loss) in try material.runs.losses(row, under: edits).enumerated() { sums[i] += loss }
    }
  }
}
