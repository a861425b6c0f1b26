/// How an answer was generated, as llama-server tells it; samplers that are not here have the values at
/// which they do nothing.
struct GenerationSettings {
  let plan: AnswerPlan

  var json: JSONValue {
    var bias = plan.bias
    if plan.options.ignoresEnd {
      let ends = plan.tokenizer.endOfGenerationTokens.union(plan.options.endTokens)
      bias += ends.sorted().map { ($0, -Double.infinity) }
    }
    return Self.json(
      plan.options, seed: plan.seed, streams: plan.streams, tellsTimings: plan.tellsTimings,
      bias: bias)
  }

  /// The same of options that no request has yet.
  static func json(
    _ options: AnswerOptions, seed: UInt64, streams: Bool = false, tellsTimings: Bool = false,
    bias: [(id: Int, bias: Double)] = []
  ) -> JSONValue {
    let sampling = options.sampler.sampling
    return [
      "seed": .integer(Int(clamping: seed)), "temperature": JSONValue(sampling.temperature),
      "dynatemp_range": 0.0, "dynatemp_exponent": 1.0, "top_k": .integer(sampling.topK),
      "top_p": JSONValue(sampling.topP), "min_p": JSONValue(sampling.minP), "top_n_sigma": -1.0,
      "xtc_probability": 0.0, "xtc_threshold": 0.1, "typical_p": 1.0,
      "repeat_last_n": .integer(sampling.penaltyWindow ?? -1),
      "repeat_penalty": JSONValue(sampling.repetitionPenalty),
      "presence_penalty": JSONValue(options.sampler.presencePenalty),
      "frequency_penalty": JSONValue(options.sampler.frequencyPenalty), "dry_multiplier": 0.0,
      "dry_base": 1.75, "dry_allowed_length": 2, "dry_penalty_last_n": -1,
      "dry_sequence_breakers": [], "mirostat": 0, "mirostat_tau": 5.0, "mirostat_eta": 0.1,
      "adaptive_target": -1.0, "adaptive_decay": 0.9,
      "stop": .array(options.stops.map(JSONValue.string)),
      "max_tokens": .integer(options.maximumTokens ?? -1),
      "n_predict": .integer(options.maximumTokens ?? -1), "n_keep": 0, "n_discard": 0,
      "ignore_eos": .bool(options.ignoresEnd), "stream": .bool(streams),
      "logit_bias": .array(
        bias.map {
          [
            "token": .integer($0.id), "bias": $0.bias == -.infinity ? .null : .number($0.bias),
          ]
        }), "n_probs": .integer(options.probabilities ?? 0), "min_keep": 0, "grammar": "",
      "samplers": ["penalties", "top_k", "top_p", "min_p", "temperature"],
      "timings_per_token": .bool(tellsTimings),
      "post_sampling_probs": .bool(options.probabilitiesAfterSampling), "lora": [],
    ]
  }
}
