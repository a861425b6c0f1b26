import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import MessagePassing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Several ranks train as one does: here they are threads, whose messages arrive in any order.
@Suite struct RankTrainingTests {
  /// What is trained.
  enum Network: String, CaseIterable {
    case gpt2
    case lookingAtInput = "editor/p4/editor.safetensors"
    case prefix = "prefix/plain/editor.safetensors"
    case shortPrefix = "prefix/short/editor.safetensors"
    case adapters
    /// The processor's own blocks with adapters, and heads behind them.
    case ownBlocks
  }

  /// What a rank came to.
  struct Outcome: Sendable {
    var bits: [UInt32] = []
    var losses: [Double] = []
    var norms: [Double] = []
    var validation: [ValidationReport] = []
  }

  private static var plan: TrainingPlan { plan(batch: 4) }

  private static func plan(batch: Int) -> TrainingPlan {
    var plan = TinyTraining.plan
    plan.batchSize = batch
    return plan
  }

  /// Nine rows: the last batch of an epoch has one, so that most ranks have none.
  private static func data() throws -> Trainer.Data {
    var data = TinyTraining.randomData()
    data.validation = try TinyTraining.heldOutData().validation
    return data
  }

  private static func trainer(
    _ kind: Network, _ plan: TrainingPlan, _ ranks: Communicator?, data: Trainer.Data? = nil
  ) throws -> Trainer {
    // The threads of a pool wait for the ranks' messages, and so no two ranks can have one pool.
    let pool = ThreadPool(threads: 1 + (ranks?.rank ?? 0) % 2)
    let processor = try TinyTraining.processor(pool: pool)
    let network: TrainedNetwork
    var plan = plan
    switch kind {
    case .gpt2: network = .editor(try TinyTraining.newEditor(pool: pool))
    case .ownBlocks: network = .editor(try TinyTraining.adapterEditor(pool: pool))
    case .adapters:
      plan.objective.regularizers = Regularizers()
      network = .adapters(
        try LowRankAdapters(
          AdapterConfiguration(rank: 4, alpha: 8, modules: [.query, .down], depth: 2),
          of: processor.configuration, seed: 3, pool: pool), identity: try TinyTraining.identity())
    case .lookingAtInput, .prefix, .shortPrefix:
      if kind != .lookingAtInput { plan.objective.regularizers = Regularizers() }
      network = .editor(
        try Editor(
          path: OutsideFiles.fixture(kind.rawValue).path, identity: TinyTraining.identity(),
          processor: processor, pool: pool))
    }
    return try Trainer(
      plan, network, processor: processor, data: data ?? self.data(), ranks: ranks)
  }

  private static func bits(_ trainer: Trainer) -> [UInt32] {
    switch trainer.network {
    case .editor(let editor): TinyTraining.bits(editor)
    case .adapters(let adapters, _): adapters.parameters.floats.map(\.bitPattern)
    case .reader(let reader): reader.adapters.parameters.floats.map(\.bitPattern)
    }
  }

  private static func outcome(
    _ kind: Network, _ plan: TrainingPlan, _ ranks: Communicator?
  ) throws -> Outcome {
    let trainer = try trainer(kind, plan, ranks)
    var outcome = Outcome()
    try trainer.run { report in
      outcome.losses.append(report.losses.meanCrossEntropy)
      outcome.norms.append(report.gradientNorm)
      return true
    }
    outcome.bits = bits(trainer)
    outcome.validation = try trainer.validate()
    return outcome
  }

  /// A rank adds up other rows than one alone does, and sums of sums are rounded otherwise: 1e-6 of each
  /// parameter's gradient.
  @Test(arguments: Network.allCases, [2, 3, 4])
  func gradientsAreThoseOfOne(kind: Network, count: Int) throws {
    let plan = Self.plan(batch: 12)
    let one = try Self.trainer(kind, plan, nil).nextGradients()
    let several = try LocalRanks.run(count, seed: 1) { ranks in
      let gradients = try Self.trainer(kind, plan, ranks).nextGradients()
      return (gradients.loss, gradients.named.map(\.values))
    }
    for (loss, values) in several {
      #expect(abs(loss - one.loss) <= 1e-12 * one.loss)
      for (parameter, found) in zip(one.named, values) {
        let error = agreement(found, parameter.values).error
        #expect(error <= 1e-6, "\(parameter.name)")
      }
    }
  }

  /// The same bits on every rank and in every run; and losses and norms that are those of one.
  @Test(arguments: Network.allCases, [2, 4])
  func theOrderOfMessagesChangesNoBit(kind: Network, count: Int) throws {
    let one = try Self.outcome(kind, Self.plan, nil)
    var first: Outcome?
    for seed in [UInt64(1), 2] {
      for outcome in try LocalRanks.run(
        count, seed: seed, { try Self.outcome(kind, Self.plan, $0) })
      {
        let known = first ?? outcome
        first = known
        #expect(outcome.bits == known.bits)
        #expect(outcome.losses == known.losses && outcome.norms == known.norms)
        #expect(outcome.validation == known.validation)
      }
    }
    let several = try #require(first)
    #expect(several.bits != one.bits || count == 1, "sums of sums are rounded otherwise")
    for (a, b) in zip(several.losses, one.losses) { #expect(abs(a - b) <= 1e-4 * b) }
    #expect(abs(several.norms[0] - one.norms[0]) <= 1e-6 * one.norms[0])
    #expect(several.validation.map(\.tokenCount) == one.validation.map(\.tokenCount))
  }

  /// What is said of the exchange is of all steps, and not of the last one.
  @Test func timesAreOfAllSteps() throws {
    let all = try LocalRanks.run(2, seed: 3) { ranks in
      let trainer = try Self.trainer(.ownBlocks, Self.plan, ranks)
      var times: [[Double]] = []
      try trainer.run { _ in
        let (exchanged, waited) = try #require(trainer.exchangeSeconds)
        times.append([exchanged, waited])
        return true
      }
      return times
    }
    for times in all {
      for (step, next) in zip(times, times.dropFirst()) {
        #expect(next[0] > step[0] && next[1] >= step[1])
      }
    }
  }

  /// Held-out rows are measured by one rank each, to the bits of one that measures them all.
  @Test(arguments: [2, 4]) func validationIsThatOfOne(count: Int) throws {
    let one = try Self.trainer(.prefix, Self.plan, nil).validate()
    let several = try LocalRanks.run(count, seed: 4) {
      try Self.trainer(.prefix, Self.plan, $0).validate()
    }
    #expect(one.count == 1)
    for reports in several { #expect(reports == one) }
    // Where one rank is told to stop, all do.
    let stopped = try LocalRanks.run(count, seed: 4) { ranks in
      try Self.trainer(.prefix, Self.plan, ranks).validate { ranks.rank != 1 }
    }
    for reports in stopped { #expect(reports.isEmpty) }
  }

  /// What several ranks save is what one would: any number goes on with it, and the same number to the bits of
  /// a run that was never interrupted.
  @Test(arguments: [Network.gpt2, .prefix], AdamW.Kind.allCases)
  func statesGoOnWithAnyNumber(kind: Network, moments: AdamW.Kind) throws {
    var plan = Self.plan
    plan.optimizer.kind = moments
    let folder = try TemporaryFolder()
    func path(_ name: String) -> String { folder.url.appending(path: name).path }
    func run(_ count: Int, _ body: @escaping @Sendable (Communicator?) throws -> Outcome) throws
      -> [Outcome]
    {
      count == 1 ? [try body(nil)] : try LocalRanks.run(count, seed: 5) { try body($0) }
    }
    let begun = plan
    for writers in [1, 2, 4] {
      let file = path("\(writers).state")
      let whole = try run(writers) { ranks in
        let trainer = try Self.trainer(kind, begun, ranks)
        try trainer.run { $0.step < 4 }
        try trainer.save(to: file)
        try trainer.run { _ in true }
        return Outcome(bits: Self.bits(trainer))
      }
      let saved = try Data(contentsOf: URL(filePath: file))
      for readers in [1, 2, 4] {
        let copy = path("\(writers)-\(readers).state")
        let resumed = try run(readers) { ranks in
          let trainer = try Self.trainer(kind, begun, ranks)
          #expect(try trainer.resume(from: file) == writers)
          #expect(trainer.step == 4)
          try trainer.save(to: copy)
          try trainer.run { _ in true }
          return Outcome(bits: Self.bits(trainer))
        }
        for outcome in resumed { #expect(outcome.bits == resumed[0].bits) }
        if readers == writers {
          #expect(resumed[0].bits == whole[0].bits)
          #expect(try Data(contentsOf: URL(filePath: copy)) == saved)
        }
        // Weights and moments are the same bytes, whoever has had which part of them.
        let sections = try TrainingStateFile(path: copy).sectionByteCounts
        #expect(try contents(copy, sections) == contents(file, sections))
      }
    }
  }

  private func contents(_ path: String, _ sections: [String: Int]) throws -> [String: [UInt8]] {
    var places: [(name: String, bytes: UnsafeMutableRawBufferPointer)] = []
    defer { for place in places { place.bytes.deallocate() } }
    for (name, count) in sections {
      places.append((name, .allocate(byteCount: max(1, count), alignment: 16)))
      places[places.count - 1].bytes = .init(
        start: places[places.count - 1].bytes.baseAddress, count: count)
    }
    try TrainingStateFile(path: path).read(into: places)
    return Dictionary(uniqueKeysWithValues: places.map { ($0.name, Array($0.bytes)) })
  }

  /// A damaged state is the first rank's to see, and ends all.
  @Test func aBadStateEndsAll() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appending(path: "training.state").path
    try Data("nothing".utf8).write(to: URL(filePath: path))
    let errors = try LocalRanks.run(3) { ranks -> EditorTrainingError? in
      let trainer = try Self.trainer(.gpt2, Self.plan(batch: 3), ranks)
      do throws(EditorTrainingError) { try trainer.resume(from: path) } catch { return error }
      return nil
    }
    #expect(errors[0] == .notTrainingState(path: path))
    #expect(errors[1] == .ranks(.otherRank(0)) && errors[2] == .ranks(.otherRank(0)))
  }

  /// A batch that cannot be shared out, and a rank that would train something else.
  @Test func whatDoesNotFitIsRefused() throws {
    let size = try LocalRanks.run(3) { ranks -> String in
      do { _ = try Self.trainer(.gpt2, Self.plan, ranks) } catch { return "\(error)" }
      return "none"
    }
    for text in size {
      #expect(
        text
          == "batch_size is 4, and must be a multiple of the 3 ranks that train; choose another value"
      )
    }
    let other = try LocalRanks.run(2) { ranks -> EditorTrainingError? in
      var plan = Self.plan
      if ranks.rank == 1 { plan.clip = 3 }
      do { try Self.trainer(.gpt2, plan, ranks).run { _ in false } } catch {
        return error as? EditorTrainingError
      }
      return nil
    }
    for error in other {
      guard case .ranksDiffer(1, "host-1", let differences)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(differences == [TrainingDifference(name: "clip", found: "1.0", given: "3.0")])
    }
  }

  /// A random start that came out otherwise on another system is the first rank's.
  @Test func weightsAreThoseOfTheFirst() throws {
    let bits = try LocalRanks.run(2) { ranks -> [UInt32] in
      let trainer = try Self.trainer(.gpt2, Self.plan, ranks)
      if ranks.rank == 1 { trainer.editor.heads.parameters.floats[0] += 1 }
      try trainer.run { _ in false }
      return Self.bits(trainer)
    }
    #expect(bits[0] == bits[1])
  }

  /// Moments of three parts, each of whole blocks, change what one that has them all changes, to the bit.
  @Test(arguments: AdamW.Kind.allCases) func partsOfTheOptimizerAreTheWhole(kind: AdamW.Kind) throws
  {
    let counts = [65_536 + 4096 + 48, 16, 272]
    let groups = [
      OptimizerGroup(name: "a", learningRate: 1e-2, weightDecay: 0.1),
      OptimizerGroup(name: "b", learningRate: 1e-3),
    ]
    func ranges(_ weights: Weights) -> [OptimizedRange] {
      counts.indices.map { part in
        OptimizedRange(
          parameters: weights.parameters[part], gradients: weights.gradients[part],
          group: part % 2, decays: part == 0)
      }
    }
    func run(_ owned: [[Range<Int>]?]) throws -> [[UInt32]] {
      let weights = Weights(counts)
      let optimizers = try owned.map {
        try AdamW(
          AdamW.Options(kind: kind), groups: groups, ranges: ranges(weights), owned: $0,
          pool: Pools.all[1])
      }
      var generator = SplitMix64(seed: 3)
      for _ in 0..<4 {
        for part in weights.gradients {
          for i in part.indices { part[i] = Float.random(in: -1...1, using: &generator) }
        }
        for optimizer in optimizers { optimizer.step(scale: 1, gradientScale: 0.5) }
      }
      return weights.parameters.map { $0.map(\.bitPattern) }
    }
    let whole = try run([nil])
    // 273 blocks of the first part, one, and two.
    #expect(try run([[0..<3, 272..<274], [3..<272], [274..<276]]) == whole)
  }
}
