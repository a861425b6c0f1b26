import Foundation
import ModelFiles
import Quantization
import TestSupport
import Tokenization

/// Makes tokenizers of damaged vocabularies, in GGUF files, SentencePiece's and tiktoken's `.model` files and
/// tokenizer.json, and encodes random text with those that are let in.
///
/// An input is the kind of the vocabulary in a byte, its size in four, the vocabulary, and the text. tiktoken's are
/// written to the folder for temporary files, which should be in memory.
struct TokenizerTarget: FuzzTarget {
  static let name = "tokenizer"

  private enum Source {
    case gguf(GGUFPieces)
    case other(Kind, [UInt8])
  }

  private enum Kind: UInt8 {
    case gguf
    case model
    case json
    case tiktoken
  }

  private let corpus: [Source]
  private let mutator: ByteMutator
  private let work = FileManager.default.temporaryDirectory.appending(
    path: "fuzz-" + UUID().uuidString)

  init(corpus files: [CorpusFile]) throws {
    corpus = try files.map {
      if $0.bytes.starts(with: "GGUF".utf8) { return .gguf(try GGUFPieces($0)) }
      let kind: Kind =
        $0.name.hasSuffix(".json")
        ? .json : $0.name.hasSuffix("tiktoken.model") ? .tiktoken : .model
      return .other(kind, $0.bytes)
    }
    mutator = ByteMutator(donors: files.map(\.bytes))
  }

  // MARK: Making inputs

  func input(_ random: inout SplitMix64) -> [UInt8] {
    var vocabulary: [UInt8]
    var places: [Int] = []
    var kind = Kind.gguf
    switch corpus.randomElement(using: &random)! {
    case .other(let other, let bytes) where other != .model:
      (kind, vocabulary) = (other, bytes)
      // What gives the files their form; of JSON the rest of the vocabulary and the merges is long.
      let form = Set("{}[]\",: \n".utf8)
      places = (Array(bytes.indices.prefix(3000)) + bytes.indices.suffix(3000)).filter {
        form.contains(bytes[$0])
      }
    case .other(let other, let bytes):
      (kind, vocabulary) = (other, bytes)
      // Pieces, with their scores and types, begin so; the specifications are at the end.
      places = bytes.indices.filter { bytes[$0] == 0x0A }
      places += bytes.indices.suffix(100)
    case .gguf(var pieces):
      if Int.random(in: 0..<4, using: &random) == 0 { pieces.rearrange(pieces, &random) }
      (vocabulary, places) = pieces.assembled()
    }
    // Most damage is fatal, so a good part is left whole, for the text's sake.
    let changes = Bool.random(using: &random) ? 0 : Int.random(in: 1...3, using: &random)
    for _ in 0..<changes { mutator.mutate(&vocabulary, places: places, &random) }

    let size = UInt32(vocabulary.count)
    let text = String(String.UnicodeScalarView(randomScalars(&random)))
    return [kind.rawValue] + (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
      + vocabulary + text.utf8
  }

  private static let words = [
    " ", "  ", "\n", "\r\n", "\t", "\u{0}", "'s", "'LL", "the", " the", "ing", "Alice", "12", "3.5",
    "\u{E9}", "e\u{301}", "\u{4F60}\u{597D}", "\u{1F999}\u{200D}", "\u{2581}", "\u{10FFFF}", "<s>",
    "</s>",
    "<unk>", "<0x0A>", "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<sep>", "  \n", "\u{3000}",
    "\u{85}",
  ]

  private func randomScalars(_ random: inout SplitMix64) -> [Unicode.Scalar] {
    let longest = Int.random(in: 0..<50, using: &random) == 0 ? 20_000 : 60
    let repeated = Int.random(in: 0..<8, using: &random) == 0
    let count = Int.random(in: 0...longest, using: &random)
    let word = Self.words.randomElement(using: &random)!
    return (0..<count).flatMap { _ -> [Unicode.Scalar] in
      if repeated { return Array(word.unicodeScalars) }
      switch Int.random(in: 0..<4, using: &random) {
      case 0: return [Unicode.Scalar(UInt8.random(in: 0...127, using: &random))]
      case 1:
        let value = UInt32.random(in: 0...0x10FFFF, using: &random)
        return [Unicode.Scalar(value) ?? "\u{FFFD}"]
      default: return Array(Self.words.randomElement(using: &random)!.unicodeScalars)
      }
    }
  }

  // MARK: Running them

  func run(_ input: [UInt8]) -> String {
    guard let kind = input.first.flatMap(Kind.init) else { return "no kind" }
    let size = input[1..<5].reversed().reduce(0) { $0 << 8 | Int($1) }
    let vocabulary = GuardedBytes(Array(input.dropFirst(5).prefix(size)))
    let text = String(decoding: input.dropFirst(5 + size), as: UTF8.self)
    do throws(TokenizationError) {
      guard let tokenizer = try load(kind, vocabulary) else { return "tiktoken refused" }
      check(tokenizer, text)
      if tokenizer.vocabulary.model == .bytePair {
        for name in ["gpt-2", "llama-bpe"] {
          var other = tokenizer.vocabulary
          other.preTokenizer = name
          check(try Tokenizer(vocabulary: other), text)
        }
      }
      return "accepted \(tokenizer.vocabulary.model)"
    } catch {
      return name(of: error)
    }
  }

  private func load(
    _ kind: Kind, _ bytes: GuardedBytes
  ) throws(TokenizationError) -> Tokenizer? {
    switch kind {
    case .gguf: break
    case .model: return try Tokenizer(vocabulary: try Vocabulary(sentencePieceModel: bytes.bytes))
    case .json:
      let file = try TokenizerJSON(bytes: Array(bytes.bytes), path: "tokenizer.json")
      _ = try? file.surroundings()
      return try Tokenizer(vocabulary: try file.vocabulary())
    case .tiktoken:
      let path = work.path + ".model"
      guard (try? Data(bytes.bytes).write(to: URL(fileURLWithPath: path))) != nil else {
        return nil
      }
      do {
        return try Tokenizer(vocabulary: try TiktokenFile(path: path).vocabulary(size: nil))
      } catch {
        precondition(
          !"\(error)".unicodeScalars.contains { $0.value < 32 }, "control character: \(error)")
        return nil
      }
    }
    let metadata: GGUFMetadata
    do throws(ModelFileError) {
      metadata = try GGUFFile(path: "model.gguf") { path throws(ModelFileError) in
        guard path == "model.gguf" else { throw .noSuchFile(path: path) }
        return try MappedFile(path: path, contents: bytes.bytes) { _ = bytes }
      }.metadata
    } catch {
      throw .file(error)
    }
    return try Tokenizer(metadata)
  }

  private func name(of error: TokenizationError) -> String {
    precondition(!error.description.unicodeScalars.contains { $0.value < 32 }, "control character")
    switch error {
    case .inFile(_, let inner): return name(of: inner)
    case .library(_, let message): preconditionFailure("the library refused: \(message)")
    case .file: return "file"
    default: return Mirror(reflecting: error).children.first?.label ?? "\(error)"
    }
  }

  /// What must hold for any vocabulary that was let in, and any text.
  private func check(_ tokenizer: Tokenizer, _ text: String) {
    let vocabulary = 0..<tokenizer.vocabularyCount
    precondition(tokenizer.endOfGenerationTokens.allSatisfy { vocabulary.contains($0) })

    let plain = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    let special = tokenizer.encode(text, addSpecial: true, parseSpecial: true)
    for ids in [plain, special] {
      precondition(ids.allSatisfy { vocabulary.contains($0) }, "an id out of range")
      checkDecoding(tokenizer, ids)
    }
    precondition(
      plain.allSatisfy { tokenizer.type(of: $0) != .control }, "text became a control token")
    if let expected = roundTrip(tokenizer, text) {
      precondition(
        tokenizer.decode(plain).utf8.elementsEqual(expected.utf8), "the text does not come back")
    }
    if let template = try? ChatFamily(of: tokenizer.vocabulary) {
      let ids = template.encode([ChatMessage(.user, text)], with: tokenizer)
      precondition(ids.allSatisfy { vocabulary.contains($0) }, "an id out of range")
    }
  }

  /// Streaming is decoding all bytes at once.
  private func checkDecoding(_ tokenizer: Tokenizer, _ ids: [Int]) {
    var detokenizer = StreamingDetokenizer(tokenizer, special: true, startsText: false)
    var streamed = ""
    for id in ids { streamed += detokenizer.append(id) }
    streamed += detokenizer.finish()
    let whole = String(
      decoding: ids.flatMap { tokenizer.bytes(of: $0, special: true) }, as: UTF8.self)
    precondition(streamed.utf8.elementsEqual(whole.utf8), "streamed text differs")
  }

  /// What decoding `text`'s tokens must give, or nil where the vocabulary does not promise it.
  private func roundTrip(_ tokenizer: Tokenizer, _ text: String) -> String? {
    let vocabulary = tokenizer.vocabulary
    let types = vocabulary.pieces.indices.map { tokenizer.type(of: $0) }
    switch vocabulary.model {
    case .sentencePiece:
      guard types.contains(.byte), !types.contains(.userDefined), !vocabulary.removesExtraSpaces
      else { return nil }
      let scalars = text.unicodeScalars.map { $0 == "\u{2581}" ? " " : $0 }
      return String(String.UnicodeScalarView(scalars))
    case .bytePair:
      // User-defined tokens stand for their text as it is, even where merges form it in the alphabet
      // of bytes; so it must be the same in both.
      for id in vocabulary.pieces.indices where types[id] == .userDefined {
        guard vocabulary.pieces[id].allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
      }
      var bytes = Set<UInt8>()
      for id in vocabulary.pieces.indices where types[id] == .normal {
        let decoded = tokenizer.bytes(of: id)
        if decoded.count == 1, let byte = decoded.first { bytes.insert(byte) }
      }
      return bytes.count == 256 ? text : nil
    }
  }
}
