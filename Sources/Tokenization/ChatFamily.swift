/// A family of chat templates that is built in, by name.
///
/// A family writes what the caller puts in a conversation and nothing else: the default system turns
/// that some models' own templates insert (SmolLM2, Llama 3.1) are left out. Editors are trained with
/// prompts of this form. What a model's own template writes is `ChatTemplate`'s.
public enum ChatFamily: String, Sendable, CaseIterable {
  /// `[INST] <<SYS>>…<</SYS>> … [/INST] … </s>` (Llama 2 Chat).
  case llama2
  /// `[INST] … [/INST]…</s>`, nothing trimmed (Mistral 7B Instruct).
  case mistral
  /// `<|im_start|>user\n…<|im_end|>\n` (SmolLM2, Qwen, OpenHermes).
  case chatml
  /// `<|user|>\n…</s>\n` (Zephyr, TinyLlama Chat).
  case zephyr
  /// `### Instruction:\n…\n\n### Response:\n` (Stanford Alpaca).
  case alpaca
  /// `<|start_header_id|>user<|end_header_id|>\n\n…<|eot_id|>` (Llama 3 Instruct).
  case llama3

  /// All names, for a message.
  static let names = allCases.map(\.rawValue).joined(separator: ", ")

  /// The family of that name.
  public init(name: String) throws(TokenizationError) {
    guard let family = ChatFamily(rawValue: name) else {
      throw .unknownChatTemplate(name: name)
    }
    self = family
  }

  /// The family that a vocabulary's Jinja source belongs to.
  public init(of vocabulary: Vocabulary) throws(TokenizationError) {
    guard let source = vocabulary.chatTemplate else { throw .noChatTemplate }
    try self.init(jinja: source)
  }

  /// The family that `source` belongs to, by its markers. Relatives with the same markers that
  /// are written otherwise (Phi, later ones of Mistral, SmolVLM) are refused rather than confused.
  public init(jinja source: String) throws(TokenizationError) {
    func has(_ marker: String) -> Bool { source.contains(marker) }

    if has("<|im_start|>"), !has("<|im_sep|>"), !has("<end_of_utterance>") {
      self = .chatml
    } else if has("[INST]"), has("<<SYS>>") {
      self = .llama2
    } else if has("[INST]"), !ChatFamily.mistralMarkers.contains(where: has) {
      self = .mistral
    } else if has("<|start_header_id|>"), has("<|end_header_id|>") {
      self = .llama3
    } else if has("<|user|>"), !has("<|end|>"), !has("[gMASK]"),
      has("<|endoftext|>") || ChatFamily.zephyrTurns.contains(where: has)
    {
      self = .zephyr
    } else if has("### Instruction:"), has("### Response:"), !has("<|EOT|>") {
      self = .alpaca
    } else {
      throw .unrecognizedChatTemplate(beginning: String(source.prefix(60)))
    }
  }

  private static let mistralMarkers = [
    "[SYSTEM_PROMPT]", "[AVAILABLE_TOOLS]", "' [INST] ' + system_message",
  ]
  /// Falcon 3 has the same names of turns, but no end of the user's.
  private static let zephyrTurns = ["\n", "\\n"].map {
    "<|user|>\($0)' + message['content'] + eos_token"
  }

  /// Texts that end the assistant's turn where a model writes them out as text.
  public var stopStrings: [String] {
    switch self {
    case .llama2, .mistral: ["[INST]"]
    case .chatml: ["<|im_end|>", "<|im_start|>"]
    case .zephyr: ["<|user|>", "<|system|>"]
    case .alpaca: ["### Instruction:"]
    case .llama3: ["<|eot_id|>", "<|start_header_id|>"]
    }
  }

  /// Whether a conversation begins with BOS even where the vocabulary adds none to plain text.
  var beginsWithBOS: Bool {
    switch self {
    case .llama2, .mistral, .llama3: true
    case .chatml, .zephyr, .alpaca: false
    }
  }
}
