import Tokenization

/// Tokens with their likelihoods, as the forms of answers tell them.
struct TokenTexts {
  let plan: AnswerPlan

  private func bytes(_ id: Int, first: Bool) -> [UInt8] {
    var bytes = plan.tokenizer.bytes(of: id)
    // As the answer's text has it.
    if first, plan.options.startsText, bytes.first == 0x20,
      plan.tokenizer.vocabulary.model == .sentencePiece
    {
      bytes = bytes.dropFirst()
    }
    return Array(bytes)
  }

  private func entry(_ id: Int, _ name: String, _ value: Double, first: Bool) -> JSONObject {
    let bytes = bytes(id, first: first)
    return [
      "id": .integer(id), "token": .string(String(decoding: bytes, as: UTF8.self)),
      "bytes": .array(bytes.map { .integer(Int($0)) }), name: .number(value),
    ]
  }

  /// One token as chat and native answers have it; `first` is the first of the answer.
  func json(_ record: TokenRecord, first: Bool) -> JSONValue {
    let after = plan.options.probabilitiesAfterSampling
    let name = after ? "prob" : "logprob"
    var object = entry(record.id, name, record.value ?? 0, first: first)
    object[after ? "top_probs" : "top_logprobs"] = .array(
      record.alternatives.map { .object(entry($0.id, name, $0.value, first: first)) })
    return .object(object)
  }

  /// The records of a part of an answer, of which `from` tokens came before.
  func array(_ records: [TokenRecord], from: Int) -> JSONValue {
    .array(records.enumerated().map { json($1, first: from + $0 == 0) })
  }

  /// A token's text in OpenAI's older form: `bytes:\x..` where it is no whole characters, so that two tokens
  /// have never one name.
  private func name(_ id: Int) -> String {
    let bytes = Array(plan.tokenizer.bytes(of: id))
    guard let text = String(validating: bytes, as: UTF8.self) else {
      return "bytes:"
        + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    return text.isEmpty ? plan.tokenizer.piece(of: id) : text
  }

  /// OpenAI's older form, of the prompt's tokens and the answer's; the first token of a prompt has no
  /// likelihood.
  func legacy(_ state: ChoiceState, prompt: [Int]) -> JSONObject {
    var tokens: [JSONValue] = []
    var values: [JSONValue] = []
    var tops: [JSONValue] = []
    var offsets: [JSONValue] = []
    var offset = 0
    func add(_ id: Int, _ record: TokenRecord?) {
      let name = name(id)
      tokens.append(.string(name))
      values.append(record?.value.map(JSONValue.number) ?? .null)
      offsets.append(.integer(offset))
      offset += name.unicodeScalars.count
      guard let record else { return tops.append(.null) }
      var top = JSONObject()
      for alternative in record.alternatives {
        var key = self.name(alternative.id)
        if top[key] != nil { key = "token:\(alternative.id)" }
        top[key] = .number(alternative.value)
      }
      if let value = record.value, top[name] == nil { top[name] = .number(value) }
      tops.append(.object(top))
    }
    if plan.options.echoes, let first = prompt.first {
      add(first, nil)
      for record in state.echo { add(record.id, record) }
    }
    for record in state.records { add(record.id, record) }
    return [
      "tokens": .array(tokens), "token_logprobs": .array(values), "top_logprobs": .array(tops),
      "text_offset": .array(offsets),
    ]
  }
}
