import EditSessions
import EditorTraining
import InstructionEditors
import LatentEditing

/// How much of an edit one vector after each block has, family by family: one that learns to follow the edited model, and
/// those that are made without learning (docs/study.md). A unit is a family; prompts are inputs of its kind, of which a
/// quarter is kept from all that is learnt or chosen.
struct VectorsExperiment: StudyExperiment {
  let material: StudyMaterial
  /// One row of each family.
  let rows: [StudyRow]
  /// What is measured on the kept answers, in the order of a unit's numbers.
  static let conditions = [
    "unedited", "distilled", "mean difference", "mean differences everywhere", "random",
    "mean edit",
  ]
  /// What is measured on unrelated text, in the same way.
  static let unrelated = ["edit", "distilled", "mean difference"]
  /// Numbers of a unit before those of its kept answers: layer, strengths, and KL on unrelated text.
  static let front = 3 + unrelated.count
  private static let prompts = 80
  private static let batch = 8
  private static let windows = 4
  /// Answers that the layer and the strengths of differences are chosen on.
  private static let choosing = 16
  private static let strengths: [Float] = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3]
  private static let rate: Float = 0.02
  private static let answerTokens = 32

  init(_ material: StudyMaterial) {
    self.material = material
    rows = Array(material.firstOfFamilies().prefix(material.configuration.vectorFamilies))
  }

  var unitCount: Int { rows.count }

  func pending(_ units: [String: String]) -> [String] {
    rows.indices.map { "family/\($0)" }.filter { units[$0] == nil }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let number = StudyUnit.number(unit)
    let row = rows[number]
    let (written, edit, mean) = try material.edits(row.instruction)
    var random = SeededGenerator(material.configuration.seed, 0x5645_4354, UInt64(number))
    var inputs = material.inputs(like: row, count: Self.prompts)
    random.shuffle(&inputs)
    let keptCount = inputs.count / 4
    guard keptCount >= 2 else {
      return try StudyUnit(words: [row.instruction, "few inputs"]).json()
    }
    let followed = try self.followed(inputs.map(material.editor.prompt), edit)
    let (kept, learnt) = (Array(followed.prefix(keptCount)), Array(followed.dropFirst(keptCount)))
    let training = try self.training(followed)
    let vector = training.vector
    let unedited = try training.divergences(kept, isEdited: false)
    vector.set([:])
    // Rule 9: what adds nothing changes nothing, and what adds something does not.
    guard try training.divergences(kept) == unedited else {
      throw StudyError.control(
        name: "a vector of zeros changes nothing", found: "another divergence of \(row.instruction)"
      )
    }
    var words = [row.instruction]
    do {
      try training.learn(
        learnt, steps: material.configuration.vectorSteps, rate: Self.rate,
        seed: material.configuration.seed
      ) { try material.progress("distilling", $0) }
    } catch EditorTrainingError.diverged {
      // A result, and not a failure: this vector has nothing of the edit.
      vector.set([:])
      words.append("diverged")
    }
    let distilled = vector.byLayer
    let differences = try differences(learnt, edit, layers: vector.layers)
    let (layer, alone, everywhere) = try chosen(
      differences, Array(learnt.prefix(Self.choosing)), training)
    // Block by block: the order of a dictionary is another one in every process.
    var drawn: [Int: [Float]] = [:]
    for layer in vector.layers { drawn[layer] = Self.turned(distilled[layer]!, &random) }
    let vectors = [
      distilled, [layer: Self.scaled(differences[layer]!, alone)],
      differences.mapValues { Self.scaled($0, everywhere) },
      drawn,
    ]
    var columns = [unedited]
    for directions in vectors {
      vector.set(directions)
      columns.append(try training.divergences(kept))
    }
    columns.append(
      try kept.map { answer in
        let p = try material.runs.logProbabilities(answer.row, under: edit)
        return try material.runs.divergences(answer.row, of: p, under: [mean])[0]
      })
    var result = StudyUnit(words: words)
    result.numbers = [Double(layer), Double(alone), Double(everywhere)]
    result.numbers += try unrelated(written, Array(vectors.prefix(2)), training)
    for (index, answer) in kept.enumerated() {
      result.numbers += [Double(answer.tokenCount)] + columns.map { $0[index] }
    }
    return try result.json()
  }

  /// The edited model's answers, and the states that make them.
  private func followed(
    _ prompts: [[Int]], _ edit: CompiledEdit
  ) throws -> [DirectionTraining.Answer] {
    let answers = try material.answers(
      prompts.map { ($0, edit) }, maximumTokens: Self.answerTokens)
    return try zip(prompts, answers).map { prompt, answer in
      let row = EditedRuns.Row(prompt: prompt, response: answer)
      return DirectionTraining.Answer(
        row: row, states: try material.runs.lastStates(row, under: edit))
    }
  }

  /// Directions after every block but the first, as llama.cpp has them, with memory for these answers. Throws
  /// `MemoryShortage`.
  private func training(_ answers: [DirectionTraining.Answer]) throws -> DirectionTraining {
    let processor = material.editor.loaded.processor
    let longest = answers.map { $0.row.prompt.count + $0.tokenCount }.max() ?? 1
    let tokens = max(Self.batch * longest, material.longestWindow + 1)
    try MemoryBudget().adding(
      "gradients",
      DirectionTraining.byteCount(processor, tokens: tokens, answers: Self.batch)
    ).check(limit: material.memoryLimit)
    return try DirectionTraining(
      processor, layers: Array(1..<material.editor.layerCount), tokens: tokens,
      answers: Self.batch)
  }

  /// The mean over the answers' tokens of what the edit changes in the state after each block; tokens of which a state is
  /// four times as long as the median are left out.
  private func differences(
    _ answers: [DirectionTraining.Answer], _ edit: CompiledEdit, layers: [Int]
  ) throws -> [Int: [Float]] {
    let width = material.editor.loaded.configuration.hiddenSize
    let points = layers.map { Placement.after.point(ofLayer: $0) }
    var pairs = [[(edited: ArraySlice<Float>, unedited: ArraySlice<Float>)]](
      repeating: [], count: points.count)
    for answer in answers {
      try material.progress("differences", 0)
      let edited = try material.runs.responseStates(answer.row, under: edit, points: points)
      let unedited = try material.runs.responseStates(answer.row, under: nil, points: points)
      for index in points.indices {
        for token in 0..<answer.tokenCount {
          let range = token * width..<(token + 1) * width
          pairs[index].append((edited[index][range], unedited[index][range]))
        }
      }
    }
    return Dictionary(
      uniqueKeysWithValues: zip(layers, pairs).map { ($0, StateDifferences.mean($1, width: width)) }
    )
  }

  /// The block after which the difference alone follows the edit best, its strength there, and the strength of all
  /// differences at once.
  private func chosen(
    _ differences: [Int: [Float]], _ answers: [DirectionTraining.Answer],
    _ training: DirectionTraining
  ) throws -> (layer: Int, alone: Float, everywhere: Float) {
    func best<Choice>(
      _ choices: [Choice], _ directions: (Choice) -> [Int: [Float]]
    ) throws -> Choice {
      var found: (choice: Choice, divergence: Double)?
      for choice in choices {
        try material.progress("choosing", 0)
        training.vector.set(directions(choice))
        let divergence = try training.divergences(answers).reduce(0, +)
        if divergence < found?.divergence ?? .infinity { found = (choice, divergence) }
      }
      return found?.choice ?? choices[0]
    }
    let layer = try best(differences.keys.sorted()) { [$0: differences[$0]!] }
    let alone = try best(Self.strengths) { [layer: Self.scaled(differences[layer]!, $0)] }
    let everywhere = try best(Self.strengths) { strength in
      differences.mapValues { Self.scaled($0, strength) }
    }
    return (layer, alone, everywhere)
  }

  /// KL(unedited || edited), nats a token of windows of the unrelated text: of the edit and of `vectors`.
  private func unrelated(
    _ written: WrittenEdit, _ vectors: [[Int: [Float]]], _ training: DirectionTraining
  ) throws -> [Double] {
    var sums = [Double](repeating: 0, count: 1 + vectors.count)
    var tokens = 0
    for window in try material.windows().prefix(Self.windows) {
      let row = EditedRuns.Row(text: window)
      tokens += row.response.count
      let compiled = try material.editor.compile(written, firstToken: window[0])
        .inFrontOfText(replacing: material.textBeginning)
      let p = try material.runs.logProbabilities(row, under: nil)
      sums[0] += try material.runs.divergences(row, of: p, under: [compiled])[0]
      let answer = DirectionTraining.Answer(
        row: row, states: try material.runs.lastStates(row, under: nil))
      for (index, directions) in vectors.enumerated() {
        training.vector.set(directions)
        sums[index + 1] += try training.divergences([answer])[0]
      }
    }
    return sums.map { $0 / Double(tokens) }
  }

  private static func scaled(_ direction: [Float], _ strength: Float) -> [Float] {
    direction.map { strength * $0 }
  }

  /// As long as `direction`, in a direction whose signs are drawn.
  private static func turned(_ direction: [Float], _ random: inout SeededGenerator) -> [Float] {
    let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let size = length / Float(direction.count).squareRoot()
    return direction.map { _ in random.next() & 1 == 0 ? size : -size }
  }
}
