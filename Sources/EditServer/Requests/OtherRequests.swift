import LanguageModels
import Tokenization

/// Requests that generate nothing.
extension ServedModel {
  /// `POST /tokenize`.
  func tokenize(_ body: [UInt8]) throws(ServerError) -> JSONValue {
    var fields = try RequestFields(body)
    let content = try fields.string("content")
    let prompt = try fields.string("prompt")
    let special = try fields.bool("add_special")
    let specialTokens = try fields.bool("add_special_tokens")
    let parses = try fields.bool("parse_special") ?? true
    let ids = tokenizer.encode(
      content ?? prompt ?? "", addSpecial: special ?? specialTokens ?? false, parseSpecial: parses)
    let count = JSONValue.integer(ids.count)
    guard try fields.bool("with_pieces") ?? false else {
      return [
        "tokens": .array(ids.map(JSONValue.integer)), "count": count,
        "max_model_len": .integer(context),
      ]
    }
    let pieces = ids.map { id -> JSONValue in
      let bytes = Array(tokenizer.bytes(of: id, special: true))
      let piece: JSONValue =
        String(validating: bytes, as: UTF8.self).map(JSONValue.string)
        ?? .array(bytes.map { .integer(Int($0)) })
      return ["id": .integer(id), "piece": piece]
    }
    return ["tokens": .array(pieces), "count": count, "max_model_len": .integer(context)]
  }

  /// `POST /detokenize`.
  func detokenize(_ body: [UInt8]) throws(ServerError) -> JSONValue {
    var fields = try RequestFields(body)
    var bytes: [UInt8] = []
    for value in try fields.array("tokens") ?? [] {
      guard let id = value.integer, (0..<tokenizer.vocabularyCount).contains(id) else {
        throw .invalid(
          "'tokens' has one that is not among the \(tokenizer.vocabularyCount) of the model",
          param: "tokens")
      }
      bytes += tokenizer.bytes(of: id, special: true)
    }
    let text = JSONValue.string(String(decoding: bytes, as: UTF8.self))
    return ["content": text, "prompt": text]
  }

  /// `POST /apply-template`.
  func applyTemplate(_ body: [UInt8]) throws(ServerError) -> JSONValue {
    var fields = try RequestFields(body)
    let model = try fields.string("model")
    let selection = try selection(&fields, model: model)
    return ["prompt": .string(try conversation(&fields, selection).text)]
  }

  /// `POST /v1/chat/completions/input_tokens`.
  func inputTokens(_ body: [UInt8]) throws(ServerError) -> JSONValue {
    var fields = try RequestFields(body)
    let model = try fields.string("model")
    let selection = try selection(&fields, model: model)
    let conversation = try conversation(&fields, selection)
    return [
      "object": "response.input_tokens", "input_tokens": .integer(conversation.prompt.tokens.count),
    ]
  }

  /// `POST /v1/edits/check`: what would be done, without an answer. With `messages` or a `prompt` also
  /// whether the edit can be made of it.
  func checkEdit(_ body: [UInt8]) async throws -> JSONValue {
    var fields = try RequestFields(body)
    let model = try fields.string("model")
    let selection = try selection(&fields, model: model)
    var prompt: Prompt?
    var isConversation = true
    if fields.value("messages") != nil {
      prompt = try conversation(&fields, selection).prompt
    } else if let value = fields.value("prompt") {
      isConversation = false
      prompt = try PromptInput(tokenizer: tokenizer).prompts(value).first
    }
    let known = prompt
    let conversation = isConversation
    return try await engine.perform { worker in
      let ready = try worker.edits.prepared(selection, conversation: conversation)
      var ghosts = 0
      if let ready, let known {
        let model = try ready.value.model(worker.scratch(), observer: nil)
        ghosts = model.extended(known).tokens.count - known.tokens.count
        do { try model.prepare(known) } catch { throw ServerError.from(error) }
      }
      return [
        "digest": JSONValue(selection.digest), "edit": .array(selection.items.map(\.json)),
        "sites": .array(ready?.value.sites ?? []), "ghost_tokens": .integer(ghosts),
        "editor_seconds": .number(ready?.value.seconds ?? 0),
        "cached": .bool(ready?.wasKnown ?? false),
      ]
    }
  }

  /// `POST /v1/edits/compile`: makes an edit ready for the requests that ask for it.
  func compileEdit(_ body: [UInt8]) async throws -> JSONValue {
    var fields = try RequestFields(body)
    let model = try fields.string("model")
    let selection = try selection(&fields, model: model)
    guard selection.digest != nil else {
      throw ServerError.invalid(
        "there is no 'edit' to make ready", param: "edit", code: "invalid_edit")
    }
    let isText = try fields.bool("text") ?? false
    return try await engine.perform { worker in
      let ready = try worker.edits.prepared(selection, conversation: !isText)
      return [
        "digest": JSONValue(selection.digest), "seconds": .number(ready?.value.seconds ?? 0),
        "hit": .bool(ready?.wasKnown ?? false),
      ]
    }
  }
}
