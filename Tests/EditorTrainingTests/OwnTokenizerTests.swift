import EditorTraining
import Foundation
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

  /// With the processor's own pieces the backbone reads the processor's tokens, which it must embed.
  @Test func processorsVocabularyIsNotTakenAlong() throws {
    let tokenizer = try Tokenizer(vocabulary: Vocabulary(bytePairFolder: Self.folder))
    let error = #expect(throws: EditorTrainingError.self) {
      try Self.editor(Self.folder, tokenizer)
    }
    #expect(error?.description.contains("100 tokens") == true)
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
    #expect(throws: EditorTrainingError.otherData) { try stranger.resume(from: path) }
  }
}
