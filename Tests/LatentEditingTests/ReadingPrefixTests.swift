import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Prefix editors that PyTorch wrote, and what it answers with them (tools/fixtures/make_prefix_fixtures.py).
struct ReadingPrefixTests {
  private static let path = OutsideFiles.fixture("prefix/plain/editor.safetensors").path

  private func editor(_ processor: Processor, short: Bool = false) throws -> Editor {
    try Editor(
      path: short
        ? OutsideFiles.fixture("prefix/short/editor.safetensors").path : Self.path,
      identity: TinyModel.identity(), processor: processor, pool: processor.pool)
  }

  /// A new editor, whose adapters change nothing yet.
  private func newEditor(_ processor: Processor) throws -> Editor {
    let c = processor.configuration
    return try Editor(
      EditorConfiguration(
        interface: .p8, processor: TinyModel.identity(),
        backbone: .processor(
          depth: c.layerCount, width: c.hiddenSize,
          adapters: AdapterConfiguration(
            rank: 3, alpha: 6, modules: [.query, .attentionOutput, .gate, .up, .down],
            depth: c.layerCount)), instructionPlace: .system),
      seed: 1, processor: processor, pool: processor.pool)
  }

  /// Logits after each of `ids`, behind `positions`.
  private func logits(
    _ processor: Processor, _ positions: [PositionKeyValues], _ ids: [Int],
    cacheType: CacheType = .f32
  ) throws -> [[Float]] {
    let state = try ProcessorState(processor, contextLength: 64, cacheType: cacheType)
    for position in positions { try state.append(position) }
    var result: [[Float]] = []
    try state.forwardAll(ids) { _, logits in result.append((0..<logits.count).map { logits[$0] }) }
    return result
  }

  private func bits(_ logits: [[Float]]) -> [[UInt32]] { logits.map { $0.map(\.bitPattern) } }

  /// Both sides compute in f32; the bound is that of EditorReferenceTests, whose chain is as long.
  @Test(
    arguments: [
      ("plain", 1, nil), ("strong", 1.75, nil), ("masked", 0.5, [1]), ("short", 1, nil),
      ("short-strong", 1.75, nil),
    ] as [(String, Float, [Int]?)])
  func matchesPyTorch(name: String, strength: Float, layers: [Int]?) throws {
    let (ids, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let short = name.hasPrefix("short")
    let positions = try editor(processor, short: short).readPrefix(
      instruction, strength: strength, layers: layers.map(LayerSelection.init), on: processor,
      cacheType: .f32)
    #expect(positions.count == (short ? 3 : instruction.count))
    let file = try SafetensorsFile(
      path: OutsideFiles.fixture("prefix/\(name)/logits.safetensors").path)
    let tensor = try file.tensors.tensor(named: "logits")
    let wanted = try file.tensors.floats(of: tensor)
    let width = tensor.shape[1]
    let rows = (0..<tensor.shape[0]).map { Array(wanted[$0 * width..<($0 + 1) * width]) }
    let largest = wanted.map(\.magnitude).max()!
    let found = try logits(processor, positions, ids)
    #expect(largestDifference(found, rows) <= 4e-5 * largest)
    let unedited = try logits(processor, [], ids)
    #expect(largestDifference(unedited, rows) >= 1e-2 * largest)
  }

  /// While the adapters are zero, edited is prompted, to the bit: whatever the cache, the activations, the
  /// instruction set and the number of threads.
  @Test(arguments: CacheType.allCases, ActivationPrecision.allCases)
  func newEditorsPrompt(cacheType: CacheType, activations: ActivationPrecision) throws {
    let (ids, instruction) = try TinyModel.tokens()
    for set in InstructionSet.available {
      for pool in Pools.all {
        let processor = try Processor(
          TinyModel.file(), activations: activations, pool: pool, instructionSet: set)
        let positions = try newEditor(processor).readPrefix(
          instruction, on: processor, cacheType: cacheType)
        let edited = try logits(processor, positions, ids, cacheType: cacheType)
        let prompted = try logits(processor, [], instruction + ids, cacheType: cacheType)
        #expect(bits(edited) == bits(Array(prompted.dropFirst(instruction.count))))
      }
    }
  }

  /// An instruction that is longer than what goes through the model together is read the same.
  @Test func chunksChangeNothing() throws {
    let (_, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor(.int8)
    let adapters = try #require((editor(processor).backbone as? ProcessorBackbone)?.adapters)
    var reference: [PositionKeyValues]?
    for chunk in [1, 2, 5, 64] {
      let state = try ProcessorState(
        processor, contextLength: 64, cacheType: .f16, chunkSize: chunk)
      var states: [Float]? = []
      try state.read(instruction, through: adapters, states: &states)
      let found = instruction.indices.map(state.keyValues)
      if let reference { #expect(found == reference) } else { reference = found }
      #expect(
        states?.count
          == instruction.count * processor.configuration.layerCount
          * processor.configuration.hiddenSize)
    }
  }

  /// Adapters add the same bits whatever the number of threads and however many tokens go through together: tiles that are
  /// full, that are not, and of one token.
  @Test(arguments: ActivationPrecision.allCases) func threadsChangeNothing(
    activations: ActivationPrecision
  ) throws {
    let tokens = (0..<21).map { (7 * $0 + 3) % 96 }
    var reference: [PositionKeyValues]?
    for pool in Pools.all {
      let processor = try Processor(TinyModel.file(), activations: activations, pool: pool)
      let adapters = try #require((editor(processor).backbone as? ProcessorBackbone)?.adapters)
      for chunk in [1, 3, 8, 9, 64] {
        let state = try ProcessorState(
          processor, contextLength: 64, cacheType: .f32, chunkSize: chunk)
        var states: [Float]?
        try state.read(tokens, through: adapters, states: &states)
        let found = tokens.indices.map(state.keyValues)
        if let reference { #expect(found == reference) } else { reference = found }
      }
    }
  }

  /// What `restate` makes of the states that were read is what was there.
  @Test func statesMakeTheKeysAndValues() throws {
    let (_, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor(.int8)
    let editor = try editor(processor)
    let read = try editor.readPrefix(instruction, on: processor, cacheType: .q8_0)
    // Around a mean of zero, twice and then half as strong: exact.
    let mean = editor.heads.parameters.floats(of: "mean")
    for i in mean.indices { mean[i] = 0 }
    let adapters = try #require((editor.backbone as? ProcessorBackbone)?.adapters)
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .q8_0)
    var states: [Float]? = []
    try state.read(instruction, through: adapters, states: &states)
    let width = processor.configuration.hiddenSize
    let all = try #require(states)
    for layer in 0..<processor.configuration.layerCount {
      let first = layer * instruction.count * width
      state.restate(
        Array(all[first..<first + instruction.count * width]), layer: layer, from: 0)
    }
    #expect(instruction.indices.map(state.keyValues) == read)
    // The norm takes a factor of all numbers away, up to its epsilon.
    let stronger = try editor.readPrefix(
      instruction, strength: 2, on: processor, cacheType: .f32)
    let plain = try editor.readPrefix(instruction, on: processor, cacheType: .f32)
    for (a, b) in zip(stronger, plain) {
      #expect(zip(a.keys, b.keys).allSatisfy { abs($0 - $1) <= 0.05 * max(abs($1), 0.1) })
    }
  }

  /// The mean over instructions is that of their states.
  @Test func meanIsThatOfTheStates() throws {
    let (ids, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let editor = try editor(processor)
    try editor.measureMean(over: [instruction, ids], on: processor)
    let adapters = try #require((editor.backbone as? ProcessorBackbone)?.adapters)
    let width = processor.configuration.hiddenSize
    let depth = processor.configuration.layerCount
    var sums = [Double](repeating: 0, count: depth * width)
    for tokens in [instruction, ids] {
      let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
      var states: [Float]? = []
      try state.read(tokens, through: adapters, states: &states)
      for (i, value) in try #require(states).enumerated() {
        sums[i / (tokens.count * width) * width + i % width] += Double(value)
      }
    }
    let count = Double(instruction.count + ids.count)
    let mean = editor.heads.parameters.floats(of: "mean")
    for (i, sum) in sums.enumerated() { #expect(mean[i] == Float(sum / count)) }
  }

  @Test func filesHoldTheEditor() throws {
    let processor = try TinyModel.processor()
    let editor = try editor(processor)
    #expect(editor.configuration.interface == .p8)
    #expect(editor.configuration.instructionPlace == .user)
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    for storage in EditorStorage.allCases {
      try editor.write(to: path, storage: storage)
      let read = try Editor(
        path: path, identity: TinyModel.identity(), processor: processor, pool: processor.pool)
      #expect(read.configuration == editor.configuration)
      guard storage == .f32 else { continue }
      #expect(
        try read.readPrefix([1, 2, 3], on: processor, cacheType: .f32)
          == editor.readPrefix([1, 2, 3], on: processor, cacheType: .f32))
    }
  }

  /// Of the tokens that are read the first and the last few are written; where there are no more, all, to the bit.
  @Test func shortPrefixes() throws {
    let (_, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor(.int8)
    let editor = try editor(processor)
    let whole = try editor.readPrefix(instruction, on: processor, cacheType: .f16)
    for tokens in [1, 3, instruction.count - 2, instruction.count - 1, 100] {
      let short = try editor.shortened(to: tokens, on: processor)
      let written = short.configuration.writtenTokens(of: instruction.count)
      #expect(written.count == min(tokens + 1, instruction.count))
      #expect(written.first == 0 && written.last == instruction.count - 1)
      let positions = try short.readPrefix(instruction, on: processor, cacheType: .f16)
      #expect(positions.count == written.count)
      // The first is where it was; values do not depend on the place, and keys are turned by it.
      #expect(positions[0] == whole[0])
      #expect(positions.map(\.values) == written.map { whole[$0].values })
      if written.count == instruction.count { #expect(positions == whole) }
      let compiled = try CompiledEdit.reading(
        instruction, replacing: [4, 5], with: short, on: processor,
        identity: TinyModel.identity(), cacheType: .f16, label: "")
      #expect(compiled.tokens == written.map { instruction[$0] })
      let path = TinyModel.temporaryPath("short.safetensors")
      defer { try? FileManager.default.removeItem(atPath: path) }
      try short.measureMean(over: [instruction], on: processor)
      try short.write(to: path)
      #expect(try Editor.configuration(path: path) == short.configuration)
    }
  }

  /// A file that says what no prefix editor is.
  @Test(
    arguments: [
      ("\"instruction_place\": \"user\"", "\"instruction_place\": \"here\""),
      ("\"instruction_place\": \"user\", ", ""),
      ("\"layers\": [0, 1]", "\"layers\": [0]"),
      ("\"q_proj\"", "\"k_proj\""),
      ("\"interface\": \"p8\"", "\"interface\": \"p0\""),
      ("\"scale\": \"plain\"", "\"scale\": \"plain\", \"prefix_tokens\": 0"),
    ])
  func lies(found: String, lie: String) throws {
    let path = try TinyModel.lyingCopy(of: Self.path, found, lie)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: LatentEditingError.self) { try Editor.configuration(path: path) }
  }

  /// A compiled prefix says for which prompts it is, and gives what it was made of.
  @Test func compiledPrefixes() throws {
    let (_, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let shape = processor.configuration
    let identity = try TinyModel.identity()
    let compiled = try CompiledEdit.reading(
      instruction, replacing: [4, 5], with: editor(processor), on: processor, identity: identity,
      cacheType: .f16, label: "a test")
    let path = TinyModel.temporaryPath("edit.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try compiled.write(to: path, shape: shape)
    let read = try CompiledEdit(
      path: path, identity: identity, shape: shape, activations: .f32, cacheType: .f16)
    #expect(read == compiled)
    #expect(read.tokens(for: [4, 5, 6]) == instruction + [6])
    #expect(read.promptBeginning == [4, 5])
    #expect(throws: LatentEditingError.self) {
      try CompiledEdit(
        path: path, identity: identity, shape: shape, activations: .f32, cacheType: .f32)
    }
  }

  @Test func tooManyTokensAreRefused() throws {
    let processor = try TinyModel.processor()
    let most = processor.configuration.contextLength
    let editor = try editor(processor)
    #expect(throws: LatentEditingError.self) {
      try editor.readPrefix(
        [Int](repeating: 1, count: most), on: processor, cacheType: .f32)
    }
    #expect(throws: LatentEditingError.self) {
      try editor.readPrefix([], on: processor, cacheType: .f32)
    }
  }
}
