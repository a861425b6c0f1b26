import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import Tokenization

/// A GPT-2 from files, to be an editor's backbone, and the tokenizer it was trained with.
struct BackboneFiles {
  /// The network.
  let model: GPT2
  /// Its own tokenizer; nil where its tokens are the processor's.
  let tokenizer: InstructionTokenizer?

  /// Reads a folder in Hugging Face's layout or a GGUF.
  ///
  /// The tokenizer comes along where its pieces are not the processor's, which must then be byte-level BPE.
  /// Without a tokenizer in the files, or with the processor's, the network must embed as many tokens as
  /// the processor. Throws `EditorTrainingError.option` where it does not, `LanguageModelError`,
  /// `TokenizationError` and `LatentEditingError`.
  init(path: String, processor: Tokenizer, vocabularySize: Int, pool: ThreadPool) throws {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let vocabulary: Vocabulary?
    if exists && isFolder.boolValue {
      model = try GPT2(huggingFaceFolder: path, pool: pool)
      vocabulary = try Self.vocabulary(folder: path)
    } else {
      let file = try GGUFFile(path: path)
      model = try GPT2(file, pool: pool)
      let hasVocabulary = try file.metadata.stringIfPresent("tokenizer.ggml.model") != nil
      vocabulary = hasVocabulary ? try Vocabulary(file.metadata) : nil
    }
    if let vocabulary, !vocabulary.pieces.elementsEqual(processor.vocabulary.pieces) {
      tokenizer = try InstructionTokenizer(
        own: vocabulary, for: model.configuration, path: path)
      return
    }
    tokenizer = nil
    let found = model.configuration.vocabularySize
    guard found == vocabularySize else {
      throw EditorTrainingError.option(
        name: "backbone", found: "\(path) with \(found) tokens and no tokenizer of its own",
        needed: "a GPT-2 that reads the processor's \(vocabularySize) tokens, or one with its "
          + "tokenizer.json, or vocab.json and merges.txt, beside it")
    }
  }

  private static func vocabulary(folder: String) throws(TokenizationError) -> Vocabulary? {
    do {
      return try Vocabulary(bytePairFolder: folder)
    } catch .inFile(_, .noTokenizer) {
      return nil
    }
  }
}
