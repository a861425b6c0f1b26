import LanguageModels
import LatentEditing
import TextGeneration
import Tokenization

/// What a client is told when its request fails: a status and OpenAI's form of an error.
///
/// `code` is a string or null, never the HTTP status: OpenAI's clients for Java and .NET fail on a number.
package struct ServerError: Error, Sendable, Equatable {
  /// OpenAI's and llama-server's names of kinds of errors.
  package enum Kind: String, Sendable {
    case invalidRequest = "invalid_request_error"
    case contextSize = "exceed_context_size_error"
    case authentication = "authentication_error"
    case permission = "permission_error"
    case notFound = "not_found_error"
    case rateLimit = "rate_limit_error"
    case server = "server_error"
    case notSupported = "not_supported_error"
    case unavailable = "unavailable_error"
  }

  /// The HTTP status.
  package var status: Int
  /// What kind of error it is.
  package var kind: Kind
  /// One sentence: what was found, what was needed, what to do.
  package var message: String
  /// The member of the request that it is about.
  package var param: String?
  /// What programs tell it by.
  package var code: String?
  /// Further members.
  package var others = JSONObject()
  /// Header fields that go with it.
  package var headers: [String: String] = [:]

  /// An error of that status.
  package init(
    _ status: Int, _ kind: Kind, _ message: String, param: String? = nil, code: String? = nil
  ) {
    self.status = status
    self.kind = kind
    self.message = message
    self.param = param
    self.code = code
  }

  /// 400: the request says something that cannot be done.
  package static func invalid(
    _ message: String, param: String? = nil, code: String? = nil
  ) -> ServerError {
    ServerError(400, .invalidRequest, message, param: param, code: code)
  }

  /// 400: a member that would change the answer and is not implemented.
  static func unsupported(_ param: String, _ remedy: String) -> ServerError {
    .invalid(
      "'\(param)' would change the answer and is not supported here; \(remedy)", param: param,
      code: "unsupported_parameter")
  }

  /// 400: the prompt is longer than a sequence can be. Clients look for the words of this sentence.
  static func context(prompt: Int, context: Int) -> ServerError {
    var error = ServerError(
      400, .contextSize,
      "request (\(prompt) tokens) exceeds the available context size (\(context) tokens), try increasing it "
        + "(context_length_exceeded)", code: "context_length_exceeded")
    error.others = ["n_prompt_tokens": .integer(prompt), "n_ctx": .integer(context)]
    return error
  }

  /// 404.
  static func notFound(_ message: String, code: String? = nil) -> ServerError {
    ServerError(404, .notFound, message, code: code)
  }

  /// 501.
  static func notSupported(_ message: String) -> ServerError {
    ServerError(501, .notSupported, message)
  }

  /// 503 while the weights are read.
  static let loading = ServerError(503, .unavailable, "Loading model")
  /// 503 after it was asked to end.
  static let draining = ServerError(
    503, .unavailable, "The server is shutting down; ask another, or again after its start")

  /// What `error` says to a client: faults of an edit or a prompt are the request's, others the server's.
  static func from(_ error: any Error) -> ServerError {
    switch error {
    case let error as ServerError: return error
    // Who closed his side may read still, and is told that it ended the answer.
    case is CancellationError:
      return ServerError(
        499, .invalidRequest, "the client closed its side of the connection before the answer",
        code: "client_closed_request")
    case TextGenerationError.promptTooLong(let tokens, let length):
      return .context(prompt: tokens, context: length)
    case TextGenerationError.prompt(let error): return edit(error.reason)
    case let error as TextGenerationError:
      switch error {
      case .emptyPrompt, .samplingOption, .emptyStopString: return .invalid("\(error)")
      case .tokenization(let error): return .invalid("\(error)", param: "messages")
      default: return ServerError(500, .server, "\(error)")
      }
    case let error as PromptError: return edit(error.reason)
    case is LatentEditingError: return edit(error)
    case let error as TokenizationError: return .invalid("\(error)", param: "messages")
    default: return ServerError(500, .server, "\(error)")
    }
  }

  private static func edit(_ error: any Error) -> ServerError {
    .invalid(
      "the edit cannot be made: \(error)", param: "edit",
      code: "invalid_edit")
  }

  /// The body of the answer.
  package var body: JSONValue {
    var object: JSONObject = [
      "message": .string(message), "type": .string(kind.rawValue), "param": JSONValue(param),
      "code": JSONValue(code),
    ]
    object.merge(others)
    return .object(["error": .object(object)])
  }
}
