/// What the engine has done since it started, for `/metrics`.
struct EngineMetrics: Sendable {
  var promptTokens = 0
  var promptTokensCached = 0
  var promptSeconds = 0.0
  var predictedTokens = 0
  /// Seconds of the steps after the first tokens.
  var predictedSeconds = 0.0
  /// Steps that those seconds were of.
  var predictedSteps = 0
  /// Passes through the model.
  var passes = 0
  /// Sequences that took part in them, in all.
  var busySlots = 0
  var longestSequence = 0
  /// Drafts, their tokens, and those of them that were chosen.
  var drafts = 0
  var draftedTokens = 0
  var acceptedTokens = 0
  /// Edits of requests by what they come from.
  var edits: [String: Int] = [:]
  var editorSeconds = 0.0
  var editHits = 0
  var editMisses = 0

  /// In Prometheus' format, llama-server's names first.
  func text(processing: Int, deferred: Int) -> String {
    var lines: [String] = []
    func add(_ name: String, _ kind: String, _ help: String, _ value: Double) {
      lines.append("# HELP \(name) \(help)")
      lines.append("# TYPE \(name) \(kind)")
      lines.append(
        "\(name) \(value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)")")
    }
    func counter(_ name: String, _ help: String, _ value: Double) {
      add("llamacpp:" + name, "counter", help, value)
    }
    func gauge(_ name: String, _ help: String, _ value: Double) {
      add("llamacpp:" + name, "gauge", help, value)
    }
    counter("prompt_tokens_total", "Prompt tokens fed.", Double(promptTokens))
    counter(
      "prompt_tokens_cached_total", "Prompt tokens that were in a cache.",
      Double(promptTokensCached))
    counter("prompt_seconds_total", "Seconds in which prompts were fed.", promptSeconds)
    counter("tokens_predicted_total", "Tokens chosen.", Double(predictedTokens))
    counter(
      "tokens_predicted_seconds_total", "Seconds in which tokens were chosen.", predictedSeconds)
    counter("n_decode_total", "Passes through the model.", Double(passes))
    counter("n_tokens_max", "Tokens of the longest sequence.", Double(longestSequence))
    counter("spec_decode_num_drafts_total", "Drafts.", Double(drafts))
    counter("spec_decode_num_draft_tokens_total", "Tokens drafted.", Double(draftedTokens))
    counter(
      "spec_decode_num_accepted_tokens_total", "Drafted tokens accepted.", Double(acceptedTokens))
    gauge(
      "prompt_tokens_seconds", "Prompt tokens a second.",
      promptSeconds > 0 ? Double(promptTokens) / promptSeconds : 0)
    gauge(
      "predicted_tokens_seconds", "Tokens a second.",
      predictedSeconds > 0 ? Double(predictedSteps) / predictedSeconds : 0)
    gauge("requests_processing", "Sequences that are generated.", Double(processing))
    gauge("requests_deferred", "Sequences that wait.", Double(deferred))
    gauge(
      "n_busy_slots_per_decode", "Sequences in a pass, on average.",
      passes > 0 ? Double(busySlots) / Double(passes) : 0)

    lines.append("# HELP emend:edits_total Edits of answers, by what they come from.")
    lines.append("# TYPE emend:edits_total counter")
    for kind in ["instruction", "vector", "compiled"] {
      lines.append("emend:edits_total{kind=\"\(kind)\"} \(edits[kind] ?? 0)")
    }
    add(
      "emend:editor_seconds_total", "counter", "Seconds in which editors read instructions.",
      editorSeconds)
    add("emend:compiled_edit_hits_total", "counter", "Edits that were ready.", Double(editHits))
    add(
      "emend:compiled_edit_misses_total", "counter", "Edits that had to be made.",
      Double(editMisses))
    return lines.joined(separator: "\n") + "\n"
  }
}
