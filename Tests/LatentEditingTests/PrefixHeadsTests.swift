import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Prefix editors that read with a GPT-2, which PyTorch wrote, and what it answers with them
/// (tools/fixtures/make_prefix_fixtures.py).
struct PrefixHeadsTests {
  private struct Given: Decodable {
    let front: [Int]
    let instruction: [Int]
    let back: [Int]
    let ids: [Int]
  }

  private static func given() throws -> Given {
    try JSONDecoder().decode(
      Given.self, from: Data(contentsOf: OutsideFiles.fixture("prefix/heads.json")))
  }

  /// What is read, with the GPT-2's tokens numbered behind the processor's.
  private static func opening() throws -> [Int] {
    let given = try given()
    let size = try TinyModel.identity().vocabularySize
    return given.front + given.instruction.map { size + $0 } + given.back
  }

  private func editor(_ processor: Processor, _ name: String = "heads") throws -> Editor {
    try Editor(
      path: OutsideFiles.fixture("prefix/\(name)/editor.safetensors").path,
      identity: TinyModel.identity(), processor: processor, pool: processor.pool)
  }

  /// Logits after each of `ids`, behind `positions`.
  private func logits(
    _ processor: Processor, _ positions: [PositionKeyValues], _ ids: [Int]
  ) throws -> [[Float]] {
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    for position in positions { try state.append(position) }
    var result: [[Float]] = []
    try state.forwardAll(ids) { _, logits in result.append((0..<logits.count).map { logits[$0] }) }
    return result
  }

  /// Both sides compute in f32; the bound is that of ReadingPrefixTests, whose chain is as long. The same bits on any
  /// number of threads.
  @Test(
    arguments: [
      ("heads", 1, nil), ("heads-strong", 1.75, nil), ("heads-masked", 0.5, [1]),
      ("heads-short", 1, nil), ("heads-shared", 1, nil),
    ] as [(String, Float, [Int]?)])
  func matchesPyTorch(name: String, strength: Float, layers: [Int]?) throws {
    let given = try Self.given()
    let opening = try Self.opening()
    let hasFile = !["heads-strong", "heads-masked"].contains(name)
    var reference: [PositionKeyValues]?
    for pool in Pools.all {
      let processor = try Processor(TinyModel.file(), activations: .f32, pool: pool)
      let editor = try editor(processor, hasFile ? name : "heads")
      let positions = try editor.readPrefix(
        opening, strength: strength, layers: layers.map(LayerSelection.init), on: processor,
        cacheType: .f32)
      if let reference {
        #expect(positions == reference)
        continue
      }
      reference = positions
      #expect(positions.count == (name == "heads-short" ? 5 : opening.count))
      let file = try SafetensorsFile(
        path: OutsideFiles.fixture("prefix/\(name)/logits.safetensors").path)
      let tensor = try file.tensors.tensor(named: "logits")
      let wanted = try file.tensors.floats(of: tensor)
      let width = tensor.shape[1]
      let rows = (0..<tensor.shape[0]).map { Array(wanted[$0 * width..<($0 + 1) * width]) }
      let largest = wanted.map(\.magnitude).max()!
      let found = try logits(processor, positions, given.ids)
      #expect(largestDifference(found, rows) <= 4e-5 * largest)
      let other = try logits(processor, [], given.front + given.back + given.ids)
      #expect(largestDifference(Array(other.suffix(rows.count)), rows) >= 1e-2 * largest)
    }
  }

  /// The template's tokens are the processor's own: in front of the instruction to the bit what they are without an edit.
  @Test func templatesAreTheProcessors() throws {
    let given = try Self.given()
    let processor = try TinyModel.processor(.int8)
    let positions = try editor(processor).readPrefix(
      Self.opening(), on: processor, cacheType: .f16)
    let state = try ProcessorState(processor, contextLength: 8, cacheType: .f16)
    _ = try state.forward(given.front)
    #expect(Array(positions.prefix(2)) == (0..<2).map(state.keyValues))
  }

  /// What is written as states makes the keys and values that are read, to the bit; and the mean that is measured is that
  /// of the heads' states alone.
  @Test(arguments: ["heads", "heads-short"]) func statesMakeTheKeysAndValues(
    name: String
  ) throws {
    let opening = try Self.opening()
    let processor = try TinyModel.processor(.int8)
    let editor = try editor(processor, name)
    let read = try editor.readPrefix(opening, on: processor, cacheType: .q8_0)
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .q8_0)
    let roles = PrefixFrame([5, 9, 1, 11], [5, 9, 2, 11]).roles(of: opening)
    guard
      case .states(let states, let tokens, let written) = try editor.write(
        opening, roles: roles, on: state)
    else { throw Failure() }
    #expect(
      try Editor.keyValues(of: states, tokens: tokens.count, on: state) == read)
    let own = written.indices.filter { written[$0] == .instruction }
    #expect(own == Array(2..<tokens.count - 1) && written[0] == .front(0))
    #expect(written.last == .back(0))
    try editor.measureMean(over: [opening], on: processor)
    let mean = editor.heads.parameters.floats(of: "mean")
    let width = processor.configuration.hiddenSize
    for layer in 0..<processor.configuration.layerCount {
      for i in [0, 1, width - 1] {
        let sum = own.reduce(0.0) {
          $0 + Double(states[(layer * tokens.count + $1) * width + i])
        }
        #expect(mean[layer * width + i] == Float(sum / Double(own.count)))
      }
    }
  }

  /// The mean edit leaves the template's tokens, and at strength 1 the edit is itself.
  @Test func meanEdits() throws {
    let opening = try Self.opening()
    let processor = try TinyModel.processor()
    let editor = try editor(processor)
    let size = try TinyModel.identity().vocabularySize
    let other = [5, 9] + [3, 1, 4].map { size + $0 } + [11]
    let frame = PrefixFrame(opening, other)
    #expect(frame == PrefixFrame([5, 9, 0, 11], [5, 9, 1, 11]))
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    let mean = try MeanEdit(
      families: ["a", "b"], layerCount: processor.configuration.layerCount,
      firstBlock: editor.configuration.firstWrittenBlock,
      roles: [opening, other].map(frame.roles)
    ) {
      try editor.write(
        [opening, other][$0], roles: frame.roles(of: [opening, other][$0]), on: state)
    }
    let written = try editor.write(opening, roles: frame.roles(of: opening), on: state)
    #expect(try mean.around(written, strength: 1) == written)
    guard case .states(let states, let tokens, _) = try mean.inPlace(of: written),
      case .states(let own, _, _) = written
    else { throw Failure() }
    let width = processor.configuration.hiddenSize
    // The template's are the same in all of them; at the input of block 0 the heads' own are averaged, too.
    #expect(Array(states.prefix(2 * width)) == Array(own.prefix(2 * width)))
    let first = Array(states[2 * width..<3 * width])
    #expect(first != Array(own[2 * width..<3 * width]))
    #expect(first == Array(states[3 * width..<4 * width]) && tokens == opening)
  }

  private struct Failure: Error {}

  @Test func openings() throws {
    let processor = try TinyModel.processor()
    let editor = try editor(processor)
    let c = editor.configuration
    let size = c.processor.vocabularySize
    #expect(c.hasPrefixHeads && c.firstWrittenBlock == 0 && c.instructionPlace == .user)
    let opening = try Self.opening()
    #expect(c.ownRange(of: opening) == 2..<8)
    #expect(c.writtenTokens(of: opening) == Array(opening.indices))
    #expect(c.processorTokens(of: [size + 7, 5, size, 11]) == [5, 5, 5, 11])
    #expect(c.processorTokens(of: [size + 7]) == [0])
    let short = try editor.shortened(to: 2, on: processor)
    #expect(short.configuration.writtenTokens(of: opening) == [0, 1, 6, 7, 8])
    #expect(short.wholePrefix == nil)
    let long = try editor.shortened(to: 50, on: processor)
    #expect(
      try long.readPrefix(opening, on: processor, cacheType: .f16)
        == editor.readPrefix(opening, on: processor, cacheType: .f16))
    // Readers by the processor have no tokens of their own.
    let reader = try Editor.configuration(
      path: OutsideFiles.fixture("prefix/plain/editor.safetensors").path)
    #expect(!reader.hasPrefixHeads && reader.firstWrittenBlock == 1)
    #expect(reader.ownRange(of: opening).isEmpty)
    #expect(reader.processorTokens(of: opening) == opening)
  }

  @Test func filesHoldTheEditor() throws {
    let processor = try TinyModel.processor()
    let editor = try editor(processor)
    let opening = try Self.opening()
    let path = TinyModel.temporaryPath("editor.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    for storage in EditorStorage.allCases {
      try editor.write(to: path, storage: storage)
      let read = try Editor(
        path: path, identity: TinyModel.identity(), processor: processor, pool: processor.pool)
      #expect(read.configuration == editor.configuration)
      guard storage == .f32 else { continue }
      #expect(
        try read.readPrefix(opening, on: processor, cacheType: .f32)
          == editor.readPrefix(opening, on: processor, cacheType: .f32))
    }
    let shape = processor.configuration
    let compiled = try CompiledEdit.reading(
      opening, replacing: [5, 9], with: editor, on: processor, identity: TinyModel.identity(),
      cacheType: .f16, label: "a test")
    // Files, samplers and drafts see tokens that there are.
    #expect(compiled.tokens == [5, 9, 5, 5, 5, 5, 5, 5, 11])
    try compiled.write(to: path, shape: shape)
    #expect(
      try CompiledEdit(
        path: path, identity: TinyModel.identity(), shape: shape, activations: .f32,
        cacheType: .f16) == compiled)
  }

  /// What is seen of the heads' tokens, at their places: the mean, and what is written.
  @Test func observersSeeTheMean() throws {
    let processor = try TinyModel.processor()
    let editor = try editor(processor)
    let opening = try Self.opening()
    let depth = processor.configuration.layerCount
    let recorder = TraceRecorder(layerCount: depth, promptLength: opening.count)
    let seen = try editor.readPrefix(
      opening, on: processor, cacheType: .f32, observer: recorder)
    #expect(try seen == editor.readPrefix(opening, on: processor, cacheType: .f32))
    let sites = recorder.trace.sites
    #expect(sites.count == depth * 6 && Set(sites.map(\.position)) == Set(2..<8))
    let width = processor.configuration.hiddenSize
    let mean = editor.heads.parameters.floats(of: "mean").prefix(width)
    let size = mean.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(abs(sites[0].state - size) <= 1e-9 * size)
  }

  /// New heads write, for every token, the processor's own state of the last token of an opening, whose length its norm
  /// takes away: keys and values are those of that token, turned to their places.
  @Test(arguments: ["per-layer", "rank-2", "shared"]) func beginsAsTheLastToken(
    heads: String
  ) throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let c = processor.configuration
    let editor = try Editor(
      EditorConfiguration(
        interface: .p8, processor: TinyModel.identity(),
        backbone: .gpt2(
          GPT2Configuration(
            width: 16, blockCount: 2, headCount: 2, vocabularySize: c.vocabularySize,
            source: "test"), tokenizer: .processor), heads: #require(HeadKind(heads))),
      seed: 1, processor: processor, pool: processor.pool)
    try editor.startAsLast(of: ids, on: processor)
    var read: [Float]? = []
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    try state.read(ids, through: nil, states: &read)
    let last = state.keyValues(at: ids.count - 1)
    var wanted = (0..<c.layerCount).map { layer in
      let start = (layer * ids.count + ids.count - 1) * c.hiddenSize
      let row = read![start..<start + c.hiddenSize]
      let length = (row.reduce(0) { $0 + $1 * $1 } / Float(c.hiddenSize)).squareRoot()
      return row.map { $0 / length }
    }
    if heads == "shared" {
      let mean = wanted[0].indices.map { i in
        wanted.reduce(0) { $0 + $1[i] } / Float(c.layerCount)
      }
      wanted = wanted.map { _ in mean }
    }
    let opening = try Self.opening()
    guard
      case .states(let states, _, _) = try editor.write(
        opening, roles: opening.map { _ in .instruction }, on: state)
    else { throw Failure() }
    for layer in 0..<c.layerCount {
      for token in 2..<8 {
        for i in 0..<c.hiddenSize {
          let found = states[(layer * opening.count + token) * c.hiddenSize + i]
          #expect(abs(found - wanted[layer][i]) <= 1e-5 * max(1, abs(found)))
        }
      }
    }
    guard heads != "shared" else { return }
    for position in try editor.readPrefix(opening, on: processor, cacheType: .f32)[2..<8] {
      for (found, wanted) in zip(position.values, last.values) {
        #expect(abs(found - wanted) <= 1e-4 * max(1, abs(wanted)))
      }
    }
  }

  /// Blueprints that are no such editor, and openings that cannot be read.
  @Test(
    arguments: [
      ("\"instruction_place\": \"user\", ", ""), ("\"layers\": [0, 1]", "\"layers\": [1]"),
      ("\"interface\": \"p8\"", "\"interface\": \"p0\""),
      ("\"scale\": \"plain\"", "\"scale\": \"plain\", \"prefix_tokens\": 0"),
      ("\"heads\": \"per-layer\"", "\"heads\": \"rank-2\""),
    ])
  func lies(found: String, lie: String) throws {
    let processor = try TinyModel.processor()
    let path = try TinyModel.lyingCopy(
      of: OutsideFiles.fixture("prefix/heads/editor.safetensors").path, found, lie)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: LatentEditingError.self) {
      try Editor(
        path: path, identity: TinyModel.identity(), processor: processor, pool: processor.pool)
    }
  }

  @Test func tooManyTokensAreRefused() throws {
    let processor = try TinyModel.processor()
    let editor = try editor(processor)
    let size = editor.configuration.processor.vocabularySize
    // More than the GPT-2 reads, more than the processor has room for, and a token that there is not.
    let most = processor.configuration.contextLength
    for opening in [
      [5] + [Int](repeating: size, count: 129), [Int](repeating: 5, count: most) + [size],
      [5, 2 * size],
    ] {
      #expect(throws: LatentEditingError.self) {
        _ = try editor.readPrefix(opening, on: processor, cacheType: .f32)
      }
    }
  }
}
