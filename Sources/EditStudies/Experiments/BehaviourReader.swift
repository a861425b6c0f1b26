import EditSessions
import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing

/// Which known instruction explains an edit of any origin, by what the model does under it and nothing else (docs/study.md):
///
///     1. KL(p_w || p_y) at the answer's first token, summed over some inputs, for every known instruction y
///     2. of the nearest ones, sum over inputs of log p(a_x | x, edit of y), a_x what the model answers under w
///
/// and the round trip of the one that comes out, on inputs that nothing was chosen by. Beside it what the cosine of
/// values finds, which edits that are made to lie near another text deceive.
final class BehaviourReader {
  /// What is asked what it does: keys and values in front, or a vector at every token.
  enum Subject {
    case edit(CompiledEdit)
    case vector(LatentEdit)
  }

  /// What it says.
  struct Reading: Codable {
    /// The instruction that explains the subject best, and its family.
    let text, family: String
    /// 1 - KL(p_w || p of it) over the mean of that of texts of other families.
    let roundTrip: Double
    /// Families by their best instructions, the best five.
    let families: [String]
    /// The same where the candidates are in the prompt of the unedited model; empty where it was not asked for.
    let prompted: [String]

    /// Whether there is an instruction that explains the subject.
    var isExplained: Bool { roundTrip >= BehaviourReader.leastRoundTrip }
  }

  /// Below it no instruction explains an edit.
  static let leastRoundTrip = 0.3
  /// Inputs that candidates are compared on first, candidates that are left then, and texts of other families.
  private static let firstInputs = 4
  private static let left = 24
  private static let strangers = 12
  private static let answerTokens = 32

  private let material: StudyMaterial
  private let candidates: [CompiledEdit]
  private let neighbourhood: Neighbourhood

  /// Reads and compiles the known instructions. Throws what reading throws, and `MemoryShortage`.
  init(_ material: StudyMaterial) throws {
    self.material = material
    var candidates: [CompiledEdit] = []
    var neighbourhood = Neighbourhood()
    for (number, entry) in material.known.enumerated() {
      let edit = try material.editor.compile(material.editor.write(entry.text))
      if candidates.isEmpty {
        let floats = edit.positions.reduce(0) { $0 + $1.keys.count + $1.values.count }
        try MemoryBudget().adding("known edits", floats * 4 * material.known.count)
          .check(limit: material.memoryLimit)
      }
      candidates.append(edit)
      neighbourhood.append(edit, layers: material.editor.layerCount)
      try material.progress("reading", Double(number + 1) / Double(material.known.count))
    }
    neighbourhood.finish()
    (self.candidates, self.neighbourhood) = (candidates, neighbourhood)
  }

  /// The known instruction whose values are nearest to those of `edit`.
  func nearest(to edit: CompiledEdit) -> (text: String, family: String) {
    let best = neighbourhood.nearest(to: edit)
    return (material.known[best].text, material.known[best].family)
  }

  /// What `subject` does to `inputs`, of which the last third is for the round trip alone; `seed` draws the texts of other
  /// families. Throws what running throws.
  func read(
    _ subject: Subject, inputs: [String], asksPrompted: Bool = false, seed: UInt64
  ) throws -> Reading {
    let rows = try answered(subject, inputs)
    let keptCount = max(1, rows.count / 3)
    let kept = rows.suffix(keptCount)
    let choosing = Array(rows.count > keptCount ? rows.dropLast(keptCount) : rows[...])
    let near = try self.near(subject, choosing.prefix(Self.firstInputs))
    var losses = [Double](repeating: 0, count: near.count)
    var prompted = losses
    for row in choosing {
      try material.progress("explaining", 0)
      let mine = try material.runs.losses(row.tokens, under: near.map { candidates[$0] })
      for (i, loss) in mine.enumerated() { losses[i] += loss }
      for (i, number) in near.enumerated() where asksPrompted {
        let prompt = material.editor.prompted(row.input, material.known[number].text)
        guard prompt.count + row.tokens.response.count <= material.runs.contextLength else {
          prompted[i] = .infinity
          continue
        }
        prompted[i] += try material.runs.losses(
          .init(prompt: prompt, response: row.tokens.response), under: [nil])[0]
      }
    }
    func order(_ losses: [Double]) -> [Int] {
      losses.indices.sorted { (losses[$0], $0) < (losses[$1], $1) }.map { near[$0] }
    }
    let best = order(losses)
    return Reading(
      text: material.known[best[0]].text, family: material.known[best[0]].family,
      roundTrip: try roundTrip(subject, of: best[0], kept, seed), families: families(best),
      prompted: asksPrompted ? families(order(prompted)) : [])
  }

  private typealias Answered = (input: String, tokens: EditedRuns.Row)

  /// What the model answers under `subject`.
  private func answered(_ subject: Subject, _ inputs: [String]) throws -> [Answered] {
    let prompts = inputs.map(material.editor.prompt)
    let answers = try material.runs.answers(
      prompts.map { ($0, edit(of: subject)) }, maximumTokens: Self.answerTokens,
      ends: material.tokenizer.endOfGenerationTokens,
      visitors: visitors(of: subject, prompts.map(\.count)))
    return inputs.indices.map {
      (inputs[$0], EditedRuns.Row(prompt: prompts[$0], response: answers[$0]))
    }
  }

  /// The candidates whose first tokens are most alike, the best first.
  private func near(_ subject: Subject, _ rows: ArraySlice<Answered>) throws -> [Int] {
    var sums = [Double](repeating: 0, count: candidates.count)
    for row in rows {
      try material.progress("explaining", 0)
      let first = EditedRuns.Row(prompt: row.tokens.prompt, response: [row.tokens.response[0]])
      let found = try divergences(subject, first, candidates)
      for (i, divergence) in found.enumerated() { sums[i] += divergence }
    }
    return Array(
      sums.indices.sorted { (sums[$0], $0) < (sums[$1], $1) }.prefix(Self.left))
  }

  private func roundTrip(
    _ subject: Subject, of best: Int, _ rows: ArraySlice<Answered>, _ seed: UInt64
  ) throws -> Double {
    var others = material.known.indices.filter {
      material.known[$0].family != material.known[best].family
    }
    var random = SeededGenerator(seed, 0x5254_5249)
    random.shuffle(&others)
    let strangers = others.prefix(Self.strangers)
    guard !strangers.isEmpty else { return 0 }
    var sums = [Double](repeating: 0, count: 1 + strangers.count)
    for row in rows {
      let found = try divergences(subject, row.tokens, ([best] + strangers).map { candidates[$0] })
      for (i, divergence) in found.enumerated() { sums[i] += divergence }
    }
    let unit = sums.dropFirst().reduce(0, +) / Double(strangers.count)
    return unit > 0 ? 1 - sums[0] / unit : 0
  }

  private func divergences(
    _ subject: Subject, _ row: EditedRuns.Row, _ edits: [CompiledEdit]
  ) throws -> [Double] {
    let p = try material.runs.logProbabilities(
      row, under: edit(of: subject), visitors: visitors(of: subject, [row.prompt.count]))
    return try material.runs.divergences(row, of: p, under: edits)
  }

  private func families(_ order: [Int]) -> [String] {
    var found: [String] = []
    for number in order where found.count < 5 && !found.contains(material.known[number].family) {
      found.append(material.known[number].family)
    }
    return found
  }

  private func edit(of subject: Subject) -> CompiledEdit? {
    if case .edit(let edit) = subject { edit } else { nil }
  }

  private func visitors(
    of subject: Subject, _ lengths: [Int]
  ) throws -> [(any ResidualStreamVisitor)?] {
    guard case .vector(let vector) = subject else { return [] }
    return try lengths.map { try EditInjector(vector, prompt: PromptShape(length: $0)) }
  }
}
