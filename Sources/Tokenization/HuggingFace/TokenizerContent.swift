/// What of the file is read by Foundation.
struct TokenizerContent: Decodable {
  struct Model: Decodable {
    let type: String?
    let byteFallback: Bool?
    let unkToken: String?
    let continuingSubwordPrefix: String?
    let endOfWordSuffix: String?
    let ignoreMerges: Bool?
    let dropout: Double?
    let merges: [Merge]?
  }

  /// "left right", or since version 0.20 of the library a pair.
  struct Merge: Decodable {
    let left: String
    let right: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let parts: [String]
      if let text = try? container.decode(String.self) {
        parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      } else {
        parts = try container.decode([String].self)
      }
      guard parts.count == 2 else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "a merge has \(parts.count) parts")
      }
      (left, right) = (parts[0], parts[1])
    }
  }

  struct AddedToken: Decodable {
    let id: Int
    let content: String
    let special: Bool?
    let lstrip: Bool?
    let rstrip: Bool?
    let singleWord: Bool?

    /// Whether what stands beside it decides where it is found, or goes with it.
    var looksBesideItself: Bool { [lstrip, rstrip, singleWord].contains(true) }
  }

  struct Normalizer: Decodable {
    let type: String?
    let normalizers: [Normalizer]?

    /// One after the other; a sequence may have none.
    var steps: [Normalizer] { normalizers.map { $0.flatMap(\.steps) } ?? [self] }
  }

  struct PreTokenizer: Decodable {
    struct Pattern: Decodable {
      let regex: String?
      private enum CodingKeys: String, CodingKey { case regex = "Regex" }
    }

    let type: String
    let pretokenizers: [PreTokenizer]?
    let addPrefixSpace: Bool?
    let prependScheme: String?
    let useRegex: Bool?
    let individualDigits: Bool?
    let pattern: Pattern?
    let behavior: String?
    let invert: Bool?

    /// The entry as a rule has it. Throws where no rule has such a one.
    func step() throws -> Tokenization.PreTokenizer.Step {
      switch type {
      case "Split":
        if let regex = pattern?.regex, behavior == "Isolated", invert != true {
          return .split(regex)
        }
      case "Digits": if individualDigits == true { return .digits }
      case "ByteLevel": if addPrefixSpace != true { return .byteLevel(regex: useRegex ?? true) }
      default: break
      }
      throw TokenizationError.unsupportedTokenizer(reason: "its pre-tokenizer is \(summary)")
    }

    /// For messages: "Split(…)".
    var summary: String {
      pattern?.regex.map { "\(type)(\($0))" } ?? type
    }
  }

  /// What is put around a text.
  struct PostProcessor: Decodable {
    /// A token, or the place of the text.
    struct Part: Decodable {
      struct Token: Decodable { let id: String }
      let token: Token?
      private enum CodingKeys: String, CodingKey { case token = "SpecialToken" }
    }

    /// `["<s>", 1]`
    struct Named: Decodable {
      let text: String

      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        text = try container.decode(String.self)
      }
    }

    let type: String?
    let processors: [PostProcessor]?
    let single: [Part]?
    let cls: Named?
    let sep: Named?
  }

  let model: Model
  let addedTokens: [AddedToken]?
  let normalizer: Normalizer?
  let preTokenizer: PreTokenizer?
  let postProcessor: PostProcessor?
}
