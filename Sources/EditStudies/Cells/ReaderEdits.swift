import EditSessions
import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels

/// What a reader of edits learns from, drawn before its first step: edits as mu + s c + sigma s_l xi with the instruction's
/// text as what is to be said, s from [0.5, 1.5] and sigma from [0, 0.3]; among ten one that is none, with the answer
/// `Nothing.`, and one of two steps, mu + c_a + c_b with the text of both, of prefixes the edit of that text.
final class ReaderEdits: ReadEdits {
  /// What is to be said of no edit.
  static let nothing = "Nothing."

  /// An edit and what it asks for.
  struct Draw {
    /// What is read.
    enum Kind: CaseIterable {
      /// The edit of a text.
      case text
      /// The sum of two around the mean.
      case sum
      /// The mean edit, no edit, and one of random directions.
      case mean, none, random
    }
    let kind: Kind
    /// What the editor reads; of a sum two.
    let texts: [String]
    /// What is to be said.
    let answer: String
    let strength, noise: Float
  }

  private let material: StudyMaterial
  private let deviations: [Float]
  /// In the order in which they were drawn.
  let draws: [Draw]
  let digest: String
  /// Latents by text; prefixes are read again, which takes less than keeping them.
  private var known: [String: WrittenEdit] = [:]
  private static let mostKnown = 2000
  private static let instructionsOfDeviations = 64

  /// `count` of them. Throws what reading throws.
  init(_ material: StudyMaterial, count: Int) throws {
    self.material = material
    let step = max(1, material.known.count / Self.instructionsOfDeviations)
    deviations = EditParts.deviations(
      try stride(from: 0, to: material.known.count, by: step).map {
        try material.parts(of: material.known[$0].text)
      })
    draws = Self.draws(material, count)
    digest =
      try OpenedEditor(path: material.editorPath).digest() + ", seed \(material.configuration.seed)"
  }

  private static func draws(_ material: StudyMaterial, _ count: Int) -> [Draw] {
    let data = material.data
    let fits = { material.hasRoom(toSay: $0) }
    var families: [String] = []
    var texts: [String: [String]] = [:]
    var seen: Set<String> = []
    for row in data.training where seen.insert(row.instruction).inserted && fits(row.instruction) {
      let family = row.family ?? row.instruction
      if texts[family] == nil { families.append(family) }
      texts[family, default: []].append(row.instruction)
    }
    let pairs = data.split.train.map { data.found.rows[$0] }.filter { row in
      row.parts.count == 2 && row.parts.allSatisfy { texts[$0] != nil }
        && seen.insert(row.instruction).inserted && fits(row.instruction)
    }
    let addsUp = !material.editor.configuration.interface.isPrefix
    var random = SeededGenerator(material.configuration.seed, 0x5245_4144_4552)
    func number() -> Float { Float(random.next() >> 40) * 0x1p-24 }
    return (0..<count).map { _ in
      let family = texts[families[random.pick(families.count)]] ?? []
      let text = family[random.pick(family.count)]
      let (strength, noise) = (0.5 + number(), 0.3 * number())
      switch random.pick(10) {
      case 0:
        let kinds = [Draw.Kind.mean, .none, .random]
        return Draw(
          kind: kinds[random.pick(kinds.count)], texts: [text], answer: nothing, strength: 1,
          noise: 0)
      case 1 where !pairs.isEmpty:
        let pair = pairs[random.pick(pairs.count)]
        return Draw(
          kind: addsUp ? .sum : .text,
          texts: addsUp ? material.steps(pair.parts, of: pair.instruction) : [pair.instruction],
          answer: pair.instruction, strength: strength, noise: noise)
      default:
        return Draw(
          kind: .text, texts: [text], answer: text, strength: strength, noise: noise)
      }
    }
  }

  /// The draws as tokens: what is in front, the question, and what is to be said. Throws `noEndToken`.
  func examples() throws -> [TokenizedExample] {
    let question = material.editor.prompt(StudyMaterial.question)
    return try draws.enumerated().map { number, draw in
      TokenizedExample(
        row: number,
        instruction: material.editor.front(of: draw.kind == .none ? nil : draw.texts[0]),
        prompt: question, response: try material.response(draw.answer, after: question),
        prompted: question)
    }
  }

  func states(ofRow row: Int) throws(LatentEditingError) -> [Float]? {
    do {
      return try edit(draws[row], number: row).map { try material.editor.states(of: $0) }
    } catch let error as LatentEditingError { throw error } catch let error as LanguageModelError {
      throw .model(error)
    } catch { preconditionFailure("a text that fits is read: \(error)") }
  }

  /// The edit of draw number `number`; nil where it is none.
  private func edit(_ draw: Draw, number: Int) throws -> WrittenEdit? {
    guard draw.kind != .none else { return nil }
    let numbers = NormalGenerator(
      seed: material.configuration.seed ^ 0x5245_4144_4552, stream: UInt64(number))
    let parts = try draw.texts.map {
      try material.parts(of: $0, written: try written($0))
    }
    switch draw.kind {
    case .mean: return try parts[0].edit([Float](repeating: 0, count: parts[0].own.count))
    case .random: return try parts[0].random(from: numbers)
    case .none: return nil
    case .text, .sum:
      return try parts[0].adding(parts.dropFirst()).edit(
        strength: draw.strength, noise: draw.noise, deviations: deviations, from: numbers)
    }
  }

  private func written(_ text: String) throws -> WrittenEdit {
    if let found = known[text] { return found }
    let written = try material.editor.write(text)
    if case .latents = written, known.count < Self.mostKnown { known[text] = written }
    return written
  }
}

extension StudyMaterial {
  /// Tokens that a reader says, at most.
  static let longestSaying = 48

  /// The edit of `text` around the mean edit, which was `written` before where that is given.
  func parts(of text: String, written: WrittenEdit? = nil) throws -> EditParts {
    let written = try written ?? editor.write(text)
    return EditParts(
      written, mean: try mean.get().inPlace(of: written), layerCount: editor.layerCount,
      firstBlock: editor.configuration.firstWrittenBlock)
  }

  /// Known texts of the steps of an instruction, those that have most words in common with it.
  func steps(_ parts: [String], of instruction: String) -> [String] {
    parts.map { data.instruction(of: $0, like: instruction) ?? $0 }
  }

  /// Whether `text` is no longer than what the editor reads and a reader says.
  func hasRoom(toSay text: String) -> Bool {
    editor.tokens(of: text).count <= editor.configuration.instructionLimit
      && tokenizer.encode(text, addSpecial: false, parseSpecial: false).count
        < Self.longestSaying
  }
}
