import TextGeneration
import Tokenization

/// What requests for an answer have in common: lengths, sampling, stops, what is told.
struct GenerationFields {
  /// How sequences are generated.
  var options = AnswerOptions()
  /// Answers to each prompt.
  var count = 1
  /// Whether events are sent as they happen.
  var streams = false
  /// Whether a stream ends with the counts.
  var includesUsage = false
  /// Whether events tell times.
  var tellsTimings = false
  /// Whether the prompt is told as it was fed.
  var isVerbose = false
  /// Seconds between signs of life.
  var pingInterval: Double
  /// The seed that was used.
  var seed: UInt64
  /// Bias as it was given, for llama-server's answer.
  var bias: [(id: Int, bias: Double)] = []
  /// What the model is told to be.
  var model: String?

  /// Reads `fields` with the defaults of `settings`. Throws what is wrong with them.
  init(
    _ fields: inout RequestFields, _ settings: ServerSettings, _ tokenizer: Tokenizer,
    parallel: Int
  ) throws(ServerError) {
    pingInterval = settings.pingInterval
    isVerbose = settings.isVerbose
    var sampling = settings.sampling

    model = try fields.string("model")
    let lengths = [
      try fields.integer("n_predict"), try fields.integer("max_completion_tokens"),
      try fields.integer("max_tokens"),
    ]
    let predict = lengths.compactMap { $0 }.first ?? settings.predict ?? -1
    guard predict >= -1 else {
      throw .invalid(
        "'max_tokens' is \(predict), and must be 0 or more, or -1 until the model ends",
        param: "max_tokens")
    }
    options.maximumTokens = predict == -1 ? nil : predict

    func bounded(
      _ value: Double?, _ name: String, _ range: ClosedRange<Double>
    ) throws(ServerError) -> Float? {
      guard let value else { return nil }
      guard range.contains(value) else {
        throw .invalid(
          "'\(name)' is \(value), and must be from \(range.lowerBound) to \(range.upperBound)",
          param: name)
      }
      return Float(value)
    }
    if let temperature = try fields.number("temperature") {
      sampling.temperature = min(max(0, Float(temperature)), .greatestFiniteMagnitude)
    }
    if let topK = try fields.integer("top_k") { sampling.topK = max(0, topK) }
    if let topP = try bounded(fields.number("top_p"), "top_p", 0...1) {
      // 0 leaves the likeliest, as llama-server has it.
      sampling.topP = max(topP, .leastNormalMagnitude)
    }
    if let minP = try bounded(fields.number("min_p"), "min_p", 0...1) { sampling.minP = minP }
    for name in ["repetition_penalty", "repeat_penalty"] {
      if let penalty = try fields.number(name) {
        guard penalty > 0, Float(penalty).isFinite else {
          throw .invalid("'\(name)' is \(penalty), and must be above 0", param: name)
        }
        sampling.repetitionPenalty = Float(penalty)
      }
    }
    if let window = try fields.integer("repeat_last_n") {
      guard window >= -1 else {
        throw .invalid(
          "'repeat_last_n' is \(window), and must be 0 or more, or -1 for all",
          param: "repeat_last_n")
      }
      sampling.penaltyWindow = window == -1 ? nil : window
    }
    options.sampler.frequencyPenalty =
      try bounded(fields.number("frequency_penalty"), "frequency_penalty", -1000...1000) ?? 0
    options.sampler.presencePenalty =
      try bounded(fields.number("presence_penalty"), "presence_penalty", -1000...1000) ?? 0

    let asked = try fields.integer("seed")
    if let asked, asked >= 0, asked != Int(UInt32.max) {
      seed = UInt64(asked)
    } else if asked == nil, let fixed = settings.seed {
      seed = fixed
    } else {
      seed = UInt64(UInt32.random(in: 0..<UInt32.max))
    }
    sampling.seed = seed
    options.sampler.sampling = sampling
    options.sampler.generator = SamplerGenerator(rawValue: settings.generatorName) ?? .llamaCpp

    switch fields.value("stop") {
    case nil: break
    case .string(let text)?: options.stops = text.isEmpty ? [] : [text]
    case .array(let texts)?:
      guard texts.allSatisfy({ $0.string != nil || $0 == .null }) else {
        throw .invalid("'stop' must be a string or an array of strings", param: "stop")
      }
      options.stops = texts.compactMap(\.string).filter { !$0.isEmpty }
    case .some(let value):
      throw .invalid(
        "'stop' is \(value.kind), and must be a string or an array of strings", param: "stop")
    }

    for name in ["n", "n_cmpl"] {
      guard let n = try fields.integer(name) else { continue }
      guard (1...parallel).contains(n) else {
        throw .invalid(
          "'\(name)' is \(n), and must be from 1 to \(parallel), the sequences of the server (--parallel)",
          param: name)
      }
      count = n
    }
    streams = try fields.bool("stream") ?? false
    options.streams = streams
    if let object = try fields.object("stream_options") {
      var stream = RequestFields(object)
      includesUsage = try stream.bool("include_usage") ?? false
    }
    options.usesCache = try fields.bool("cache_prompt") ?? true
    options.speculation = settings.speculates ? PromptLookup.Options() : nil
    if let name = try fields.string("speculate") {
      guard ["ngram", "none"].contains(name) else {
        throw .invalid("'speculate' is '\(name)', and must be ngram or none", param: "speculate")
      }
      options.speculation = name == "ngram" ? PromptLookup.Options() : nil
    }
    if let slot = try fields.integer("id_slot"), slot >= 0 { options.slot = slot }
    options.reportsProgress = try fields.bool("return_progress") ?? false
    tellsTimings = try fields.bool("timings_per_token") ?? false
    isVerbose = try fields.bool("verbose") ?? isVerbose
    if let interval = try fields.number("sse_ping_interval") { pingInterval = interval }
    options.ignoresEnd = try fields.bool("ignore_eos") ?? false
    if let milliseconds = try fields.number("t_max_predict_ms"), milliseconds > 0 {
      options.secondsAtMost = milliseconds / 1000
    }
    try readBias(fields.value("logit_bias"), tokenizer)
  }

  /// `{"id": bias}` or `[[id or text, bias or false]]`; false forbids a token. Of a text all tokens are meant.
  private mutating func readBias(
    _ value: JSONValue?, _ tokenizer: Tokenizer
  ) throws(ServerError) {
    var pairs: [(JSONValue, JSONValue)] = []
    switch value {
    case nil: return
    case .object(let object)?: pairs = object.members.map { (.string($0.name), $0.value) }
    case .array(let elements)?:
      for element in elements {
        guard let token = element[0], let bias = element[1] else {
          throw .invalid(
            "'logit_bias' must have pairs of a token and a number, or false", param: "logit_bias")
        }
        pairs.append((token, bias))
      }
    case .some(let value):
      throw .invalid(
        "'logit_bias' is \(value.kind), and must be an object or an array of pairs",
        param: "logit_bias")
    }
    for (token, bias) in pairs {
      let amount: Double
      switch bias {
      case .bool(false): amount = -.infinity
      default:
        guard let number = bias.number else {
          throw .invalid(
            "'logit_bias' has \(bias.kind), and must have numbers, or false", param: "logit_bias")
        }
        amount = number
      }
      var ids: [Int] = []
      if let id = token.integer ?? token.string.flatMap({ Int($0) }) {
        ids = [id]
      } else if let text = token.string {
        ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
      }
      // Ids beyond the vocabulary are passed over, as llama-server does.
      for id in ids where (0..<tokenizer.vocabularyCount).contains(id) {
        self.bias.append((id, amount))
        options.sampler.bias[id] = Float(amount)
      }
    }
  }
}
