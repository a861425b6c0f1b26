import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// Training with a backbone from files that brings its own tokenizer along.
@Suite struct OwnTokenizerTests {
  private static let folder = OutsideFiles.fixture("editor/own/backbone").path

  /// The tiny model has no tokenizer: any other than the backbone's stands for it.
  private static func processorTokenizer() throws -> Tokenizer {
    try Tokenizer(sentencePieceModel: OutsideFiles.fixture("conversion/whole/tokenizer.model").path)
  }

  private static func editor(_ folder: String, _ tokenizer: Tokenizer) throws -> Editor {
    var options = TrainingOptions()
    options.editor.backbone = .files(folder)
    return try options.editor(
      for: TinyTraining.processor(), identity: TinyTraining.identity(), tokenizer: tokenizer)
  }

  /// The instruction is read by the backbone's tokenizer, all else by the processor's.
  @Test func rowsAreTokenizedByBoth() throws {
    let tokenizer = try Self.processorTokenizer()
    let editor = try Self.editor(Self.folder, tokenizer)
    guard case .gpt2(let gpt2, .own) = editor.configuration.backbone else {
      Issue.record("the backbone is \(editor.configuration.backbone)")
      return
    }
    #expect(gpt2.vocabularySize == 343)
    #expect(editor.configuration.instructionVocabularySize == 343)
    let instructions = editor.instructionTokenizer(processor: tokenizer)
    let row = TrainingRow(
      instruction: "Answer the question.", input: "Who is there?", output: "Me.", file: "", line: 1)
    func tokenized(_ instructions: InstructionTokenizer) throws -> TokenizedExample {
      try TokenizedExamples(
        [row], template: .plain, tokenizer: tokenizer, instructions: instructions,
        limits: .init(sequence: 512, instruction: 128)
      ).examples[0]
    }
    let own = try tokenized(instructions)
    let processors = try tokenized(InstructionTokenizer(processor: tokenizer))
    #expect(own.instruction == instructions.tokens(of: row.instruction))
    #expect(own.instruction != processors.instruction)
    #expect(own.prompt == processors.prompt && own.response == processors.response)
    #expect(own.prompted == processors.prompted)
  }

  /// A vocabulary without all bytes may have no token for an instruction.
  @Test func anInstructionWithoutTokensIsLeftOut() throws {
    let tokenizer = try Self.processorTokenizer()
    let gpt2 = try GPT2Configuration(width: 16, blockCount: 1, headCount: 1, vocabularySize: 2)
    let instructions = try InstructionTokenizer(
      own: Vocabulary(model: .bytePair, pieces: PieceTable(["a"]), types: [.normal]), for: gpt2,
      path: "small")
    let rows = ["a!a", "!"].map {
      TrainingRow(instruction: $0, input: "Who?", output: "Me.", file: "", line: 1)
    }
    let tokenized = try TokenizedExamples(
      rows, template: .plain, tokenizer: tokenizer, instructions: instructions,
      limits: .init(sequence: 512, instruction: 128))
    #expect(tokenized.examples.map(\.instruction) == [[0, 0]])
    #expect(tokenized.problems.count == 1)
    #expect(instructions.empty == [0])
  }

  /// With the processor's own pieces the backbone reads the processor's tokens, which it must embed.
  @Test func processorsVocabularyIsNotTakenAlong() throws {
    let tokenizer = try Tokenizer(vocabulary: Vocabulary(bytePairFolder: Self.folder))
    let error = #expect(throws: EditorTrainingError.self) {
      try Self.editor(Self.folder, tokenizer)
    }
    #expect(error?.description.contains("100 tokens") == true)
  }

  /// A GGUF's vocabulary comes along as a folder's does.
  @Test func ggufBringsItsTokenizer() throws {
    let source = try GGUFFile(path: OutsideFiles.fixture("gpt2/blocks.gguf").path)
    let path = TinyTraining.temporaryPath("backbone.gguf")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let c = try GPT2(source, pool: Pools.all[1]).configuration
    let letters = (0..<26).map { String(UnicodeScalar(UInt8(97 + $0))) }
    var writer = try GGUFWriter(
      path: path,
      metadata: [
        ("general.architecture", .string("gpt2")),
        ("gpt2.context_length", .uint32(UInt32(c.contextLength))),
        ("gpt2.embedding_length", .uint32(UInt32(c.width))),
        ("gpt2.feed_forward_length", .uint32(UInt32(c.innerWidth))),
        ("gpt2.block_count", .uint32(UInt32(c.blockCount))),
        ("gpt2.attention.head_count", .uint32(UInt32(c.headCount))),
        ("gpt2.attention.layer_norm_epsilon", .float32(c.layerNormEpsilon)),
        ("tokenizer.ggml.model", .string("gpt2")),
        ("tokenizer.ggml.tokens", .strings(letters + ["an"])),
        ("tokenizer.ggml.merges", .strings(["a n"])),
      ],
      tensors: source.tensors.map {
        .init(name: $0.name, shape: $0.shape, format: $0.format)
      })
    for tensor in source.tensors {
      try writer.append(RawSpan(_unsafeBytes: source.bytes(of: tensor)))
    }
    try writer.commit()
    let tokenizer = try Self.processorTokenizer()
    let instructions = try Self.editor(path, tokenizer).instructionTokenizer(processor: tokenizer)
    #expect(instructions.isOwn && instructions.tokens(of: "band") == [1, 26, 3])
  }

  @Test func filesWithoutATokenizerMustFit() throws {
    let folder = OutsideFiles.fixture("gpt2/head").path
    let tokenizer = try Self.processorTokenizer()
    let error = #expect(throws: EditorTrainingError.self) { try Self.editor(folder, tokenizer) }
    let text = error?.description ?? ""
    #expect(text.contains("61 tokens") && text.contains("tokenizer.json"), "\(text)")
  }

  /// A training goes on with the tokenizer that it was started with and no other.
  @Test func resumesWithTheSameTokenizer() throws {
    let tokenizer = try Self.processorTokenizer()
    let path = TinyTraining.temporaryPath("training.state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    func trainer(_ editor: Editor) throws -> Trainer {
      try TinyTraining.trainer(TinyTraining.plan, editor: editor)
    }
    let whole = try trainer(Self.editor(Self.folder, tokenizer))
    try whole.run { $0.step < 3 }
    try whole.save(to: path)
    try whole.run { $0.step < 5 }
    let parts = try trainer(Self.editor(Self.folder, tokenizer))
    try parts.resume(from: path)
    try parts.run { $0.step < 5 }
    #expect(TinyTraining.bits(parts.editor) == TinyTraining.bits(whole.editor))

    // The same network with a vocabulary that lacks the last merge.
    let editor = try Self.editor(Self.folder, tokenizer)
    guard case .gpt2(let gpt2, _) = editor.configuration.backbone else { return }
    var vocabulary = try Vocabulary(bytePairFolder: Self.folder)
    vocabulary.merges = PieceTable(
      vocabulary.merges.dropLast().map { String(decoding: $0, as: UTF8.self) })
    let other = try Editor(
      editor.configuration, seed: 1,
      tokenizer: InstructionTokenizer(own: vocabulary, for: gpt2, path: "other"),
      pool: Pools.all[1])
    let stranger = try trainer(other)
    let error = #expect(throws: EditorTrainingError.self) { try stranger.resume(from: path) }
    guard case .startedOtherwise(_, let differences) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(differences.map(\.name) == ["tokenizer"])
  }
}
