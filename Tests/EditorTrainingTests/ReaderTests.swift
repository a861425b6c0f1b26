import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels
import TestSupport
import Testing

/// Processors that learn to say what edits in front ask for.
@Suite struct ReaderTests {
  struct Steps: Decodable {
    struct Example: Decodable {
      let front, prompt, response: [Int]
      let states: Bool
    }
    struct Parameter: Decodable {
      let name: String
      let gradient, length, product: Double
    }
    let examples: [Example]
    let replaced, rank: Int
    let alpha: Float
    let losses: [Double]
    let parameters: [Parameter]
  }

  private static let wanted: Steps = {
    let file = OutsideFiles.fixture("edit-reader/steps.json")
    return try! JSONDecoder().decode(Steps.self, from: Data(contentsOf: file))
  }()

  /// deviation * sin(0.7 i + own), i from 1, as the fixture has them.
  private static func numbers(_ count: Int, _ deviation: Double, _ own: Int) -> [Float] {
    (1...count).map { Float(deviation * sin(0.7 * Double($0) + Double(own))) }
  }

  /// A and B at the start, in the order of their rows.
  private static func start(of name: String, _ count: Int, _ number: Int) -> [Float] {
    numbers(count, name.hasSuffix("A") ? 0.2 : 0.1, number)
  }

  /// The fixture's edits.
  private final class FixtureEdits: ReadEdits {
    let digest: String
    private let width, layers: Int

    init(_ c: ProcessorConfiguration, _ digest: String = "fixture") {
      self.digest = digest
      (width, layers) = (c.hiddenSize, c.layerCount)
    }

    func states(ofRow row: Int) -> [Float]? {
      let example = ReaderTests.wanted.examples[row]
      guard example.states else { return nil }
      return (0..<layers).flatMap {
        ReaderTests.numbers(example.front.count * width, 1.5, 100 + 10 * row + $0)
      }
    }
  }

  private func reader(
    _ processor: Processor, digest: String = "fixture"
  ) throws -> EditReader {
    let wanted = Self.wanted
    let adapters = try LowRankAdapters(
      AdapterConfiguration(
        rank: wanted.rank, alpha: wanted.alpha,
        modules: Set(AdapterConfiguration.Module.allCases),
        depth: processor.configuration.layerCount),
      of: processor.configuration, seed: nil, pool: Pools.one)
    for (number, parameter) in wanted.parameters.enumerated() {
      let count = try adapters.parameters.values(of: parameter.name).count
      try adapters.parameters.setValues(
        of: parameter.name, to: Self.start(of: parameter.name, count, number))
    }
    return EditReader(
      adapters, identity: try TinyTraining.identity(),
      edits: FixtureEdits(processor.configuration, digest))
  }

  private func trainer(
    steps: Int, batch: Int = 3, digest: String = "fixture", pool: ThreadPool = Pools.all[1]
  ) throws -> Trainer {
    let processor = try TinyTraining.processor(pool: pool)
    var plan = TrainingPlan(steps: steps)
    plan.batchSize = batch
    plan.clip = 0
    let examples = Self.examples
    return try Trainer(
      plan, .reader(reader(processor, digest: digest)), processor: processor,
      data: Trainer.Data(
        train: examples, files: examples.map { _ in 0 }, weights: [1],
        firstContent: Self.wanted.replaced))
  }

  private func pass(_ reader: EditReader, _ processor: Processor) throws -> ReaderPass {
    try ReaderPass(
      reader, processor: processor,
      capacity: EditorPass.Capacity(rows: 64, instructionRows: 1, sequences: 3),
      options: ProcessorTape.Options())
  }

  private var batch: TrainingBatch {
    TrainingBatch(Self.examples, firstContent: Self.wanted.replaced)
  }

  private static var examples: [TokenizedExample] {
    wanted.examples.enumerated().map { row, example in
      TokenizedExample(
        row: row, instruction: example.front, prompt: example.prompt, response: example.response,
        prompted: example.prompt)
    }
  }

  private func adapters(_ trainer: Trainer) -> LowRankAdapters? {
    guard case .reader(let reader) = trainer.network else { return nil }
    return reader.adapters
  }

  /// Steps of AdamW against PyTorch (tools/fixtures/make_edit_reader_fixtures.py), whose sums are rounded in another order: losses
  /// within 1e-5 of themselves, gradients within 1e-4, and after six steps of at most 1e-3 for each number lengths within 1e-4.
  @Test func followsPyTorch() throws {
    let wanted = Self.wanted
    let processor = try TinyTraining.processor()
    let pass = try pass(reader(processor), processor)
    let batch = batch
    let sums = try pass.accumulateGradients(
      batch, EditorObjective(), tokenCount: batch.scoredCount, exampleCount: 3)
    #expect(abs(sums.meanCrossEntropy - wanted.losses[0]) <= 1e-5 * wanted.losses[0])
    for parameter in wanted.parameters {
      let length = pass.gradients.floats(of: parameter.name).reduce(0.0) {
        $0 + Double($1) * Double($1)
      }.squareRoot()
      #expect(
        abs(length - parameter.gradient) <= 1e-4 * parameter.gradient,
        "\(parameter.name): \(length), \(parameter.gradient)")
    }
    let trainer = try trainer(steps: wanted.losses.count)
    var losses: [Double] = []
    try trainer.run { report in
      losses.append(report.losses.meanCrossEntropy)
      return true
    }
    #expect(losses.count == wanted.losses.count)
    for (found, expected) in zip(losses, wanted.losses) {
      #expect(abs(found - expected) <= 1e-5 * expected, "\(found), \(expected)")
    }
    let parameters = try #require(adapters(trainer)).parameters
    for (number, parameter) in wanted.parameters.enumerated() {
      let now = try parameters.values(of: parameter.name).map(Double.init)
      let start = Self.start(of: parameter.name, now.count, number)
      let length = now.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let product = zip(now, start).reduce(0) { $0 + $1.0 * Double($1.1) }
      #expect(abs(length - parameter.length) <= 1e-4 * parameter.length, "\(parameter.name)")
      #expect(
        abs(product - parameter.product) <= 1e-4 * parameter.length * parameter.length,
        "\(parameter.name)")
    }
  }

  /// Adapters act on no token of the edit: what these are given there changes no loss, and with B at zero the loss is the
  /// processor's alone, to the bit. Otherwise it is another.
  @Test func adaptersActBehindTheEdit() throws {
    let processor = try TinyTraining.processor()
    let reader = try reader(processor)
    let (batch, pass) = (batch, try pass(reader, processor))
    let alone = try pass.losses(batch, .unread)
    #expect(try pass.losses(batch, .edited) != alone)
    for parameter in Self.wanted.parameters where parameter.name.hasSuffix("B") {
      reader.adapters.parameters.floats(of: parameter.name).update(repeating: 0)
    }
    #expect(try pass.losses(batch, .edited) == alone)
    // Each example has, to the bit, the loss that it has alone.
    for (row, example) in batch.examples.enumerated() {
      let one = TrainingBatch([example], firstContent: batch.firstContent)
      #expect(try pass.losses(one, .unread) == [alone[row]])
    }
  }

  /// Ended after two steps, and gone on with by another trainer of another number of threads: the same bits. Other edits are
  /// another training.
  @Test func goesOnToTheBit() throws {
    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let whole = try trainer(steps: 5, batch: 2)
    try whole.run { _ in true }
    let first = try trainer(steps: 5, batch: 2)
    try first.run { $0.step < 2 }
    try first.save(to: path)
    let second = try trainer(steps: 5, batch: 2, pool: Pools.all[0])
    try second.resume(from: path)
    #expect(second.step == 2)
    try second.run { _ in true }
    let bits = try [whole, second].map { bitPatterns(try #require(adapters($0)).parameters.floats) }
    #expect(bits[0] == bits[1])
    let other = try trainer(steps: 5, batch: 2, digest: "others")
    #expect {
      try other.resume(from: path)
    } throws: { error in
      guard case EditorTrainingError.startedOtherwise(_, let differences) = error else {
        return false
      }
      return differences.map(\.name) == ["edits that are read"]
    }
  }
}
