import EditSessions
import TensorKernels
import TextGeneration
import Tokenization

/// How a server runs: what `emend serve`'s flags say.
public struct ServerSettings: Sendable {
  /// A name with the file that it stands for in requests.
  public struct NamedFile: Sendable, Equatable {
    /// As requests call it.
    public var name: String
    /// The file.
    public var path: String

    /// A file under that name.
    public init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  /// The model, and how it is run; its context is all sequences' together, or each one's where that is shared.
  public var model: ModelSettings
  /// Addresses to listen at.
  public var hosts = ["127.0.0.1"]
  /// The port; 0 for any that is free.
  public var port = 8080
  /// Sequences that are generated at once; nil for up to 4, as memory has room for.
  public var parallel: Int?
  /// Whether each sequence may be as long as the whole context.
  public var isUnified = false
  /// Prompt tokens fed at once.
  public var batchSize = 256
  /// Bytes of memory for beginnings of prompts that no sequence has any more; 0 for none, nil for a quarter of what
  /// is left beside the model and its sequences, and 2 GiB at most.
  public var cacheBytes: Int?
  /// Whether tokens are drafted from what came before where a request does not say.
  public var speculates = false
  /// Tokens of an answer where a request does not say; nil until the model ends.
  public var predict: Int?
  /// How tokens are chosen where a request does not say.
  public var sampling = SamplingOptions()
  /// The seed of requests that have none; nil for a new one each time.
  public var seed: UInt64?
  /// Whose random numbers are drawn: `llama.cpp` or `emend`.
  public var generatorName = "llama.cpp"
  /// Names of the model; its file's where there is none.
  public var aliases: [String] = []
  /// Words about the model for lists of models.
  public var tags: [String] = []
  /// Keys that let requests in; without any all are.
  public var keys: [String] = []
  /// Whether /metrics and /slots answer.
  public var showsMetrics = false
  /// Whether /slots answers.
  public var showsSlots = true
  /// Whether the page is there.
  public var showsPage = true
  /// Origins of pages that browsers let use the server: `localhost`, `*`, or a list.
  public var corsOrigins = ["localhost"]
  /// Header fields that such pages may send; nil for those that they ask for.
  public var corsHeaders: String?
  /// How conversations are written: a family's name or a template in Jinja; nil for the model's own.
  public var chatTemplate: String?
  /// Seconds between the signs of life in a stream that waits; 0 for none.
  public var pingInterval = 10.0
  /// Seconds until a connection without a request is closed.
  public var idleTimeout = 600
  /// Requests that may wait.
  public var queueLimit = 64
  /// Bytes of a request at most.
  public var bodyLimit = 4 << 20
  /// Members that are not implemented are ignored, and not refused.
  public var isLenient = false
  /// Seconds that running answers have after the server was asked to end.
  public var drainSeconds = 4.0
  /// Whether a full context drops its older half, where nothing is edited.
  public var shiftsContext = false
  /// Whether answers tell the prompt as it was fed, and the log tells requests.
  public var isVerbose = false
  /// Editors, control vectors and compiled edits that requests may name.
  public var editors: [NamedFile] = []
  /// See `editors`.
  public var controlVectors: [NamedFile] = []
  /// See `editors`.
  public var compiled: [NamedFile] = []
  /// A folder of such files, looked at again when a name is not known.
  public var editFolder: String?
  /// Edits under the names of models, each in JSON as a request's `edit`.
  public var presets: [(name: String, json: String)] = []
  /// The preset of requests that say nothing.
  public var defaultPreset: String?
  /// What the server calls its version.
  public var version = "0.0.0"

  /// The defaults, for that model.
  public init(model: ModelSettings) { self.model = model }
}

/// What makes a server impossible to start.
public enum ServerSettingsError: Error, CustomStringConvertible {
  /// An option has a value that makes no sense.
  case option(name: String, problem: String)
  /// No address could be listened at.
  case address(host: String, port: Int, reason: String)
  /// There is no memory for so many sequences, or for what is kept of prompts beside them.
  case memory(sequences: Int, context: Int, keepsPrompts: Bool, MemoryShortage)

  /// One sentence: what was found, what was needed.
  public var description: String {
    switch self {
    case .option(let name, let problem): "\(name): \(problem)"
    case .address(let host, let port, let reason):
      "cannot listen at \(host) port \(port): \(reason); choose another address"
    case .memory(let sequences, let context, let keepsPrompts, let shortage):
      "\(sequences) sequences of \(context) tokens do not fit: \(shortage), or fewer sequences (--parallel)"
        + (keepsPrompts ? ", or keep fewer prompts (--cache-ram)" : "")
    }
  }
}
