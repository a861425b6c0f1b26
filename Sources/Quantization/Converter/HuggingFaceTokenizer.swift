import Foundation
import ModelFiles
import Tokenization

/// The tokenizer of a Hugging Face folder: tokenizer.model or tokenizer.json, and what
/// tokenizer_config.json, added_tokens.json, config.json and chat_template.jinja say beside it.
///
/// Source: `_create_vocab_sentencepiece`, `get_vocab_base` and `SpecialVocab` of llama.cpp's
/// converter.
struct HuggingFaceTokenizer {
  private(set) var vocabulary: Vocabulary

  /// `tokenizer` is a file to be used in place of the folder's.
  init(
    folder: String, tokenizer: String?, configuration: HuggingFaceConfiguration,
    vocabularySize: Int
  ) throws(ConversionError) {
    let settings: TokenizerSettings?
    let added: [String: Int]?
    let generation: GenerationSettings?
    do {
      settings = try JSONFile.readIfPresent(
        TokenizerSettings.self, path: folder + "/tokenizer_config.json")
      added = try JSONFile.readIfPresent([String: Int].self, path: folder + "/added_tokens.json")
      generation = try JSONFile.readIfPresent(
        GenerationSettings.self, path: folder + "/generation_config.json")
    } catch { throw .file(error) }
    vocabulary =
      if let tokenizer {
        try Vocabulary(tokenizerFile: tokenizer, vocabularySize: vocabularySize)
      } else {
        try Self.vocabulary(in: folder, vocabularySize: vocabularySize)
      }

    if vocabulary.model == .sentencePiece {
      for (text, id) in (added ?? [:]).sorted(by: { $0.value < $1.value }) {
        add(text, id: id, type: .userDefined, limit: vocabularySize)
      }
      let tokens = (settings?.addedTokensDecoder ?? [:]).compactMap { key, token in
        Int(key).map { ($0, token) }
      }
      for (id, token) in tokens.sorted(by: { $0.0 < $1.0 }) {
        let isControl = token.special == true || TokenizerJSON.looksSpecial(token.content)
        add(token.content, id: id, type: isControl ? .control : .userDefined, limit: vocabularySize)
      }
    }

    setSpecialTokens(settings, configuration)
    addEndTokens((configuration.eosTokenId?.all ?? []) + (generation?.eosTokenId?.all ?? []))
    try setSurroundings(settings, json: tokenizer ?? folder + "/tokenizer.json")
    if vocabulary.model == .sentencePiece, let prefix = settings?.addPrefixSpace {
      vocabulary.addsSpacePrefix = prefix
    }
    vocabulary.chatTemplate =
      try Self.text(folder + "/chat_template.jinja") ?? settings?.chatTemplate?.standard
    vocabulary.otherChatTemplates = settings?.chatTemplate?.others ?? [:]
  }

  /// The folder's own: tokenizer.model, or tokenizer.json where there is none or where it is tiktoken's, which
  /// has no special tokens.
  private static func vocabulary(
    in folder: String, vocabularySize: Int
  ) throws(ConversionError) -> Vocabulary {
    let (model, json) = (folder + "/tokenizer.model", folder + "/tokenizer.json")
    let hasJSON = try exists(json)
    let isTiktoken = hasJSON ? try isTiktoken(model) : false
    if try exists(model), !isTiktoken {
      do throws(ConversionError) {
        return try Vocabulary(tokenizerFile: model, vocabularySize: vocabularySize)
      } catch {
        // A model of another kind, or a stub where the file was not fetched: what is beside it may do.
        guard hasJSON else { throw error }
      }
    }
    guard hasJSON else {
      throw .missingTokenizer(path: folder, wanted: "tokenizer.model or tokenizer.json")
    }
    return try Vocabulary(tokenizerFile: json)
  }

  private static func isTiktoken(_ path: String) throws(ConversionError) -> Bool {
    guard try exists(path) else { return false }
    return try TiktokenFile.isOne(path: path)
  }

  /// Whether BOS and EOS are put around a text: as the post_processor of tokenizer.json has it, where there is
  /// that file, and else as tokenizer_config.json says. Transformers 5 writes `add_bos_token` nowhere, and where
  /// it stands beside a tokenizer.json takes no notice of it.
  private mutating func setSurroundings(
    _ settings: TokenizerSettings?, json path: String
  ) throws(ConversionError) {
    guard path.hasSuffix(".json"), try Self.exists(path) else {
      if let addsBOS = settings?.addBosToken { vocabulary.addsBOS = addsBOS }
      if let addsEOS = settings?.addEosToken { vocabulary.addsEOS = addsEOS }
      return
    }
    let found: TokenizerJSON.Surroundings
    do { found = try TokenizerJSON(path: path).surroundings() } catch {
      throw .tokenizer(.inFile(path, error))
    }
    func token(_ name: String?) -> Int? {
      name.flatMap { name in vocabulary.pieces.firstIndex { $0.elementsEqual(name.utf8) } }
    }
    vocabulary.addsBOS = found.first != nil
    vocabulary.addsEOS = found.last != nil
    vocabulary.bosToken = token(found.first) ?? vocabulary.bosToken
    vocabulary.eosToken = token(found.last) ?? vocabulary.eosToken
  }

  /// Ids that end an answer besides `eosToken`, in the order in which they are named.
  private mutating func addEndTokens(_ ids: [Int]) {
    for id in ids where vocabulary.pieces.indices.contains(id) && id != vocabulary.eosToken {
      if !vocabulary.otherEndTokens.contains(id) { vocabulary.otherEndTokens.append(id) }
    }
  }

  /// A token that was added to a SentencePiece vocabulary. One that is there already keeps its type
  /// and score: so a folder with these files gives what one without them gives.
  private mutating func add(_ text: String, id: Int, type: TokenType, limit: Int) {
    guard id >= 0, id < limit else { return }
    let written = type == .userDefined ? text.replacing("▁", with: " ") : text
    let bytes = Array(written.utf8)
    if id < vocabulary.pieces.count {
      guard !vocabulary.pieces[id].elementsEqual(text.utf8) else { return }
      var pieces = PieceTable()
      for (other, piece) in vocabulary.pieces.enumerated() {
        if other == id { pieces.append(bytes) } else { pieces.append(piece) }
      }
      vocabulary.pieces = pieces
    } else {
      for hole in vocabulary.pieces.count..<id {
        vocabulary.pieces.append("[PAD\(hole)]".utf8)
        vocabulary.types.append(.unused)
        vocabulary.scores.append(-10_000)
      }
      vocabulary.pieces.append(bytes)
      vocabulary.types.append(.unused)
      vocabulary.scores.append(0)
    }
    vocabulary.types[id] = type
    vocabulary.scores[id] = -1000
  }

  /// By name in tokenizer_config.json, else by number in config.json, else as the tokenizer has it.
  private mutating func setSpecialTokens(
    _ settings: TokenizerSettings?, _ configuration: HuggingFaceConfiguration
  ) {
    let count = vocabulary.pieces.count
    func id(_ token: TokenizerSettings.SpecialToken?, _ number: Int?, _ own: Int?) -> Int? {
      if let text = token?.content,
        let found = vocabulary.pieces.firstIndex(where: { $0.elementsEqual(text.utf8) })
      {
        return found
      }
      if let number, (0..<count).contains(number) { return number }
      return own
    }
    vocabulary.bosToken = id(
      settings?.bosToken, configuration.bosTokenId?.first, vocabulary.bosToken)
    vocabulary.eosToken = id(
      settings?.eosToken, configuration.eosTokenId?.first, vocabulary.eosToken)
    vocabulary.unknownToken = id(settings?.unkToken, nil, vocabulary.unknownToken)
    vocabulary.paddingToken = id(
      settings?.padToken, configuration.padTokenId?.first, vocabulary.paddingToken)
  }

  private static func exists(_ path: String) throws(ConversionError) -> Bool {
    do throws(ModelFileError) {
      _ = try MappedFile(path: path)
      return true
    } catch {
      if case .noSuchFile = error { return false }
      throw .file(error)
    }
  }

  private static func text(_ path: String) throws(ConversionError) -> String? {
    guard try exists(path) else { return nil }
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    do { return try TextFile.text(file) } catch { throw .file(error) }
  }
}

/// What tokenizer_config.json says.
struct TokenizerSettings: Decodable {
  /// A token's text, or an object that has it.
  struct SpecialToken: Decodable {
    let content: String

    private enum Key: String, CodingKey { case content }

    init(from decoder: any Decoder) throws {
      if let text = try? decoder.singleValueContainer().decode(String.self) {
        content = text
      } else {
        content = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .content)
      }
    }
  }

  struct AddedToken: Decodable {
    let content: String
    let special: Bool?
  }

  /// One template, or several with names.
  enum Template: Decodable {
    struct Named: Decodable {
      let name: String
      let template: String
    }
    case one(String)
    case several([Named])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .one(text)
      } else {
        self = .several(try container.decode([Named].self))
      }
    }

    /// The template, or the one called "default".
    var standard: String? {
      switch self {
      case .one(let text): text
      case .several(let all): all.first { $0.name == "default" }?.template
      }
    }

    /// Those with other names, which in a GGUF's keys have letters and digits of ASCII, and _ for all else.
    var others: [String: String] {
      guard case .several(let all) = self else { return [:] }
      let named = all.filter { $0.name != "default" && !$0.name.isEmpty }.map { template in
        let name = template.name.unicodeScalars.map { scalar in
          let isPlain = scalar.isASCII && scalar.properties.isXIDContinue
          return isPlain ? String(scalar) : "_"
        }
        return (name.joined(), template.template)
      }
      return Dictionary(named) { first, _ in first }
    }
  }

  let bosToken: SpecialToken?
  let eosToken: SpecialToken?
  let unkToken: SpecialToken?
  let padToken: SpecialToken?
  let addBosToken: Bool?
  let addEosToken: Bool?
  let addPrefixSpace: Bool?
  let addedTokensDecoder: [String: AddedToken]?
  let chatTemplate: Template?
}
