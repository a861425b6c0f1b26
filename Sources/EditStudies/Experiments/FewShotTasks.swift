import EditorTraining

/// Tasks that a model can be shown by examples: families of rows whose answers are one word (docs/study.md).
struct FewShotTasks {
  /// A task: rows of different inputs.
  struct Task {
    let family: String
    /// Rows that prompts are made of, and those that vectors are tried on, which no prompt has.
    let shown, kept: [TrainingRow]
  }

  /// A prompt, and the first token of what is right.
  struct Prompt {
    let tokens: [Int]
    let target: Int
  }

  /// Examples in front of a question.
  static let shots = 10
  /// Rows of a task that vectors are tried on, at most.
  static let mostKept = 25
  /// A third of them is kept, and a prompt is of the others.
  private static let leastInputs = 16
  /// Most tokens of an example, and so of a prompt.
  private static let exampleTokens = 24
  static let promptTokens = (shots + 1) * exampleTokens + 16

  /// In the order in which they are tried.
  let tasks: [Task]
  private let material: StudyMaterial

  init(_ material: StudyMaterial) throws {
    self.material = material
    let wanted = material.configuration.functionVectors.families
    var families: [String: [TrainingRow]] = [:]
    for row in material.data.training {
      families[row.family ?? row.instruction, default: []].append(row)
    }
    var found: [Task] = []
    let names = wanted.isEmpty ? families.keys.sorted() : wanted.sorted()
    for (number, family) in names.enumerated() {
      if let task = Self.task(family, families[family] ?? [], number, material) {
        found.append(task)
      } else if !wanted.isEmpty {
        throw material.configuration.problem(
          "experiments.function-vectors.families names \(family), and data has no \(Self.leastInputs) different short "
            + "inputs of such a family in training whose answers are one word each and not all the same; name others"
        )
      }
    }
    var random = SeededGenerator(material.configuration.seed, 0x5441_534B)
    random.shuffle(&found)
    tasks = found
  }

  /// Nil where some answer is no word, all are the same, or there are too few inputs.
  private static func task(
    _ family: String, _ rows: [TrainingRow], _ number: Int, _ material: StudyMaterial
  ) -> Task? {
    guard rows.allSatisfy({ !$0.output.isEmpty && !$0.output.contains(where: \.isWhitespace) }),
      Set(rows.map(\.output)).count > 1
    else { return nil }
    let tokenizer = material.tokenizer
    func count(_ text: String) -> Int {
      tokenizer.encode(text, addSpecial: false, parseSpecial: false).count
    }
    var order = rows
    var random = SeededGenerator(material.configuration.seed, 0x5041_4952, UInt64(number))
    random.shuffle(&order)
    // An input is in one of both.
    var inputs: Set<String> = []
    let some = order.filter {
      inputs.insert($0.input).inserted && count(example($0, $0.output)) <= exampleTokens
    }
    guard some.count >= leastInputs else { return nil }
    let kept = min(mostKept, some.count / 3)
    return Task(
      family: family, shown: Array(some.dropFirst(kept)), kept: Array(some.prefix(kept)))
  }

  private static func example(_ row: TrainingRow, _ output: String) -> String {
    "Q: \(row.input)\nA: \(output)\n\n"
  }

  /// Ten examples and a question, which prompt `number` of a task is drawn with; `isShuffled` has the answers of the
  /// examples change places.
  func fewShot(_ task: Int, _ number: Int, isShuffled: Bool) -> Prompt {
    var random = SeededGenerator(
      material.configuration.seed, 0x5348_4F54, UInt64(task), UInt64(number), isShuffled ? 1 : 0)
    var rows = tasks[task].shown
    random.shuffle(&rows)
    let examples = rows.dropFirst().prefix(Self.shots)
    var outputs = examples.map(\.output)
    if isShuffled { random.shuffle(&outputs) }
    return prompt(
      zip(examples, outputs).map { Self.example($0, $1) }.joined(), asking: rows[0])
  }

  /// The question alone.
  func zeroShot(_ row: TrainingRow) -> Prompt { prompt("", asking: row) }

  private func prompt(_ examples: String, asking row: TrainingRow) -> Prompt {
    func encode(_ text: String) -> [Int] {
      material.tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    }
    let question = examples + "Q: \(row.input)\nA:"
    let tokens = encode(question)
    let whole = encode("\(question) \(row.output)")
    // Tokenizers that join the colon and the answer have no such place.
    let target =
      whole.starts(with: tokens) && whole.count > tokens.count
      ? whole[tokens.count] : encode(" \(row.output)")[0]
    return Prompt(tokens: material.textBeginning + tokens, target: target)
  }

  /// The question with its instruction in the prompt, as the model's template writes it, of prompt `number`; `isOthers` has an
  /// instruction of another family in its place. Prompts of one instruction are in one half.
  func instructed(_ task: Int, _ number: Int, isOthers: Bool) throws -> Prompt {
    var random = SeededGenerator(
      material.configuration.seed, 0x494E_5354, UInt64(task), UInt64(number), isOthers ? 1 : 0)
    let (shown, family) = (tasks[task].shown, tasks[task].family)
    let wordings = Set(shown.map(\.instruction)).sorted()
    let mine = Set(wordings.enumerated().filter { $0.offset % 2 == number % 2 }.map(\.element))
    let some = shown.filter { mine.contains($0.instruction) }
    let row = (some.isEmpty ? shown : some)[random.pick(some.isEmpty ? shown.count : some.count)]
    guard isOthers else { return try instructed(row, row.instruction) }
    let training = material.data.training
    while true {
      let other = training[random.pick(training.count)]
      guard (other.family ?? other.instruction) != family else { continue }
      return try instructed(row, other.instruction)
    }
  }

  /// The input alone in the template, as an edited model is asked.
  func uninstructed(_ row: TrainingRow) throws -> Prompt {
    Prompt(
      tokens: material.editor.prompt(row.input), target: try material.row(row).tokens.response[0])
  }

  private func instructed(_ row: TrainingRow, _ instruction: String) throws -> Prompt {
    let tokens = material.editor.prompted(row.input, instruction)
    guard tokens.count <= material.runs.contextLength else {
      throw StudyError.tooLong(
        what: "an instruction of a task", tokens: tokens.count, most: material.runs.contextLength)
    }
    return Prompt(tokens: tokens, target: try material.row(row).tokens.response[0])
  }
}
