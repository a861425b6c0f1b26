import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TestSupport
import Testing

struct EditTraceTests {
  /// What is recorded at a site is what the formula says: a plain latent of known size.
  @Test func recordsTheAdditions() throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let width = processor.configuration.hiddenSize
    let latent = [Float](repeating: 0.5, count: width)
    let edit = try LatentEdit(
      width: width, layerCount: processor.configuration.layerCount,
      sites: [LatentSite(point: 1, position: .fromStart(2), scale: .plain, gate: 2, latent: latent)]
    )
    let recorder = TraceRecorder(
      layerCount: processor.configuration.layerCount, promptLength: ids.count)
    let state = try ProcessorState(processor, contextLength: 64)
    let injector = try EditInjector(
      edit, prompt: PromptShape(length: ids.count), observer: recorder)
    _ = try state.forward(ids, visitor: injector)
    let site = try #require(recorder.trace.sites.first)
    #expect(recorder.trace.sites.count == 1)
    #expect(site.point == 1 && site.position == 2)
    // Every number of the row is rounded once by the addition.
    let size = Double(width).squareRoot()
    #expect(abs(site.latent - size) <= 1e-6 * (site.state + size))
    let cosine =
      (site.state * site.state + site.result * site.result - site.latent * site.latent)
      / (2 * site.state * site.result)
    #expect(abs(site.cosine - cosine) <= 1e-9)
  }

  @Test func isReadAsItWasWritten() throws {
    var trace = EditTrace(layerCount: 3, promptLength: 2)
    trace.sites = [
      .init(point: 0, position: 0, state: 2, latent: 1, result: 2.5, cosine: 0.75),
      .init(point: 3, position: 1, state: 1, latent: 0.001, result: 1, cosine: 1),
    ]
    trace.tokens = [.init(position: 2, id: 7, divergence: 0.125)]
    let path = TinyModel.temporaryPath("trace.jsonl.zst")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try trace.write(to: path)
    #expect(FileKind(firstBytes: try Data(contentsOf: URL(fileURLWithPath: path))) == .zstd)
    #expect(try EditTrace(path: path) == trace)
    // From after the last block to what goes into the first, and the axis.
    #expect(
      TraceHeatMap(trace, columns: 10).lines() == [
        " 2 | . ", " 1 |   ", " 0 |   ", "in |%  ", "   +---",
      ])
    #expect(TraceHeatMap(trace, columns: 10).svg().contains("<rect"))
  }

  /// A file of version 1, which called the point of a site its layer.
  @Test func readsVersion1() throws {
    let path = TinyModel.temporaryPath("trace.jsonl")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(
      """
      {"trace":{"layers":10,"prompt":1,"version":1}}
      {"site":{"cosine":1,"latent":1,"layer":9,"position":0,"result":2,"state":1}}

      """.utf8
    ).write(to: URL(fileURLWithPath: path))
    let trace = try EditTrace(path: path)
    #expect(trace.sites.map(\.point) == [9])
    #expect(TraceHeatMap(trace, columns: 4).lines()[1] == " 8 |@", "after block 8")
  }

  /// The words of a reading prefix are lines of their own, blocks from left to right; what else acted is the
  /// picture below.
  @Test func wordsAreLines() throws {
    var trace = EditTrace(layerCount: 3, promptLength: 4, words: ["Be\n", " brief"])
    trace.sites = [
      .init(point: 1, position: 0, state: 2, latent: 1, result: 2.5, cosine: 0.75),
      .init(point: 2, position: 1, state: 1, latent: 1, result: 1, cosine: 1),
    ]
    let path = TinyModel.temporaryPath("trace.jsonl.zst")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try trace.write(to: path)
    #expect(try EditTrace(path: path) == trace)
    let words = ["  Be\\n | % ", " brief |  @", "       +---"]
    #expect(TraceHeatMap(trace, columns: 10).lines() == words)
    trace.sites.append(.init(point: 3, position: 2, state: 1, latent: 1, result: 1, cosine: 1))
    let both = TraceHeatMap(trace, columns: 10).lines()
    #expect(both.starts(with: words + [""]) && both.contains(" 2 |  @ "))
  }

  /// The sites of a prefix are, by token and block, the processor's own states beside those that are written.
  @Test func prefixesAreRecorded() throws {
    let (_, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let editor = try Editor(
      path: OutsideFiles.fixture("prefix/plain/editor.safetensors").path,
      identity: TinyModel.identity(), processor: processor, pool: processor.pool)
    let depth = processor.configuration.layerCount
    func sites(_ strength: Float) throws -> [EditTrace.Site] {
      let recorder = TraceRecorder(
        layerCount: depth, promptLength: instruction.count,
        words: instruction.map { "\($0)" })
      let seen = try editor.readPrefix(
        instruction, strength: strength, on: processor, cacheType: .f32, observer: recorder)
      let unseen = try editor.readPrefix(
        instruction, strength: strength, on: processor, cacheType: .f32)
      #expect(seen == unseen)
      return recorder.trace.sites
    }
    // Adapters act from block 0 on: its input is the embedding, which they leave alone.
    let asTrained = try sites(1)
    #expect(asTrained.count == (depth - 1) * instruction.count)
    #expect(asTrained.allSatisfy { $0.point >= 1 && $0.latent > 0 })
    var plain: [Float]? = []
    try ProcessorState(processor, contextLength: 64, cacheType: .f32)
      .read(instruction, through: nil, states: &plain)
    let width = processor.configuration.hiddenSize
    let first = plain!.dropFirst(instruction.count * width).prefix(width)
    let size = first.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let site = try #require(asTrained.first { $0.point == 1 && $0.position == 0 })
    #expect(abs(site.state - size) <= 1e-9 * size)
    let stronger = try sites(2)
    #expect(stronger.count == asTrained.count && stronger.allSatisfy { $0.point >= 1 })
  }

  @Test(arguments: [
    "", "{}\n", "{\"trace\":{\"version\":3,\"layers\":1,\"prompt\":1}}\n",
    "{\"trace\":{\"version\":1,\"layers\":0,\"prompt\":1}}\n",
    "{\"trace\":{\"version\":1,\"layers\":1,\"prompt\":1}}\n{\"trace\":{\"version\":1,\"layers\":1,\"prompt\":1}}\n",
    "{\"trace\":{\"version\":1,\"layers\":1,\"prompt\":1}}\nnonsense\n",
    "{\"trace\":{\"version\":1,\"layers\":1,\"prompt\":1}}\n{\"site\":{\"layer\":2,\"position\":0,\"state\":1,\"latent\":1,\"result\":1,\"cosine\":1}}\n",
    "{\"trace\":{\"version\":1,\"layers\":1,\"prompt\":1}}\n{\"token\":{\"position\":-1,\"id\":1,\"divergence\":0}}\n",
  ])
  func liesAreRefused(text: String) throws {
    let path = TinyModel.temporaryPath("trace.jsonl")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: LatentEditingError.self) { try EditTrace(path: path) }
  }
}
