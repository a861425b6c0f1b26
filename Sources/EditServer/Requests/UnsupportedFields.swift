/// Members of requests that are not implemented: those that would change the answer are refused, the
/// others told as ignored.
struct UnsupportedFields {
  /// Whether members that would change the answer are ignored too.
  var isLenient: Bool
  /// Whether members that are not known are refused.
  var isStrict: Bool
  /// What was ignored.
  private(set) var ignored: [String] = []

  init(isLenient: Bool, isStrict: Bool) {
    self.isLenient = isLenient
    self.isStrict = isStrict
  }

  /// Neutral values of llama-server's samplers that are not here.
  private static let neutral: [(name: String, values: [Double])] = [
    ("mirostat", [0]), ("dynatemp_range", [0]), ("xtc_probability", [0]), ("dry_multiplier", [0]),
    ("typical_p", [1]), ("top_n_sigma", [-1, 0]), ("best_of", [1]),
    ("adaptive_target", [-1]),
  ]
  /// Those that say nothing where the sampler that they belong to is off.
  private static let details: Set = [
    "mirostat_tau", "mirostat_eta", "dynatemp_exponent", "xtc_threshold", "dry_base",
    "dry_allowed_length", "dry_penalty_last_n", "dry_sequence_breakers", "adaptive_decay",
  ]
  /// Those that do not change what an answer says.
  private static let harmless: Set = [
    "user", "safety_identifier", "prompt_cache_key", "metadata", "store", "service_tier",
    "parallel_tool_calls", "reasoning_effort", "verbosity", "samplers", "keep_alive", "options",
    "n_keep", "n_discard", "min_keep", "backend_sampling", "reasoning_format", "penalty_prompt",
    "speculative.n_max", "chat_template_kwargs", "t_max_prompt_ms",
  ]

  private mutating func refuse(_ name: String, _ remedy: String) throws(ServerError) {
    guard isLenient else { throw .unsupported(name, remedy) }
    ignored.append(name)
  }

  /// Reads what is left of `fields`. Throws `unsupported_parameter`.
  mutating func read(_ fields: inout RequestFields) throws(ServerError) {
    let remedy = "leave it out, or start the server with --lenient"
    for (name, values) in Self.neutral {
      guard let value = fields.value(name) else { continue }
      guard let number = value.number, values.contains(number) else {
        try refuse(
          name, "give \(values.map { "\($0)" }.joined(separator: " or ")), or leave it out")
        continue
      }
    }
    for name in ["grammar", "json_schema", "audio", "suffix", "grammar_lazy", "grammar_triggers"] {
      guard let value = fields.value(name), value != .string(""), value != .bool(false),
        value != .array([])
      else { continue }
      try refuse(name, remedy)
    }
    if let format = fields.value("response_format") {
      guard format["type"]?.string == "text" else {
        try refuse(
          "response_format",
          "answers are free text; leave it out (and ask for JSON in the prompt), or start the server with --lenient"
        )
        return try readRest(&fields)
      }
    }
    try readRest(&fields)
  }

  private mutating func readRest(_ fields: inout RequestFields) throws(ServerError) {
    let choice = fields.value("tool_choice")
    let function = fields.value("function_call")
    for (name, choice) in [("tools", choice), ("functions", function)] {
      guard let value = fields.value(name), value != .array([]) else { continue }
      if choice?.string == "none" {
        ignored.append(name)
      } else {
        try refuse(name, "say tool_choice \"none\", or leave the tools out")
      }
    }
    if let lora = fields.value("lora"), lora != .array([]) {
      try refuse("lora", "ask for an 'edit' instead")
    }
    if let modalities = fields.value("modalities"), modalities != .array(["text"]) {
      try refuse("modalities", "answers are text")
    }
    for (name, value) in [
      ("prediction", fields.value("prediction")),
      ("web_search_options", fields.value("web_search_options")),
    ] where value != nil { ignored.append(name) }
    for name in Self.details { _ = fields.value(name) }
    for name in Self.harmless where fields.value(name) != nil { ignored.append(name) }
    for name in fields.unread.sorted() {
      guard !isStrict else {
        throw .invalid("'\(name)' is not known", param: name, code: "unsupported_parameter")
      }
      ignored.append(name)
    }
    ignored.sort()
  }
}
