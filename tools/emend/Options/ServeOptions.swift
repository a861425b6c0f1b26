#if Server
  import ArgumentParser
  import EditServer
  import EditSessions
  import Foundation
  import ModelFiles
  import Tokenization

  /// Settings where nothing is said.
  private let usual = ServerSettings(model: ModelSettings(path: ""))

  /// How many requests are answered at once, and how long they may be.
  struct ServeRequestOptions: ParsableArguments {
    @Option(
      name: [.customLong("np", withSingleDash: true), .customLong("parallel")],
      parsing: .unconditional,
      help: ArgumentHelp(
        "Sequences generated at once, in one pass, which share the context. (default: up to 4 with the whole context each, as memory has room)",
        valueName: "n"))
    var parallel: Int?

    @Flag(
      name: .customLong("kv-unified"), help: "Each sequence may be as long as the whole context.")
    var isUnified = false

    @Option(
      name: [.customShort("b"), .long], parsing: .unconditional,
      help: ArgumentHelp("Prompt tokens fed at once.", valueName: "n"))
    var batchSize = usual.batchSize

    @Option(
      name: [.customLong("cram", withSingleDash: true), .customLong("cache-ram")],
      parsing: .unconditional,
      help: ArgumentHelp(
        "MiB of memory that keep beginnings of prompts which no sequence has any more; 0 for none. (default: a quarter of what is left, 2048 at most)",
        valueName: "n"))
    var cacheRam: Int?

    @Option(
      name: [.customShort("n"), .customLong("n-predict")], parsing: .unconditional,
      help: ArgumentHelp(
        "Tokens of an answer where a request does not say; -1 until the model ends.",
        valueName: "n"))
    var predict = usual.predict ?? -1

    @Option(
      help: ArgumentHelp(
        "How conversations are written: \(ChatFamily.allCases.map(\.rawValue).joined(separator: ", ")), or a "
          + "template in Jinja. (default: the file's own)", valueName: "template"))
    var chatTemplate: String?

    @Option(help: ArgumentHelp("The same from a file.", valueName: "file"))
    var chatTemplateFile: String?

    @Flag(
      help: "A full context drops its older half where nothing is edited, and the answer goes on.")
    var contextShift = false

    @Option(
      name: .customLong("sampler-rng"), parsing: .unconditional,
      help: ArgumentHelp(
        "Whose random numbers are drawn: those of llama.cpp give llama-server's text for a seed, those of "
          + "emend the text of emend generate.", valueName: "llama.cpp|emend"))
    var generator = usual.generatorName

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Sequences that may wait; more are refused.", valueName: "n"))
    var queue = usual.queueLimit

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Bytes of a request at most, or with K, M or G.", valueName: "size"))
    var maxBody: ByteSize?

    @Flag(
      help:
        "Ignore what would change the answer and is not there (tools, response_format), and say so."
    )
    var lenient = false

    func validate() throws {
      func positive(_ name: String, _ value: Int?, _ most: Int) throws {
        if let value, !(1...most).contains(value) {
          throw ValidationError("\(name) is \(value), and must be from 1 to \(most)")
        }
      }
      try positive("--parallel", parallel, 64)
      try positive("--batch-size", batchSize, 1 << 20)
      try positive("--queue", queue, 1 << 20)
      if let cacheRam, !(0...1 << 30).contains(cacheRam) {
        throw ValidationError("--cache-ram is \(cacheRam), and must be 0 or more (MiB)")
      }
      if predict < -1 {
        throw ValidationError(
          "--n-predict is \(predict), and must be 0 or more, or -1 for no limit")
      }
      if chatTemplate != nil, chatTemplateFile != nil {
        throw ValidationError("both --chat-template and --chat-template-file; give one")
      }
      if generator != "llama.cpp", generator != "emend" {
        throw ValidationError("--sampler-rng is \(generator), and must be llama.cpp or emend")
      }
    }

    func apply(to settings: inout ServerSettings) throws {
      settings.parallel = parallel
      settings.isUnified = isUnified
      settings.batchSize = batchSize
      settings.cacheBytes = cacheRam.map { $0 << 20 }
      settings.predict = predict == -1 ? nil : predict
      settings.chatTemplate = try chatTemplateFile.map { try TextFile.read($0) } ?? chatTemplate
      settings.shiftsContext = contextShift
      settings.generatorName = generator
      settings.queueLimit = queue
      if let maxBody { settings.bodyLimit = maxBody.bytes }
      settings.isLenient = lenient
    }
  }

  /// Where the server listens, and who may use it.
  struct ServeAccessOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp("Addresses to listen at, with commas between them.", valueName: "host"))
    var host = usual.hosts.joined(separator: ",")

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("The port; 0 for one that is free.", valueName: "n"))
    var port = usual.port

    @Option(
      name: .shortAndLong,
      help: ArgumentHelp(
        "Names of the model, with commas between them. (default: the file's)", valueName: "names"))
    var alias: String?

    @Option(help: ArgumentHelp("Words about the model for lists of models.", valueName: "words"))
    var tags: String?

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "A key that requests must have; may be repeated, or with commas.", valueName: "key"))
    var apiKey: [String] = []

    @Option(help: ArgumentHelp("The same from a file, one on a line.", valueName: "file"))
    var apiKeyFile: String?

    @Flag(help: "Tell metrics at /metrics.")
    var metrics = false

    @Flag(inversion: .prefixedNo, help: "Tell what is generated at /slots.")
    var slots = true

    @Flag(name: .customLong("no-ui"), help: "No page in the browser.")
    var hidesPage = false

    @Option(
      help: ArgumentHelp(
        "Pages that browsers let use the server: localhost, *, or origins with commas between them.",
        valueName: "origins"))
    var corsOrigins = usual.corsOrigins.joined(separator: ",")

    @Option(
      help: ArgumentHelp(
        "Header fields that such pages may send. (default: those that they ask for)",
        valueName: "fields"))
    var corsHeaders: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Seconds between signs of life in a stream that waits; 0 for none.", valueName: "s"))
    var ssePingInterval = usual.pingInterval

    @Option(
      name: [.customLong("to", withSingleDash: true), .customLong("timeout")],
      parsing: .unconditional,
      help: ArgumentHelp("Seconds until a connection without a request is closed.", valueName: "s"))
    var timeout = usual.idleTimeout

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Seconds that running answers have when the server is asked to end.", valueName: "s"))
    var drain = usual.drainSeconds

    func validate() throws {
      guard (0...65_535).contains(port) else {
        throw ValidationError("--port is \(port), and must be from 0 to 65535")
      }
      guard ssePingInterval >= 0, drain >= 0, ssePingInterval.isFinite, drain.isFinite else {
        throw ValidationError("--sse-ping-interval and --drain must be 0 or more")
      }
      guard timeout >= 1 else {
        throw ValidationError("--timeout is \(timeout), and must be 1 or more")
      }
      if Self.list(host).isEmpty { throw ValidationError("--host is empty") }
    }

    private static func list(_ text: String?) -> [String] {
      (text ?? "").split(separator: ",").map {
        String($0.trimmingPrefix(while: \.isWhitespace))
      }.filter { !$0.isEmpty }
    }

    func apply(to settings: inout ServerSettings) throws {
      settings.hosts = Self.list(host)
      settings.port = port
      settings.aliases = Self.list(alias)
      settings.tags = Self.list(tags)
      settings.keys = apiKey.flatMap { Self.list($0) }
      if let apiKeyFile {
        settings.keys += try TextFile.read(apiKeyFile).split(whereSeparator: \.isNewline)
          .map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
        if settings.keys.isEmpty {
          throw CommandError.option(
            "--api-key-file \(apiKeyFile) has no key, which would let everybody in")
        }
      }
      settings.showsMetrics = metrics
      settings.showsSlots = slots
      settings.showsPage = !hidesPage
      settings.corsOrigins = Self.list(corsOrigins)
      settings.corsHeaders = corsHeaders
      settings.pingInterval = ssePingInterval
      settings.idleTimeout = timeout
      settings.drainSeconds = drain
    }
  }

  /// Which edits requests may ask for.
  struct ServeEditOptions: ParsableArguments {
    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "An editor, which requests name by NAME or else the file's. May be repeated.",
        valueName: "[name=]file"))
    var editor: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("A control vector. May be repeated.", valueName: "[name=]file"))
    var controlVector: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("A compiled edit. May be repeated.", valueName: "[name=]file"))
    var compiled: [String] = []

    @Option(
      help: ArgumentHelp(
        "A folder of such files, named by their files' names; looked at again when a name is not known.",
        valueName: "folder"))
    var editFolder: String?

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "An edit under a name: requests for the model MODEL+NAME have it. JSON as a request's edit. May be repeated.",
        valueName: "name=json"))
    var preset: [String] = []

    @Option(help: ArgumentHelp("The preset of requests that name none.", valueName: "name"))
    var defaultPreset: String?

    func validate() throws {
      if let bad = preset.first(where: { !$0.contains("=") }) {
        throw ValidationError("--preset \(bad) has no =; give NAME=JSON")
      }
    }

    func apply(to settings: inout ServerSettings) throws {
      settings.editors = editor.map(ServerSettings.NamedFile.init(parsing:))
      settings.controlVectors = controlVector.map(ServerSettings.NamedFile.init(parsing:))
      settings.compiled = compiled.map(ServerSettings.NamedFile.init(parsing:))
      settings.editFolder = editFolder
      settings.presets = preset.map { text in
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), String(parts[1]))
      }
      settings.defaultPreset = defaultPreset
    }
  }
#endif
