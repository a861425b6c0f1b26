import ModelFiles
import PlainText

/// What is wrong with a tokenizer's data, or with the name of a template.
public indirect enum TokenizationError: Error, Equatable, Sendable {
  /// Any of the others, with the file it was found in.
  case inFile(String, TokenizationError)
  /// The file itself cannot be read, or lacks a key.
  case file(ModelFileError)
  case malformedModelFile(offset: Int, reason: String)
  case countMismatch(field: String, found: Int, needed: Int)

  case unsupportedModel(name: String)
  case unsupportedPreTokenizer(name: String?)
  /// A tokenizer.json that asks for what is not computed here.
  case unsupportedTokenizer(reason: String)
  case unsupportedSetting(field: String, found: String, needed: String)

  /// An id that is negative, or so large that it cannot be one of so few tokens.
  case unusableID(piece: String, found: Int, limit: Int)
  /// Two pieces with one id.
  case duplicateID(id: Int, first: String, second: String)
  /// A folder without any of the files that could hold a tokenizer.
  case noTokenizer(wanted: String)
  case tooFewTokens(found: Int)
  case tooManyTokens(found: Int, limit: Int)
  case emptyPiece(id: Int)
  case pieceTooLong(id: Int, bytes: Int, limit: Int)
  case pieceNotUTF8(id: Int)
  case zeroInPiece(id: Int)
  case duplicatePiece(String, first: Int, second: Int)
  case unknownTokenType(id: Int, found: Int)
  case unusableScore(id: Int, found: Float)
  case invalidByteToken(id: Int, piece: String)
  case incompleteByteTokens(found: Int)
  case severalUnknownTokens(first: Int, second: Int)
  case noUnknownToken
  case tokenOutOfRange(field: String, found: Int, count: Int)
  case missingSpecialToken(flag: String, field: String)
  case malformedMerge(index: Int, text: String)
  case tooManyMerges(found: Int, limit: Int)
  /// A merge of what has no token, which a tokenizer.json cannot express.
  case mergeWithoutToken(index: Int, text: String)
  /// libsentencepiece refused what had passed every check here.
  case library(status: Int, message: String)

  case unknownChatTemplate(name: String)
  case unrecognizedChatTemplate(beginning: String)
  case noChatTemplate
  /// A model's own template that cannot be read or evaluated.
  case chatTemplate(JinjaError)
  /// What the system says has no place in the model's own template.
  case systemTextLost
}

extension TokenizationError: CustomStringConvertible {
  /// One sentence: what was found, and what is needed; control characters of names in files are escaped.
  public var description: String { displayed(sentence, limit: 16_384) }

  private var sentence: String {
    switch self {
    case .inFile(let file, let error):
      "\(file): \(error)"
    case .file(let error):
      "\(error)"
    case .malformedModelFile(let offset, let reason):
      "not a SentencePiece model: \(reason) at byte \(offset); fetch the file again."
    case .countMismatch(let field, let found, let needed):
      "\(field) has \(found) entries; there are \(needed) tokens."
    case .unsupportedModel(let name):
      "tokenizer model \"\(name)\" is not supported; supported are \"llama\" (SentencePiece BPE) and "
        + "\"gpt2\" (byte-level BPE)."
    case .unsupportedPreTokenizer(let name):
      "pre-tokenizer \(name.map { "\"\($0)\"" } ?? "(none)") is not supported; supported are "
        + PreTokenizer.supportedNames.map { "\"\($0)\"" }.joined(separator: ", ") + "."
    case .unsupportedTokenizer(let reason):
      "\(reason)."
    case .unsupportedSetting(let field, let found, let needed):
      "\(field) is \(found); only \(needed) is supported."
    case .unusableID(let piece, let found, let limit):
      "the id of \(quoted(piece)) is \(found); it must be from 0 to below \(limit), for so few tokens."
    case .duplicateID(let id, let first, let second):
      "\(quoted(first)) and \(quoted(second)) both have the id \(id)."
    case .noTokenizer(let wanted):
      "there is no tokenizer; one of these is needed: \(wanted)."
    case .tooFewTokens(let found):
      "the vocabulary has \(found) tokens; it needs at least one."
    case .tooManyTokens(let found, let limit):
      "the vocabulary has \(found) tokens; at most \(limit) are supported."
    case .emptyPiece(let id):
      "token \(id) is empty; every token needs a text of its own."
    case .pieceTooLong(let id, let bytes, let limit):
      "token \(id) has \(bytes) bytes; at most \(limit) are supported."
    case .pieceNotUTF8(let id):
      "the text of token \(id) is not valid UTF-8."
    case .zeroInPiece(let id):
      "the text of token \(id) contains a zero byte."
    case .duplicatePiece(let piece, let first, let second):
      "tokens \(first) and \(second) have the same text \(quoted(piece))."
    case .unknownTokenType(let id, let found):
      "token \(id) has type \(found); types go from 1 to 6."
    case .unusableScore(let id, let found):
      "token \(id) has score \(found); scores must be finite."
    case .invalidByteToken(let id, let piece):
      "byte token \(id) is written \(quoted(piece)); byte tokens go from \"<0x00>\" to \"<0xFF>\"."
    case .incompleteByteTokens(let found):
      "the vocabulary has \(found) of the 256 byte tokens; it needs all or none."
    case .severalUnknownTokens(let first, let second):
      "tokens \(first) and \(second) are both of type unknown; there can be one."
    case .noUnknownToken:
      "no token is of type unknown and none is named as such; text no piece covers needs one."
    case .tokenOutOfRange(let field, let found, let count):
      "\(field) is \(found); the vocabulary has \(count) tokens."
    case .missingSpecialToken(let flag, let field):
      "\(flag) is true but \(field) is not set."
    case .malformedMerge(let index, let text):
      "merge \(index) is \(quoted(text)); it must be two pieces with one space between."
    case .tooManyMerges(let found, let limit):
      "the vocabulary has \(found) merges; at most \(limit) are supported."
    case .mergeWithoutToken(let index, let text):
      "merge \(index), \(quoted(text)), is of what is no token; a tokenizer.json needs one for both "
        + "pieces and what they become."
    case .library(let status, let message):
      "libsentencepiece refuses the vocabulary with status \(status): \(message)"
    case .unknownChatTemplate(let name):
      "there is no chat template \(quoted(name)); there are \(ChatFamily.names)."
    case .unrecognizedChatTemplate(let beginning):
      "the model's chat template (\(quoted(beginning))...) is none of those known; name the nearest "
        + "of \(ChatFamily.names)."
    case .noChatTemplate:
      "the model has no chat template; name one of \(ChatFamily.names)."
    case .chatTemplate(let error) where error.kind == .refused:
      "the model's chat template refuses this conversation: \(quoted(error.reason)); say it otherwise, "
        + "or choose a built-in template of \(ChatFamily.names)."
    case .chatTemplate(let error):
      "the model's chat template cannot be \(error.kind == .syntax ? "read" : "evaluated"), \(error); "
        + "choose a built-in template of \(ChatFamily.names)."
    case .systemTextLost:
      "the model's chat template has no place for a system text; say it in the first question, or choose "
        + "a built-in template of \(ChatFamily.names)."
    }
  }

}

/// Text from a file, shortened and without control characters, for a message.
private func quoted(_ text: String) -> String {
  let shown = text.unicodeScalars.prefix(60).map { $0.escaped(asASCII: false) }.joined()
  return "\"\(shown)\(text.unicodeScalars.count > 60 ? "..." : "")\""
}
