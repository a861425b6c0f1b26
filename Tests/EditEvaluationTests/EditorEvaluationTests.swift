import EditEvaluation
import EditorTraining
import Foundation
import LanguageModels
import LatentEditing
import ModelEvaluation
import ModelFiles
import TensorKernels
import TestSupport
import Testing
import TextGeneration

/// Editors of Tests/Fixtures/editor on the small model of Tests/Fixtures/llama.
@Suite struct EditorEvaluationTests {
  private static let pool = ThreadPool(threads: 2)
  private let processor: Processor
  private let identity: ProcessorIdentity

  init() throws {
    let file = try GGUFFile(path: OutsideFiles.fixture("llama/f32.gguf").path)
    processor = try Processor(file, activations: .f32, pool: Self.pool)
    identity = try ProcessorIdentity(file)
  }

  private func editor(_ name: String) throws -> Editor {
    try Editor(
      path: OutsideFiles.fixture("editor/\(name)/editor.safetensors").path, identity: identity,
      processor: processor, pool: Self.pool)
  }

  /// The text and the instruction that PyTorch had, cut into a prompt and a response.
  private struct Given: Decodable {
    let ids: [Int]
    let instruction: [Int]

    static func read() throws -> Given {
      try JSONDecoder().decode(
        Given.self, from: Data(contentsOf: OutsideFiles.fixture("editor/ids.json")))
    }

    func example(row: Int = 0, prompt: Int, end: Int? = nil) -> HeldOutExample {
      let instruction = row == 0 ? self.instruction : self.instruction.reversed() + [row]
      let read = Array(ids[..<prompt])
      return HeldOutExample(
        example: TokenizedExample(
          row: row, instruction: instruction, prompt: read,
          response: Array(ids[prompt..<(end ?? ids.count)]), prompted: instruction + read),
        otherInstruction: [9, 8, 7, 6], otherPrompted: [9, 8, 7, 6] + read)
    }
  }

  private func data(_ examples: [HeldOutExample], unrelated: [[Int]] = []) -> EditorEvaluation.Data
  {
    EditorEvaluation.Data(
      splits: [HeldOutSplit(name: "unseen", examples: examples)], firstContent: 0,
      emptyInstruction: [1], unrelated: unrelated)
  }

  private func losses(
    _ editor: Editor, _ examples: [HeldOutExample], batchSize: Int = 8, seed: UInt64 = 0
  ) throws -> ConditionLosses {
    var options = EditorEvaluation.Options()
    options.batchSize = batchSize
    options.seed = seed
    let data = data(examples)
    return try EditorEvaluation(editor, processor: processor, data: data, options: options)
      .losses(of: data.splits[0])
  }

  /// Sums of -log p of the response, from the logits that PyTorch gave (tools/witness/editor_reference.py)
  /// with the same editor, whose sites do not depend on where the prompt ends. The logits agree to 4e-5
  /// of the largest (EditorReferenceTests), by which each -log p may be off twice.
  @Test(arguments: ["p0", "p0-plain-shared", "p1", "p2"])
  func editedLossesArePyTorchs(name: String) throws {
    let given = try Given.read()
    let found = try losses(editor(name), [given.example(prompt: 4)]).sums[.edited]![0]

    let file = try SafetensorsFile(
      path: OutsideFiles.fixture("editor/\(name)/logits.safetensors").path
    ).tensors
    let tensor = try file.tensor(named: "logits")
    let logits = try file.floats(of: tensor)
    let width = tensor.shape[1]
    let wanted = (4..<given.ids.count).reduce(0.0) { sum, position in
      let row = logits[(position - 1) * width..<position * width].map(Double.init)
      let total = row.reduce(0) { $0 + exp($1) }
      return sum + log(total) - row[given.ids[position]]
    }
    let largest = Double(logits.map(\.magnitude).max()!)
    let response = Double(given.ids.count - 4)
    #expect(abs(found - wanted) <= 2 * 4e-5 * largest * response)
  }

  /// Every condition is what the path of generation gives for it, one row at a time: for all positions of
  /// sites, and for editors that read the input. Sums over at most 8 tokens of f32 losses of some 5 nat
  /// each, whose exponentials are added in another order: 1e-5 a token.
  @Test(arguments: ["p0", "p1", "p2", "p4", "p5"])
  func conditionsAreWhatGenerationGives(name: String) throws {
    let given = try Given.read()
    let editor = try editor(name)
    let examples = [
      given.example(prompt: 4), given.example(row: 1, prompt: 6),
      given.example(row: 2, prompt: 3, end: 9),
    ]
    let found = try losses(editor, examples, batchSize: 2)
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    func sum(
      _ prompt: [Int], _ response: [Int], instruction: [Int]? = nil
    ) throws -> Double {
      var model: any SequenceModel = state
      if let instruction {
        let edited = try EditedProcessor(
          state, edit: editor.edit(instruction, prompt: prompt, on: state))
        try edited.prepare(Prompt(prompt))
        model = edited
      }
      return try -TokenScores.logProbabilities(
        of: prompt + response, model, vocabularySize: 100
      ).suffix(response.count).reduce(0, +)
    }
    #expect(found.tokenCounts == examples.map(\.example.response.count))
    for (index, held) in examples.enumerated() {
      let e = held.example
      let wanted: [EditCondition: Double] = [
        .ablated: try sum(e.prompt, e.response), .prompted: try sum(e.prompted, e.response),
        .promptedShuffled: try sum(held.otherPrompted, e.response),
        .edited: try sum(e.prompt, e.response, instruction: e.instruction),
        .shuffled: try sum(e.prompt, e.response, instruction: held.otherInstruction),
        .empty: try sum(e.prompt, e.response, instruction: [1]),
      ]
      for (condition, wanted) in wanted {
        let tokens = Double(e.response.count)
        #expect(
          abs(found.sums[condition]![index] - wanted) <= 1e-5 * tokens, "\(condition) of \(index)")
      }
    }
    #expect(found.sums[.edited] != found.sums[.shuffled])
    #expect(found.sums[.edited] != found.sums[.ablated])
  }

  /// The constant is another editor's, with an instruction without words for every row; without such an
  /// editor there is no such condition.
  @Test func constantIsAnotherEditors() throws {
    let given = try Given.read()
    let examples = [given.example(prompt: 4), given.example(row: 1, prompt: 6)]
    let data = data(examples)
    let both = try EditorEvaluation(
      editor("p0"), constant: editor("p2"), processor: processor, data: data
    ).losses(of: data.splits[0]).sums
    #expect(both[.constant] == (try losses(editor("p2"), examples).sums[.empty]))
    #expect(both[.constant] != both[.empty])
    #expect(both[.empty] == (try losses(editor("p0"), examples).sums[.empty]))
    #expect(try losses(editor("p0"), examples).sums[.constant] == nil)

    // One with a tokenizer of its own reads other tokens for no words.
    var others = data
    others.constantInstruction = [7, 3]
    var alone = data
    alone.emptyInstruction = [7, 3]
    let apart = try EditorEvaluation(
      editor("p0"), constant: editor("p2"), processor: processor, data: others
    ).losses(of: data.splits[0]).sums
    let wanted = try EditorEvaluation(editor("p2"), processor: processor, data: alone)
      .losses(of: data.splits[0]).sums
    #expect(apart[.constant] == wanted[.empty] && apart[.constant] != both[.constant])
    #expect(apart[.empty] == both[.empty])
  }

  /// Tuned is the prompt on the changed processor: with new adapters, which change nothing, the prompted
  /// losses to the bit; with others not.
  @Test func tunedIsPrompted() throws {
    let given = try Given.read()
    let examples = [given.example(prompt: 4), given.example(row: 1, prompt: 6)]
    let data = data(examples)
    let adapters = try LowRankAdapters(
      AdapterConfiguration(rank: 2, alpha: 4, modules: [.query, .down], depth: 2),
      of: processor.configuration, seed: 1, pool: Self.pool)
    func sums() throws -> [EditCondition: [Double]] {
      try EditorEvaluation(editor("p0"), tuned: adapters, processor: processor, data: data)
        .losses(of: data.splits[0]).sums
    }
    let new = try sums()
    #expect(new[.tuned] == new[.prompted])
    #expect(new[.tunedShuffled] == new[.promptedShuffled])
    adapters.parameters.initialize(seed: 2, pool: Self.pool) { _ in .normal(deviation: 0.1) }
    let other = try sums()
    #expect(other[.tuned] != new[.tuned] && other[.tunedShuffled] != other[.tuned])
    #expect(other[.prompted] == new[.prompted] && other[.edited] == new[.edited])
  }

  /// Random latents depend on the row and the seed, and neither on the batch nor on the instruction's
  /// direction; each is as long as the one in whose place it is.
  @Test func randomDirections() throws {
    let given = try Given.read()
    let editor = try editor("p0")
    let examples = [given.example(prompt: 4), given.example(row: 1, prompt: 4)]
    let found = try losses(editor, examples).sums[.random]!
    #expect(try losses(editor, examples, batchSize: 1).sums[.random]! == found)
    #expect(try losses(editor, [examples[1]]).sums[.random]! == [found[1]])
    #expect(try losses(editor, examples, seed: 1).sums[.random]! != found)

    let latents: [Float] = (0..<60).map { Float($0 % 7 - 2) }  // [S 2][B 3][P 2][5]
    let random = RandomLatents.replacing(latents, width: 5, slots: 2, rows: [4, 9, 4], seed: 3)
    func vector(_ values: [Float], _ index: Int) -> ArraySlice<Float> {
      values[5 * index..<5 * index + 5]
    }
    func length(_ vector: ArraySlice<Float>) -> Float {
      vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    for index in 0..<12 {
      let wanted = length(vector(latents, index))
      #expect(abs(length(vector(random, index)) - wanted) <= 1e-6 * wanted)
    }
    // Rows 0 and 2 are the same row of the data: the same directions, at every site and slot others.
    for (a, b) in [(0, 4), (1, 5), (6, 10)] {
      let (x, y) = (vector(random, a), vector(random, b))
      let product: Float = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(product - length(x) * length(y)) <= 1e-5 * length(x) * length(y))
    }
    #expect(vector(random, 0) != vector(random, 1) && vector(random, 0) != vector(random, 6))
    let none = RandomLatents.replacing(
      [Float](repeating: 0, count: 10), width: 5, slots: 1, rows: [1, 2], seed: 3)
    #expect(none.allSatisfy { $0 == 0 }, "no latent has no direction")
  }

  /// What asks for nothing is read in the instruction's place, by the editor and in the prompt; where no row has
  /// any, it is not measured.
  @Test func meaninglessInstructions() throws {
    let given = try Given.read()
    let editor = try editor("p0")
    var examples = [given.example(prompt: 4), given.example(row: 1, prompt: 6)]
    #expect(try losses(editor, examples).sums[.nonsense] == nil)
    for index in examples.indices {
      let prompt = examples[index].example.prompt
      examples[index].meaningless = [
        .sentence: .init(instruction: [3, 4], prompted: [3, 4] + prompt),
        .nonsense: .init(instruction: [9, 8, 7, 6], prompted: [9, 8, 7, 6] + prompt),
      ]
    }
    let sums = try losses(editor, examples).sums
    // The same tokens as the other row's instruction.
    #expect(sums[.nonsense] == sums[.shuffled])
    #expect(sums[.promptedNonsense] == sums[.promptedShuffled])
    #expect(sums[.sentence] != sums[.nonsense] && sums[.sentence] != sums[.edited])
    #expect(sums[.promptedSentence] != sums[.prompted])
    let figures = ConditionFigures(ConditionLosses(tokenCounts: [8, 6], sums: sums))
    #expect(figures.differences["instruction_over_nonsense"] == figures.differences["instruction"])
    #expect(figures.instructionEffectOverNonsense != nil)
    for kind in MeaninglessInstruction.allCases {
      #expect(Set(kind.texts).count == kind.texts.count)
    }
  }

  /// The prompt's own change of unrelated text is that of its tokens in front.
  @Test func localityOfThePrompt() throws {
    let given = try Given.read()
    let editor = try editor("p0")
    var data = data(
      [given.example(prompt: 4), given.example(row: 1, prompt: 4)], unrelated: [[5, 6, 7, 8, 9]])
    let opening = [11, 12, 13]
    data.openings = [given.instruction: opening]
    let figures = try EditorEvaluation(editor, processor: processor, data: data).locality()
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    func logits(_ tokens: [Int]) throws -> [[Double]] {
      var result: [[Double]] = []
      state.truncate(to: 0)
      try state.forwardAll(tokens, logitsFrom: 0) { _, logits in
        let values = (0..<logits.count).map { exp(Double(logits[$0])) }
        let total = values.reduce(0, +)
        result.append(values.map { $0 / total })
      }
      return result
    }
    let (p, q) = try (logits([5, 6, 7, 8]), logits(opening + [5, 6, 7, 8]).suffix(4))
    let wanted =
      zip(p, q).reduce(0.0) { sum, pair in
        sum + zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
      } / 4
    #expect(wanted > 0.01)
    let found = try #require(figures.others["prompted"]).value
    #expect(abs(found - wanted) <= 1e-4 * wanted)
    #expect(abs(figures.kl!.value - found - figures.overPrompted!.value) <= 1e-9)
  }

  /// KL(unedited || edited) from the distributions of the path of generation.
  @Test func localityIsTheDivergence() throws {
    let given = try Given.read()
    let editor = try editor("p0")
    let windows = [given.ids, [5, 6, 7, 8, 9]]
    let examples = [given.example(prompt: 4), given.example(row: 1, prompt: 4)]
    let figures = try EditorEvaluation(
      editor, processor: processor, data: data(examples, unrelated: windows)
    ).locality()
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    func distributions(_ window: [Int], _ model: some SequenceModel) throws -> [[Double]] {
      var result: [[Double]] = []
      model.truncate(to: 0)
      try model.forwardAll(window, logitsFrom: 0) { _, logits in
        let values = (0..<logits.count).map { exp(Double(logits[$0])) }
        let total = values.reduce(0, +)
        result.append(values.map { $0 / total })
      }
      return result.dropLast()
    }
    var wanted = 0.0
    for (window, example) in zip(windows, examples) {
      let edited = try EditedProcessor(state, edit: editor.edit(example.example.instruction))
      try edited.prepare(Prompt([window[0]]))
      let q = try distributions(window, edited)
      for (p, q) in zip(try distributions(window, state), q) {
        wanted += zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
      }
    }
    wanted /= Double(windows.reduce(0) { $0 + $1.count - 1 })
    #expect(figures.tokens == 15 && figures.windows == 2 && figures.instructions == 2)
    #expect(wanted > 0.01)
    #expect(abs(figures.kl!.value - wanted) <= 1e-4 * wanted)
  }

  /// Told to stop, it says how far it came.
  @Test func stops() throws {
    let given = try Given.read()
    let data = data([given.example(prompt: 4), given.example(row: 1, prompt: 4)])
    var options = EditorEvaluation.Options()
    options.batchSize = 1
    let evaluation = try EditorEvaluation(
      editor("p0"), processor: processor, data: data, options: options)
    #expect {
      try evaluation.losses(of: data.splits[0]) { _ in false }
    } throws: { error in
      guard case EvaluationError.cancelled(1, 2, "rows") = error else { return false }
      return true
    }
  }
}
