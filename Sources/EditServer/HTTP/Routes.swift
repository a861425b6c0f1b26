#if Server
  import HTTPTypes

  /// What the server answers at which paths.
  enum Endpoint: Sendable, Equatable {
    case health
    case models
    case model(String)
    case chat
    case inputTokens
    case completions
    case completion
    case tokenize
    case detokenize
    case tokenizerInfo
    case applyTemplate
    case props
    case slots
    case metrics
    case edits
    case checkEdit
    case compileEdit
    case adapters
    case page(String)
    case unsupported(String)

    /// Whether it needs no key.
    var isPublic: Bool {
      switch self {
      case .health, .page: true
      default: false
      }
    }
  }

  /// Finds the endpoint of a path: every `/v1/x` is there as `/x` too, but for `/completions`, which is
  /// llama-server's own form.
  enum Routes {
    /// The endpoints of `path` by their methods, or nil where there is none.
    static func endpoints(_ path: String) -> [HTTPRequest.Method: Endpoint]? {
      if let page = PageFiles.names.contains(path) ? path : nil { return [.get: .page(page)] }
      switch path {
      case "/completion", "/completions": return [.post: .completion]
      case "/v1/completions": return [.post: .completions]
      case "/tokenize", "/v1/tokenize": return [.post: .tokenize]
      case "/detokenize", "/v1/detokenize": return [.post: .detokenize]
      case "/tokenizer_info": return [.get: .tokenizerInfo]
      case "/apply-template": return [.post: .applyTemplate]
      case "/props":
        return [.get: .props, .post: .unsupported("the server's settings are those of its start")]
      case "/slots": return [.get: .slots]
      case "/metrics": return [.get: .metrics]
      case "/lora-adapters":
        return [
          .get: .adapters,
          .post: .unsupported("there are no adapters; ask for an 'edit' in the request"),
        ]
      default: break
      }
      let short = path.hasPrefix("/v1/") ? String(path.dropFirst(3)) : path
      switch short {
      case "/health": return [.get: .health]
      case "/models": return [.get: .models]
      case "/chat/completions": return [.post: .chat]
      case "/chat/completions/input_tokens": return [.post: .inputTokens]
      case "/edits": return [.get: .edits]
      case "/edits/check": return [.post: .checkEdit]
      case "/edits/compile": return [.post: .compileEdit]
      case "/embeddings", "/embedding", "/rerank", "/reranking", "/infill":
        return [
          .post: .unsupported(
            "the model generates text; there is /v1/chat/completions and /v1/completions")
        ]
      case "/responses", "/messages":
        return [.post: .unsupported("use /v1/chat/completions")]
      default: break
      }
      let prefix = "/models/"
      guard short.hasPrefix(prefix), short.count > prefix.count else { return nil }
      return [.get: .model(String(short.dropFirst(prefix.count)).removingPercentEncoding ?? "")]
    }
  }
#endif
