/// Writes the answer to a request, whole or event by event.
struct AnswerWriter: Sendable {
  let plan: AnswerPlan
  private(set) var states: [ChoiceState]

  init(_ plan: AnswerPlan) {
    self.plan = plan
    states = plan.prompts.map { _ in ChoiceState() }
  }

  /// Whether nothing follows.
  var isDone: Bool { states.allSatisfy { $0.end != nil } }

  // MARK: Whole

  /// Takes an event in. Throws the error that ends the request.
  mutating func take(_ event: AnswerEvent) throws(ServerError) {
    if case .failed(let error) = event { throw error }
    if let choice = event.choice { states[choice].take(event) }
  }

  /// The answer, once it is done.
  func whole() -> JSONValue {
    switch plan.form {
    case .native(let fields):
      let answers = states.indices.map { native($0, content: states[$0].text, fields: fields) }
      return answers.count == 1 ? answers[0] : .array(answers)
    case .chat, .text:
      var object = head(chunk: false)
      object["choices"] = .array(states.indices.map { .object(choice($0)) })
      object["usage"] = usage
      object["timings"] = states[0].end?.timings.json ?? .null
      object["emend"] = emend
      if plan.isVerbose { object["__verbose"] = verbose(0) }
      return .object(object)
    }
  }

  private func choice(_ index: Int) -> JSONObject {
    let state = states[index]
    var object: JSONObject = [
      "index": .integer(index),
      "finish_reason": .string(state.end?.reason.finishReason ?? "stop"),
    ]
    let texts = TokenTexts(plan: plan)
    var logprobs = JSONValue.null
    if plan.options.probabilities != nil {
      var members: JSONObject = ["content": texts.array(state.records, from: 0)]
      if case .text = plan.form {
        members.merge(texts.legacy(state, prompt: plan.prompts[index]))
      }
      logprobs = .object(members)
    }
    if case .chat = plan.form {
      object["message"] = [
        "role": "assistant", "content": .string(state.text), "refusal": .null,
      ]
    } else {
      let echo = plan.options.echoes ? promptText(index) : ""
      object["text"] = .string(echo + state.text)
    }
    object["logprobs"] = logprobs
    if let emend = choiceEmend(index, state.records) { object["emend"] = emend }
    return object
  }

  private func promptText(_ index: Int) -> String {
    var bytes: [UInt8] = []
    for id in plan.prompts[index] { bytes += plan.tokenizer.bytes(of: id) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The side of a choice, and what the edit did to each of `records`.
  private func choiceEmend(_ index: Int, _ records: [TokenRecord]) -> JSONValue? {
    var object = JSONObject()
    if let side = plan.sides[index] { object["side"] = .string(side.rawValue) }
    let traced = records.filter { $0.divergence != nil }
    if !traced.isEmpty {
      object["kl"] = .array(traced.map { .number($0.divergence ?? 0) })
      object["top"] = .array(
        traced.map { record in
          .array(
            record.compared.map {
              [
                .string(plan.tokenizer.decode([$0.id])), .number($0.edited), .number($0.unedited),
              ]
            })
        })
    }
    return object.members.isEmpty ? nil : .object(object)
  }

  // MARK: What both have

  private func head(chunk: Bool) -> JSONObject {
    let kind: String
    switch plan.form {
    case .chat: kind = chunk ? "chat.completion.chunk" : "chat.completion"
    case .text, .native: kind = "text_completion"
    }
    return [
      "id": .string(plan.id), "object": .string(kind), "created": .integer(plan.created),
      "model": .string(plan.model), "system_fingerprint": .string(plan.fingerprint),
    ]
  }

  private var usage: JSONValue {
    // Choices of one prompt share it.
    let each = max(1, plan.sides.contains { $0 != nil } ? states.count : plan.choicesOfPrompt)
    let prompts = stride(from: 0, to: states.count, by: each).map { states[$0] }
    let prompt = prompts.map(\.promptTokens).reduce(0, +)
    let cached = prompts.map(\.cached).reduce(0, +)
    let completion = states.map { $0.end?.timings.predicted ?? 0 }.reduce(0, +)
    return [
      "prompt_tokens": .integer(prompt), "completion_tokens": .integer(completion),
      "total_tokens": .integer(prompt + completion),
      "prompt_tokens_details": ["cached_tokens": .integer(cached)],
    ]
  }

  /// What was done to the model.
  var emend: JSONValue {
    let state = states[0]
    var object: JSONObject = [
      "edit": .array(plan.selection.items.map(\.json)), "digest": JSONValue(plan.selection.digest),
      "sites": .array(state.applied.sites), "ghost_tokens": .integer(state.applied.ghostTokens),
      "compiled": plan.selection.digest == nil
        ? .null : state.applied.wasKnown ? "hit" : "miss",
      "editor_ms": .number(state.applied.editorSeconds * 1e3),
      "cached_tokens": .integer(state.cached), "seed": .integer(Int(clamping: plan.seed)),
      "ignored": .array(plan.ignored.map(JSONValue.string)),
      "stop": JSONValue(state.end?.reason.rawValue),
    ]
    if plan.sides.contains(where: { $0 != nil }), states.count == 2 {
      let (edited, unedited) = (states[0].records.map(\.id), states[1].records.map(\.id))
      let common = zip(edited, unedited).prefix { $0 == $1 }.count
      object["first_difference"] =
        common == edited.count && common == unedited.count ? .null : .integer(common)
    }
    if !state.sites.isEmpty, !plan.streams { object["trace"] = ["sites": .array(state.sites)] }
    return .object(object)
  }

  private func verbose(_ index: Int) -> JSONValue {
    native(index, content: states[index].text, fields: [])
  }

  private func native(_ index: Int, content: String, fields: [String]) -> JSONValue {
    let state = states[index]
    let prompt = state.end?.promptTokens ?? plan.prompts[index]
    var object: JSONObject = [
      "index": .integer(index), "content": .string(content),
      "tokens": .array(
        plan.tellsTokens && !plan.streams ? state.records.map { .integer($0.id) } : []),
      "id_slot": .integer(state.end?.slot ?? -1), "stop": true, "model": .string(plan.model),
      "tokens_predicted": .integer(state.end?.timings.predicted ?? 0),
      "tokens_evaluated": .integer(prompt.count),
      "generation_settings": GenerationSettings(plan: plan).json,
      "prompt": .string(plan.text(prompt)),
      "has_new_line": .bool(state.end?.hasNewLine ?? false),
      "truncated": .bool(state.end?.isTruncated ?? false),
      "stop_type": .string(state.end?.reason.stopType ?? "none"),
      "stopping_word": .string(state.end?.stoppingWord ?? ""),
      "tokens_cached": .integer(state.end?.tokensCached ?? 0),
      "timings": state.end?.timings.json ?? .null, "emend": emend,
    ]
    if plan.options.probabilities != nil, !plan.streams {
      object["completion_probabilities"] = TokenTexts(plan: plan).array(state.records, from: 0)
    }
    guard !fields.isEmpty else { return .object(object) }
    var chosen = JSONObject()
    for field in fields {
      var value: JSONValue? = .object(object)
      for name in field.split(separator: "/") { value = value?[String(name)] }
      if let value { chosen[field] = value }
    }
    return .object(chosen)
  }

  // MARK: Event by event

  /// What is sent for an event, in order. Throws the error that ends the request.
  mutating func chunks(_ event: AnswerEvent) throws(ServerError) -> [JSONValue] {
    let before = event.choice.map { states[$0] }
    try take(event)
    guard let index = event.choice, let before else { return [] }
    switch event {
    case .failed, .ping, .started: return []
    case .sites(_, let sites):
      return parts(of: sites).map { sites in
        var object = chunk([])
        object["emend"] = ["sites": .array(sites)]
        return .object(object)
      }
    case .progress(_, let total, let cached, let processed, let timings):
      return [progress(index, total, cached, processed, timings)]
    case .echo:
      guard case .text = plan.form, plan.options.echoes else { return [] }
      return [
        .object(
          chunk([
            [
              "index": .integer(index), "text": .string(promptText(index)), "logprobs": .null,
              "finish_reason": .null,
            ]
          ]))
      ]
    case .text(_, let text, let records, let timings):
      return begin(index) + [piece(index, text, records, timings, before)]
    case .finished(_, let text, let records, let end):
      return begin(index) + finish(index, text, records, end, before)
    }
  }

  /// `sites` in parts that lines of a stream can hold.
  private func parts(of sites: [JSONValue]) -> [[JSONValue]] {
    var parts: [[JSONValue]] = []
    var size = 0
    for site in sites {
      let count = site.bytes.count
      if parts.isEmpty || size + count > 32 << 10 {
        parts.append([])
        size = 0
      }
      parts[parts.count - 1].append(site)
      size += count
    }
    return parts
  }

  private func chunk(_ choices: [JSONValue]) -> JSONObject {
    guard case .native = plan.form else {
      var object = head(chunk: true)
      object["choices"] = .array(choices)
      return object
    }
    return [:]
  }

  /// The role, together with the first that is said and never before.
  private mutating func begin(_ index: Int) -> [JSONValue] {
    guard case .chat = plan.form, !states[index].hasBegun else { return [] }
    states[index].hasBegun = true
    return [
      .object(
        chunk([
          [
            "index": .integer(index), "delta": ["role": "assistant", "content": .null],
            "logprobs": .null, "finish_reason": .null,
          ]
        ]))
    ]
  }

  private mutating func progress(
    _ index: Int, _ total: Int, _ cached: Int, _ processed: Int, _ timings: AnswerTimings
  ) -> JSONValue {
    let progress: JSONValue = [
      "total": .integer(total), "cache": .integer(cached), "processed": .integer(processed),
      "time_ms": .number(timings.promptSeconds * 1e3),
    ]
    var object: JSONObject
    switch plan.form {
    case .chat:
      let delta: JSONValue =
        states[index].hasBegun ? [:] : ["role": "assistant", "content": .null]
      states[index].hasBegun = true
      object = chunk([
        ["index": .integer(index), "delta": delta, "logprobs": .null, "finish_reason": .null]
      ])
    case .text:
      object = chunk([
        ["index": .integer(index), "text": "", "logprobs": .null, "finish_reason": .null]
      ])
    case .native:
      object = [
        "index": .integer(index), "content": "", "tokens": [], "stop": false, "id_slot": -1,
        "tokens_predicted": 0, "tokens_evaluated": .integer(total),
      ]
    }
    object["prompt_progress"] = progress
    if plan.tellsTimings { object["timings"] = timings.json }
    return .object(object)
  }

  private func piece(
    _ index: Int, _ text: String, _ records: [TokenRecord], _ timings: AnswerTimings,
    _ before: ChoiceState
  ) -> JSONValue {
    let texts = TokenTexts(plan: plan)
    let told =
      plan.options.probabilities == nil ? nil : texts.array(records, from: before.records.count)
    var object: JSONObject
    switch plan.form {
    case .native:
      object = [
        "index": .integer(index), "content": .string(text),
        "tokens": .array(records.map { .integer($0.id) }), "stop": false, "id_slot": -1,
        "tokens_predicted": .integer(timings.predicted),
        "tokens_evaluated": .integer(before.promptTokens),
      ]
      if let told { object["completion_probabilities"] = told }
    case .chat, .text:
      var choice: JSONObject = ["index": .integer(index)]
      if case .chat = plan.form {
        choice["delta"] = ["content": .string(text)]
      } else {
        choice["text"] = .string(text)
      }
      choice["logprobs"] = told.map { ["content": $0] } ?? .null
      choice["finish_reason"] = .null
      if let emend = choiceEmend(index, records) { choice["emend"] = emend }
      object = chunk([.object(choice)])
    }
    if plan.tellsTimings { object["timings"] = timings.json }
    return .object(object)
  }

  private func finish(
    _ index: Int, _ text: String, _ records: [TokenRecord], _ end: AnswerEnd, _ before: ChoiceState
  ) -> [JSONValue] {
    if case .native(let fields) = plan.form {
      return [native(index, content: text, fields: fields)]
    }
    var chunks: [JSONValue] = []
    let isTold = plan.options.probabilities != nil && !records.isEmpty
    if !text.isEmpty || isTold {
      chunks.append(piece(index, text, records, end.timings, before))
    }
    var choice: JSONObject = ["index": .integer(index)]
    if case .chat = plan.form { choice["delta"] = [:] } else { choice["text"] = "" }
    choice["logprobs"] = .null
    choice["finish_reason"] = .string(end.reason.finishReason)
    if let side = plan.sides[index] { choice["emend"] = ["side": .string(side.rawValue)] }
    var last = chunk([.object(choice)])
    let isChat = if case .chat = plan.form { true } else { false }
    // Of a text the counts ride on the last chunk, of a conversation they have one of their own.
    if isDone, !plan.includesUsage || !isChat {
      last["timings"] = end.timings.json
      last["emend"] = emend
      if plan.includesUsage { last["usage"] = usage }
    }
    chunks.append(.object(last))
    if isDone, plan.includesUsage, isChat {
      var object = chunk([])
      object["usage"] = usage
      object["timings"] = states[0].end?.timings.json ?? .null
      object["emend"] = emend
      chunks.append(.object(object))
    }
    if isDone, plan.isVerbose, case .object(var object)? = chunks.last {
      object["__verbose"] = verbose(index)
      chunks[chunks.count - 1] = .object(object)
    }
    return chunks
  }

  /// Whether the stream ends with `[DONE]`.
  var endsWithDone: Bool {
    if case .native = plan.form { false } else { true }
  }
}
