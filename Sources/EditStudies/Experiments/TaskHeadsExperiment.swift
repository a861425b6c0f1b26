import EditEvaluation
import EditorTraining
import Foundation
import LatentEditing

/// Which heads carry tasks: what each says at the last token of prompts that show a task, put into prompts that do not (Todd et
/// al., arXiv 2310.15213; of instructions Davidson et al., arXiv 2505.12075). Nothing of an editor is in it (docs/study.md).
final class TaskHeadsExperiment: StudyExperiment {
  /// How a task is shown.
  enum Showing: String, CaseIterable {
    case fewShot = "few-shot"
    case instruction

    /// In names of figures.
    var name: String { self == .fewShot ? "few_shot" : "instruction" }
  }

  /// Whether the model can do a task.
  struct Gate: KeptUnit {
    /// Parts of prompts whose likeliest next token is right, with examples as they are and with shuffled answers.
    let right, shuffled: Double
  }

  /// What its heads do for one task.
  struct Found: KeptUnit {
    /// Parts of prompts whose likeliest next token is right, with the task shown and not.
    let right, shuffled: Double
    /// The right token's probability, with the task shown and not.
    let shownProbability, probability: Double
    /// What heads say, the mean of each half's prompts, `[2][layers * heads * headSize]` as bytes of f32.
    let means: [Data]
    /// Mean change of the right token's probability, `[2][layers * heads]`, by half.
    let effects: [[Double]]
    /// Lengths of the first token's state, `[points]`.
    let firstLengths: [Double]
  }

  /// Kept rows whose likeliest next token is right, of each half: with nothing added, and by vector and block.
  struct Tried: KeptUnit {
    let plain: [Double]
    /// `[vectors][2][blocks]`; own, of another task, of random heads.
    let vectors: [[[Double]]]
    /// Rows of each half.
    let counts: [Double]
  }

  let material: StudyMaterial
  let tasks: FewShotTasks
  let depth, headCount: Int
  private let size: Int
  static let gatePrompts = 32
  static let leastRight = 0.3
  static let leastOverShuffled = 0.15
  /// Heads of a vector.
  static let best = 10
  private var found: [String: Found] = [:]

  init(_ material: StudyMaterial) throws {
    self.material = material
    tasks = try FewShotTasks(material)
    let c = material.editor.loaded.configuration
    (depth, headCount, size) = (c.layerCount, c.headCount, c.headSize)
  }

  private var options: FunctionVectorOptions { material.configuration.functionVectors }

  var unitCount: Int { 5 * min(options.tasks, tasks.tasks.count) }

  /// Tasks that were tried, and whether the model can do them.
  func tried(_ units: [String: String]) throws -> [(task: Int, gate: Gate)] {
    try tasks.tasks.indices.prefix { units["gate/\($0)"] != nil }.map {
      ($0, try Gate("gate/\($0)", of: units))
    }
  }

  /// Those that it can do.
  func able(_ units: [String: String]) throws -> [Int] {
    try tried(units).filter {
      $0.gate.right >= Self.leastRight
        && $0.gate.right - $0.gate.shuffled >= Self.leastOverShuffled
    }.map(\.task)
  }

  func pending(_ units: [String: String]) throws -> [String] {
    let able = try able(units)
    let next = try tried(units).count
    if able.count < options.tasks, next < tasks.tasks.count { return ["gate/\(next)"] }
    let first = able.flatMap { task in Showing.allCases.map { "\($0.rawValue)/\(task)" } }
      .filter { units[$0] == nil }
    guard first.isEmpty else { return first }
    return able.flatMap { task in Showing.allCases.map { "vector-\($0.rawValue)/\(task)" } }
      .filter { units[$0] == nil }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let task = StudyUnit.number(unit)
    let kind = unit.split(separator: "/")[0]
    if kind == "gate" { return try gate(task).json() }
    if kind.hasPrefix("vector-"), let showing = Showing(rawValue: String(kind.dropFirst(7))) {
      return try vectors(task, showing, units).json()
    }
    guard let showing = Showing(rawValue: String(kind)) else {
      preconditionFailure("there is no unit \(unit)")
    }
    return try heads(task, showing).json()
  }

  private func prompt(
    _ task: Int, _ showing: Showing, _ number: Int, isShown: Bool
  ) throws -> FewShotTasks.Prompt {
    switch showing {
    case .fewShot: tasks.fewShot(task, number, isShuffled: !isShown)
    case .instruction: try tasks.instructed(task, number, isOthers: !isShown)
    }
  }

  private func isRight(_ prompt: FewShotTasks.Prompt) throws -> Bool {
    try material.runs.lastToken(prompt.tokens, target: prompt.target).next.best == prompt.target
  }

  private func gate(_ task: Int) throws -> Gate {
    func right(_ isShown: Bool) throws -> Double {
      let found = try (0..<Self.gatePrompts).filter {
        try isRight(prompt(task, .fewShot, $0, isShown: isShown))
      }
      return Double(found.count) / Double(Self.gatePrompts)
    }
    return Gate(right: try right(true), shuffled: try right(false))
  }

  private func heads(_ task: Int, _ showing: Showing) throws -> Found {
    var sums = [[Double]](
      repeating: [Double](repeating: 0, count: depth * headCount * size), count: 2)
    var counts = [0, 0]
    var (right, shownProbability) = (0, 0.0)
    for number in 0..<options.meanPrompts {
      let prompt = try prompt(task, showing, number, isShown: true)
      let run = try material.runs.lastToken(prompt.tokens, target: prompt.target, heads: true)
      for (i, value) in run.heads.joined().enumerated() { sums[number % 2][i] += Double(value) }
      counts[number % 2] += 1
      if run.next.best == prompt.target { right += 1 }
      shownProbability += run.next.probability / Double(options.meanPrompts)
    }
    let means = zip(sums, counts).map { sum, count in sum.map { Float($0 / Double(count)) } }
    var effects = [[Double]](repeating: [Double](repeating: 0, count: depth * headCount), count: 2)
    counts = [0, 0]
    var (shuffled, probability) = (0, 0.0)
    for number in 0..<options.prompts {
      let prompt = try prompt(task, showing, number, isShown: false)
      let run = try material.runs.lastToken(
        prompt.tokens, target: prompt.target, heads: number == 0)
      if number == 0 { try check(run, prompt, means[0]) }
      let next = try material.runs.changed(
        run, changes(of: means[number % 2]), target: prompt.target)
      for (i, next) in next.enumerated() {
        effects[number % 2][i] += next.probability - run.next.probability
      }
      counts[number % 2] += 1
      probability += run.next.probability / Double(options.prompts)
      if run.next.best == prompt.target { shuffled += 1 }
    }
    let first = try prompt(task, showing, 0, isShown: true)
    return Found(
      right: Double(right) / Double(options.meanPrompts),
      shuffled: Double(shuffled) / Double(options.prompts),
      shownProbability: shownProbability, probability: probability,
      means: means.map { $0.withUnsafeBytes { Data($0) } },
      effects: zip(effects, counts).map { sum, count in sum.map { $0 / Double(count) } },
      firstLengths: try material.runs.firstTokenLengths(first.tokens))
  }

  /// Each head's part of `outputs`, `[layers * heads * headSize]`, in its place, one at a time.
  private func changes(of outputs: [Float]) -> [EditedRuns.LastTokenChange] {
    (0..<depth * headCount).map { index in
      .head(
        layer: index / headCount, number: index % headCount,
        output: Array(outputs[index * size..<(index + 1) * size]))
    }
  }

  /// Rule 9: heads that say what they say change nothing, and the task's means something.
  private func check(
    _ run: EditedRuns.LastTokenRun, _ prompt: FewShotTasks.Prompt, _ means: [Float]
  ) throws {
    let own = try material.runs.changed(
      run, changes(of: run.heads.flatMap { $0 }), target: prompt.target)
    if let other = own.first(where: { $0 != run.next }) {
      throw StudyError.control(
        name: "a head that says what it says changes nothing",
        found: "\(other.probability) in the place of \(run.next.probability)")
    }
    let others = try material.runs.changed(run, changes(of: means), target: prompt.target)
    guard others.contains(where: { $0 != run.next }) else {
      throw StudyError.control(
        name: "heads of other prompts change a prompt", found: "none of \(others.count) did")
    }
  }

  private func unit(_ task: Int, _ showing: Showing, _ units: [String: String]) throws -> Found {
    let name = "\(showing.rawValue)/\(task)"
    if let known = found[name] { return known }
    let unit = try Found(name, of: units)
    found[name] = unit
    return unit
  }

  /// What was found of the tasks that the model can do.
  func found(_ showing: Showing, _ units: [String: String]) throws -> [Found] {
    try able(units).map { try unit($0, showing, units) }
  }

  /// The heads with the largest mean effect over tasks, the largest first.
  func bestHeads(_ found: [Found]) -> [Int] {
    let sums = (0..<depth * headCount).map { head in
      found.reduce(0) { $0 + $1.effects[0][head] + $1.effects[1][head] }
    }
    return Array(sums.indices.sorted { (sums[$1], $0) < (sums[$0], $1) }.prefix(Self.best))
  }

  /// As many heads that are none of these, drawn.
  private func randomHeads(beside best: [Int]) -> [Int] {
    var random = SeededGenerator(material.configuration.seed, 0x4845_4144)
    var others = (0..<depth * headCount).filter { !best.contains($0) }
    random.shuffle(&others)
    return Array(others.prefix(Self.best))
  }

  private func vector(_ found: Found, _ heads: [Int]) -> [Float] {
    let halves = found.means.map { data in
      data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
    let width = headCount * size
    let means = (0..<depth).map { layer in
      (layer * width..<(layer + 1) * width).map { (halves[0][$0] + halves[1][$0]) / 2 }
    }
    return material.runs.written(by: heads.map { ($0 / headCount, $0 % headCount) }, means)
  }

  private func vectors(
    _ task: Int, _ showing: Showing, _ units: [String: String]
  ) throws -> Tried {
    let able = try able(units)
    let all = try found(showing, units)
    let best = bestHeads(all)
    let place = able.firstIndex(of: task) ?? 0
    let vectors = [
      vector(all[place], best), vector(all[(place + 1) % all.count], best),
      vector(all[place], randomHeads(beside: best)),
    ]
    let changes = vectors.flatMap { vector in
      (0..<depth).map { EditedRuns.LastTokenChange.addition(layer: $0, vector: vector) }
    }
    var plain = [0.0, 0.0]
    var counts = [0.0, 0.0]
    var hits = [[[Double]]](
      repeating: [[Double]](repeating: [Double](repeating: 0, count: depth), count: 2),
      count: vectors.count)
    for (number, row) in tasks.tasks[task].kept.enumerated() {
      let half = number % 2
      let prompt = try showing == .fewShot ? tasks.zeroShot(row) : tasks.uninstructed(row)
      let run = try material.runs.lastToken(prompt.tokens, target: prompt.target)
      counts[half] += 1
      if run.next.best == prompt.target { plain[half] += 1 }
      for (i, next) in try material.runs.changed(run, changes, target: prompt.target).enumerated()
      where next.best == prompt.target { hits[i / depth][half][i % depth] += 1 }
    }
    return Tried(plain: plain, vectors: hits, counts: counts)
  }
}
