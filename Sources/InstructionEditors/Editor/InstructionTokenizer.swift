import Crypto
import LanguageModels
import LatentEditing
import ModelFiles
import Tokenization

/// How an instruction becomes the tokens that an editor reads: by the processor's tokenizer, or by one
/// that the editor carries in its file, as a pretrained GPT-2 needs it.
///
///     let instructions = editor.instructionTokenizer(processor: tokenizer)
///     let edit = try editor.edit(instructions.tokens(of: "Answer in Russian."))
///
/// Tokens of instructions come from here and nowhere else; those of prompts and responses are always the
/// processor's.
public struct InstructionTokenizer: Sendable {
  let tokenizer: Tokenizer
  /// The tokenizer.json that the editor's file holds; nil for the processor's tokenizer.
  let json: [UInt8]?

  /// The tensor that holds a tokenizer.json in an editor's file.
  static let tensor = "tokenizer.json"

  /// The processor's tokenizer.
  public init(processor tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    json = nil
  }

  /// A tokenizer of the editor's own, which must be byte-level BPE.
  ///
  /// - Parameters:
  ///   - vocabulary: what it is made of.
  ///   - backbone: the network that reads its tokens, each of which needs a row of the embedding.
  ///   - path: where the vocabulary comes from, for messages.
  /// - Throws: `tokenizer` and `tokenizerTooLarge`.
  public init(
    own vocabulary: Vocabulary, for backbone: GPT2Configuration, path: String
  ) throws(LatentEditingError) {
    let json: [UInt8]
    do { json = try TokenizerJSON.bytes(of: vocabulary) } catch {
      throw .tokenizer(path: path, error)
    }
    // As it will be read, so that an editor in training and the same one from its file agree.
    try self.init(json: json, for: backbone, path: path)
  }

  /// The tokenizer in `json`, the bytes of a tokenizer.json; parameters and errors as above.
  init(
    json: [UInt8], for backbone: GPT2Configuration, path: String
  ) throws(LatentEditingError) {
    do throws(TokenizationError) {
      var vocabulary = try TokenizerJSON(bytes: json, path: Self.tensor).vocabulary()
      guard vocabulary.model == .bytePair else {
        throw .unsupportedSetting(
          field: "the tokenizer's model", found: "SentencePiece", needed: "byte-level BPE")
      }
      vocabulary.addsBOS = false
      vocabulary.findEndOfText()
      tokenizer = try Tokenizer(vocabulary: vocabulary)
    } catch {
      throw .tokenizer(path: path, error)
    }
    self.json = json
    guard tokenizer.vocabularyCount <= backbone.vocabularySize else {
      throw .tokenizerTooLarge(
        path: path, found: tokenizer.vocabularyCount, needed: backbone.vocabularySize)
    }
  }

  /// Whether it is the editor's own.
  public var isOwn: Bool { json != nil }

  /// The SHA-256 of the tokenizer.json of the editor's own; nil for the processor's tokenizer.
  public var digest: String? { json.map { SHA256.hash(data: $0).hexadecimal } }

  /// Tokens in its vocabulary.
  public var vocabularyCount: Int { tokenizer.vocabularyCount }

  /// The instruction as the editor reads it: nothing appended, BOS in front where the processor's tokenizer
  /// adds one. Names of special tokens in it are text.
  public func tokens(of instruction: String) -> [Int] {
    tokenizer.encode(instruction, addSpecial: !isOwn, parseSpecial: false)
  }

  /// An instruction without words: what the tokenizer makes of no text, or where that is nothing, the token
  /// that begins texts (of a tokenizer of the editor's own, `<|endoftext|>`), the one that ends them, or
  /// the first of the vocabulary.
  public var empty: [Int] {
    let ids = tokens(of: "")
    return ids.isEmpty ? [tokenizer.bosToken ?? tokenizer.eosToken ?? 0] : ids
  }
}

extension Editor {
  /// How instructions are to be tokenized for this editor of a processor with the given tokenizer.
  public func instructionTokenizer(processor: Tokenizer) -> InstructionTokenizer {
    ownTokenizer ?? InstructionTokenizer(processor: processor)
  }
}
