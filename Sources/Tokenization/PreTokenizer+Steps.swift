/// The rules as a tokenizer.json writes them.
extension PreTokenizer {
  /// One entry of `pre_tokenizer`.
  enum Step: Equatable {
    /// Every match of a regular expression is a word, and so is what lies between.
    case split(String)
    /// Every number by itself.
    case digits
    /// Bytes become characters; with `regex` first the words of GPT-2.
    case byteLevel(regex: Bool)
  }

  /// The entries, for the `tokenizers` library. What `tekken` and DeepSeek's do to characters beyond ASCII
  /// differs from llama.cpp in places; the expressions are the models' own.
  var steps: [Step] {
    let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    func marks(_ others: String) -> Step { .split(#"[\p{P}\$\+<=>\^~\|"# + others + "]+") }
    let plain = Step.byteLevel(regex: false)
    return switch self {
    case .gpt2: [.byteLevel(regex: true)]
    case .smollm: [.digits, .byteLevel(regex: true)]
    case .llama3, .llama3Merged: [.split(Self.llama3Pattern("{1,3}")), plain]
    case .qwen2: [.split(Self.llama3Pattern("")), plain]
    case .tekken: [.split(Self.tekkenPattern), plain]
    case .standard:
      [marks(""), .split(gpt2), .split(#"\p{N}+"#), .split("[0-9][0-9][0-9]"), plain]
    case .falcon: [marks("`"), .split(gpt2), .split("[0-9][0-9][0-9]"), plain]
    case .deepseekLLM:
      [
        .split("[\r\n]"), .split(#"\s?["# + ScalarRanges.deepseekLetterClass + "]+"),
        .split(#"\s?["# + ScalarRanges.deepseekMarkClass + "]+"), .split(#"\s+$"#),
        .split(Self.ideographPattern), .digits, plain,
      ]
    case .deepseekCoder:
      [
        .split("[\r\n]"), .split(#"\s?\p{L}+"#), .split(#"\s?\p{P}+"#),
        .split(Self.ideographPattern), .digits, plain,
      ]
    case .deepseekV3:
      [.split(#"\p{N}{1,3}"#), .split(Self.kanaPattern), .split(Self.deepseekV3Pattern), plain]
    }
  }

  private static func llama3Pattern(_ digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }
  private static let tekkenPattern =
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"#
    + #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}|"#
    + #" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let ideographPattern = "[\u{4E00}-\u{9FA5}\u{800}-\u{4E00}\u{AC00}-\u{D7FF}]+"
  private static let kanaPattern =
    "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+"
  private static let deepseekV3Pattern =
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|"##
    + "[^\r\n" + #"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+"# + "[\r\n]*|"
    + #"\s*"# + "[\r\n]+|" + #"\s+(?!\S)|\s+"#

  /// The rule that has exactly those entries. LLaMA 3's two differ in whether words that are tokens are
  /// merged all the same; `ignoresMerges` is what the file says of that, nil where it says nothing.
  init?(steps: [Step], ignoresMerges: Bool?) {
    let fitting = PreTokenizer.allCases.filter { $0.steps == steps }
    guard let first = fitting.first else { return nil }
    // Files from before there was a choice are read as they were meant.
    self = fitting.first { $0.ignoresMerges == ignoresMerges ?? true } ?? first
  }
}
