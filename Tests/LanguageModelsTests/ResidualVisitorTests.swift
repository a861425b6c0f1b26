import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

@Suite struct ResidualVisitorTests {
  /// Every point of every position once: chunk after chunk, point after point, on the caller's thread.
  @Test(arguments: [1, 3])
  func seesEverythingOnceInOrder(threads: Int) throws {
    let fixture = try LogitsFixture("q8_0")
    let processor = try fixture.processor(.int8, pool: Pools.all[threads - 1])
    let state = try ProcessorState(processor, contextLength: 40, chunkSize: 7)
    let recorder = Recorder()
    _ = try state.forward(Array(fixture.tokens[..<16]), visitor: recorder)
    _ = try state.forward([5], visitor: recorder)
    try state.forwardAll([6, 7], visitor: recorder) { _, _ in }

    let chunks = [(0, 7), (7, 7), (14, 2), (16, 1), (17, 2)]
    let layers = processor.configuration.layerCount
    let wanted = chunks.flatMap { first, count in
      (0...layers).map { Recorder.Visit(point: $0, first: first, count: count, width: 96) }
    }
    #expect(recorder.visits == wanted)
    #expect(recorder.onlyCallersThread)
    #expect(recorder.asked == chunks.flatMap { _ in Array(0...layers) })
  }

  /// Before the first block the stream is the tokens' embeddings, after the last one what the output
  /// norm and matrix make the logits of.
  @Test func firstAndLastLayer() throws {
    let fixture = try LogitsFixture("f32")
    let processor = try fixture.processor(.f32)
    let state = try ProcessorState(processor, contextLength: 40, cacheType: .f32)
    let recorder = Recorder()
    let logits = try state.allLogits(fixture.tokens, visitor: recorder)
    let head = try OutputHead(fixture)
    for (position, token) in fixture.tokens.enumerated() {
      let embedding = head.embedding[token * head.width..<(token + 1) * head.width]
      #expect(recorder.rows[Recorder.Place(point: 0, position: position)]! == Array(embedding))
      let last = recorder.rows[Recorder.Place(point: 2, position: position)]!
      head.expect(
        logits[position * fixture.vocabularySize..<(position + 1) * fixture.vocabularySize],
        of: last)
    }
  }

  /// A vector added after the last block changes that position's logits as the output head says, and
  /// no other's.
  @Test func addingAfterTheLastBlock() throws {
    let fixture = try LogitsFixture("f32")
    let processor = try fixture.processor(.f32)
    func run(_ visitor: Recorder) throws -> [Float] {
      let state = try ProcessorState(processor, contextLength: 40, cacheType: .f32, chunkSize: 16)
      return try state.allLogits(fixture.tokens, visitor: visitor)
    }
    let plain = Recorder()
    let before = try run(plain)
    let edit = Recorder.Place(point: 2, position: 21)
    var random = SplitMix64(seed: 71)
    let vector = (0..<64).map { _ in Float.random(in: -2...2, using: &random) }
    let editor = Recorder(adding: vector, at: edit)
    let after = try run(editor)
    let head = try OutputHead(fixture)
    let width = fixture.vocabularySize
    head.expect(
      after[21 * width..<22 * width], of: zip(plain.rows[edit]!, vector).map { $0 + $1 })
    for position in 0..<40 {
      let range = position * width..<(position + 1) * width
      #expect((before[range] == after[range]) == (position != 21))
    }
  }

  /// An edit before a block reaches its own position and, through attention, all later ones; earlier
  /// ones keep their bits. It does so however the prompt is cut.
  @Test(arguments: [0, 1])
  func addingBeforeABlockReachesLaterPositions(point: Int) throws {
    let fixture = try LogitsFixture("q4_1")
    let processor = try fixture.processor(.int8)
    let vector = (0..<160).map { Float($0 % 7) - 3 }
    func run(_ visitor: Recorder?, chunkSize: Int) throws -> [Float] {
      let state = try ProcessorState(processor, contextLength: 40, chunkSize: chunkSize)
      return try state.allLogits(fixture.tokens, visitor: visitor)
    }
    let before = try run(nil, chunkSize: 40)
    let place = Recorder.Place(point: point, position: 13)
    let after = try run(Recorder(adding: vector, at: place), chunkSize: 40)
    let width = fixture.vocabularySize
    for position in 0..<40 {
      let range = position * width..<(position + 1) * width
      #expect((before[range] == after[range]) == (position < 13), "position \(position)")
    }
    for chunkSize in [1, 5] {
      let other = try run(Recorder(adding: vector, at: place), chunkSize: chunkSize)
      #expect(bitPatterns(other) == bitPatterns(after))
    }
  }

  /// Looking, adding zero, and wanting no point leave every bit as it is.
  @Test func doingNothingChangesNothing() throws {
    let fixture = try LogitsFixture("mixed")
    let processor = try fixture.processor(.int8)
    func run(_ visitor: Recorder?) throws -> [UInt32] {
      let state = try ProcessorState(processor, contextLength: 40, chunkSize: 16)
      return bitPatterns(try state.allLogits(fixture.tokens, visitor: visitor))
    }
    let plain = try run(nil)
    #expect(try run(Recorder()) == plain)
    let zeros = [Float](repeating: 0, count: 256)
    #expect(try run(Recorder(adding: zeros, at: .init(point: 0, position: 3))) == plain)
    let blind = Recorder(layers: [])
    #expect(try run(blind) == plain)
    #expect(blind.visits.isEmpty)
    let partial = Recorder(layers: [1])
    #expect(try run(partial) == plain)
    #expect(partial.visits.map(\.point) == [1, 1, 1])
  }

  /// A pass without a visitor is not visited, whoever visited the one before; nobody is kept alive.
  @Test func visitorIsOfOnePass() throws {
    let fixture = try LogitsFixture("f16")
    let state = try ProcessorState(try fixture.processor(.f32), contextLength: 40)
    var visitor: Recorder? = Recorder()
    weak let kept = visitor
    _ = try state.forward([1], visitor: visitor)
    let visits = try #require(visitor).visits.count
    _ = try state.forward([1])
    #expect(visits > 0 && visitor?.visits.count == visits)
    visitor = nil
    #expect(kept == nil)
  }
}

/// Notes what it sees, and adds a vector at one place when told to.
private final class Recorder: ResidualStreamVisitor {
  struct Visit: Equatable {
    let point: Int
    let first: Int
    let count: Int
    let width: Int
  }
  struct Place: Hashable {
    let point: Int
    let position: Int
  }

  private(set) var visits: [Visit] = []
  private(set) var rows: [Place: [Float]] = [:]
  private(set) var asked: [Int] = []
  private(set) var onlyCallersThread = true
  private let layers: Set<Int>?
  private let edit: (vector: [Float], place: Place)?
  private let caller = pthread_self()

  init(layers: Set<Int>? = nil) {
    self.layers = layers
    edit = nil
  }

  init(adding vector: [Float], at place: Place) {
    layers = nil
    edit = (vector, place)
  }

  func visits(point: Int) -> Bool {
    guard pthread_equal(pthread_self(), caller) != 0 else {
      onlyCallersThread = false
      return true
    }
    asked.append(point)
    return layers?.contains(point) ?? true
  }

  func visit(_ rows: ResidualRows) {
    if pthread_equal(pthread_self(), caller) == 0 { onlyCallersThread = false }
    visits.append(
      Visit(point: rows.point, first: rows.firstPosition, count: rows.count, width: rows.width))
    for row in 0..<rows.count {
      let place = Place(point: rows.point, position: rows.firstPosition + row)
      rows.withRow(row) { stream in
        self.rows[place] = stream.indices.map { stream[$0] }
        guard let edit, edit.place == place else { return }
        for i in stream.indices { stream[i] += edit.vector[i] }
      }
    }
  }
}

/// The output norm and the tied output matrix of the F32 fixture, in Double.
private struct OutputHead {
  let width: Int
  let embedding: [Float]  // [vocabulary][width]
  let norm: [Float]

  init(_ fixture: LogitsFixture) throws {
    func floats(_ name: String) throws -> [Float] {
      let bytes = fixture.file.bytes(of: try fixture.file.tensor(named: name))
      return stride(from: 0, to: bytes.count, by: 4).map {
        bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
      }
    }
    embedding = try floats("token_embd.weight")
    norm = try floats("output_norm.weight")
    width = norm.count
  }

  /// The norm rounds about ten times, the products' chains `width` + 1 times, all relative to the
  /// terms' magnitudes.
  func expect(_ logits: ArraySlice<Float>, of stream: [Float]) {
    let x = stream.map(Double.init)
    let scale = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-5).squareRoot()
    for (id, logit) in logits.enumerated() {
      let terms = (0..<width).map {
        x[$0] * scale * Double(norm[$0]) * Double(embedding[id * width + $0])
      }
      let tolerance = Double(width + 11) * 0x1p-24 * terms.reduce(0) { $0 + abs($1) }
      #expect(abs(Double(logit) - terms.reduce(0, +)) <= tolerance)
    }
  }
}
