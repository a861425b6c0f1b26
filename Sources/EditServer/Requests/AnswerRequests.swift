import LanguageModels
import Tokenization

/// A request for an answer, read and checked: how it is answered, and the sequences that are generated.
struct PreparedRequest: Sendable {
  let plan: AnswerPlan
  let jobs: [AnswerJob]
  let request: AnswerRequest
  let pingInterval: Double
}

/// How a request says that members are unknown, beside its body.
struct RequestManners: Sendable {
  /// The value of the header `extra-parameters`: `error`, `drop`, or nil.
  var extraParameters: String?
}

extension ServedModel {
  /// Reads a request for an answer of that form. Throws what is wrong with it.
  func prepare(
    _ body: [UInt8], form: AnswerPlan.Form, manners: RequestManners
  ) throws(ServerError) -> PreparedRequest {
    var fields = try RequestFields(body)
    var common = try GenerationFields(&fields, settings, tokenizer, parallel: parallel)
    let selection = try selection(&fields, model: common.model)
    let compares = try fields.bool("compare") ?? false
    if let trace = try fields.object("trace") {
      var members = RequestFields(trace)
      common.options.tracesDivergence = try members.bool("kl") ?? false
      common.options.tracesSites = try members.bool("sites") ?? false
      if let name = members.unread.first {
        throw .invalid(
          "'trace.\(name)' is not known; there are kl and sites", param: "trace.\(name)")
      }
    }
    var prompts: [Prompt]
    var isConversation = false
    var tellsTokens = true
    switch form {
    case .chat:
      isConversation = true
      let conversation = try conversation(&fields, selection)
      prompts = [conversation.prompt]
      common.options.endTokens = conversation.turnEnd.tokens
      common.options.turnEnds = conversation.turnEnd.strings.filter { !$0.isEmpty }
      common.options.startsText = conversation.startsText
      let tells = try fields.bool("logprobs") ?? false
      let most = try fields.integer("top_logprobs")
      if most != nil, !tells {
        throw .invalid("top_logprobs requires logprobs to be set to true", param: "top_logprobs")
      }
      guard (0...20).contains(most ?? 0) else {
        throw .invalid(
          "'top_logprobs' is \(most ?? 0), and must be from 0 to 20", param: "top_logprobs")
      }
      // As llama-server: without a number, twenty.
      if tells { common.options.probabilities = most ?? 20 }
    case .text:
      prompts = try PromptInput(tokenizer: tokenizer).prompts(fields.value("prompt"))
      if let most = try fields.integer("logprobs") {
        guard (0...100).contains(most) else {
          throw .invalid("'logprobs' is \(most), and must be from 0 to 100", param: "logprobs")
        }
        common.options.probabilities = most
      }
      common.options.echoes = try fields.bool("echo") ?? false
    case .native:
      prompts = try PromptInput(tokenizer: tokenizer).prompts(fields.value("prompt"))
      if let most = try fields.integer("n_probs"), most > 0 {
        common.options.probabilities = min(most, configuration.vocabularySize)
      }
      common.options.probabilitiesAfterSampling =
        try fields.bool("post_sampling_probs") ?? false
      tellsTokens = try fields.bool("return_tokens") ?? false
    }
    var form = form
    if case .native = form {
      let names = try fields.array("response_fields") ?? []
      form = .native(fields: names.compactMap(\.string))
    }
    var unsupported = UnsupportedFields(
      isLenient: settings.isLenient || manners.extraParameters == "drop",
      isStrict: manners.extraParameters == "error")
    try unsupported.read(&fields)

    guard prompts.count * common.count <= Swift.max(settings.queueLimit, parallel) else {
      throw .invalid(
        "there are \(prompts.count) prompts, and at most \(settings.queueLimit) answers may be asked for at once",
        param: "prompt")
    }
    for prompt in prompts {
      guard !prompt.tokens.isEmpty else {
        throw .invalid("the prompt has no tokens; give some text", param: "prompt")
      }
      guard prompt.tokens.count < context else {
        throw .context(prompt: prompt.tokens.count, context: context)
      }
    }
    if compares {
      guard common.count == 1, prompts.count == 1 else {
        throw .invalid("'compare' is of one answer to one prompt; leave 'n' out", param: "compare")
      }
    }

    let request = AnswerRequest()
    var jobs: [AnswerJob] = []
    var sides: [AnswerPlan.Side?] = []
    let perPrompt = compares ? 2 : common.count
    for prompt in prompts {
      for number in 0..<perPrompt {
        var options = common.options
        if !compares { options.sampler.sampling.seed &+= UInt64(number) }
        let isTwin = compares && number == 1
        if isTwin {
          options.tracesSites = false
          options.tracesDivergence = false
        }
        sides.append(compares ? (isTwin ? .unedited : .edited) : nil)
        // Several cannot have one place.
        if perPrompt > 1 || prompts.count > 1 { options.slot = nil }
        jobs.append(
          AnswerJob(
            choice: jobs.count, prompt: prompt, options: options,
            edit: isTwin ? .none : selection, conversation: isConversation, request: request))
      }
    }
    let prefix = if case .chat = form { "chatcmpl" } else { "cmpl" }
    let plan = AnswerPlan(
      form: form, id: newID(prefix), created: now, model: name, fingerprint: fingerprint,
      tokenizer: tokenizer, options: common.options, selection: selection, sides: sides,
      prompts: jobs.map(\.prompt.tokens), seed: common.seed, bias: common.bias,
      ignored: unsupported.ignored, streams: common.streams, includesUsage: common.includesUsage,
      tellsTimings: common.tellsTimings, isVerbose: common.isVerbose, tellsTokens: tellsTokens,
      choicesOfPrompt: perPrompt)
    return PreparedRequest(
      plan: plan, jobs: jobs, request: request, pingInterval: common.pingInterval)
  }

  /// The edit of a request: its own, or that of the preset in its model's name, or the default one. Throws
  /// `model_not_found` and what is wrong with the edit.
  func selection(
    _ fields: inout RequestFields, model: String?
  ) throws(ServerError) -> EditSelection {
    var items: [EditItem] = []
    if let preset = settings.defaultPreset.flatMap(registry.preset) { items = preset.items }
    if let model, let plus = model.firstIndex(of: "+"), !aliases.contains(model) {
      let preset = String(model[model.index(after: plus)...])
      if aliases.contains(String(model[..<plus])) {
        guard let found = registry.preset(preset) else {
          let names = registry.presets.map { "\(name)+\($0.name)" }
          throw .notFound(
            "there is no model '\(model)'; there is \(([name] + names).joined(separator: ", "))",
            code: "model_not_found")
        }
        items = found.items
      }
    }
    if let value = fields.value("edit") {
      items = try EditField(registry: registry).items(value)
    }
    return EditSelection(items, model: registry.modelDigest)
  }

  /// The conversation of a request, written for its edit.
  func conversation(
    _ fields: inout RequestFields, _ selection: EditSelection
  ) throws(ServerError) -> ServedTemplate.Conversation {
    let messages = try ChatMessages(&fields)
    return try template.conversation(
      messages.messages, prefill: messages.prefill, asksForAnswer: messages.asksForAnswer,
      forEditors: selection.needsFamily, with: tokenizer)
  }

  private var now: Int {
    created + Int(started.duration(to: .now) / .seconds(1))
  }
}
