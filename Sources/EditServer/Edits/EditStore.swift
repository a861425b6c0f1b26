import EditSessions
import LanguageModels
import LatentEditing

/// Edits that are ready for any sequence of the model: made by the engine's thread when a request first
/// asks for them, and kept for the next.
final class EditStore {
  /// What is done to a model.
  struct Prepared {
    let edit: LatentEdit
    let promptEdits: [EditedProcessor.PromptEdit]
    let compiled: CompiledEdit?
    /// Seconds that editors took to read their instructions.
    let seconds: Double

    /// The model on the state of a sequence, edited.
    func model(
      _ state: ProcessorState, observer: (any EditObserver)?
    ) throws(LatentEditingError) -> EditedProcessor {
      let promptEdits = promptEdits
      let promptEdit: EditedProcessor.PromptEdit? =
        promptEdits.isEmpty
        ? nil
        : { prompt, state throws(LatentEditingError) in
          var edits: [LatentEdit] = []
          for edit in promptEdits { edits.append(try edit(prompt, state)) }
          return try LatentEdit.sum(edits)
        }
      return try EditedProcessor(
        state, edit: edit, promptEdit: promptEdit, compiled: compiled, observer: observer)
    }

    /// Where latents are added, as answers tell it.
    var sites: [JSONValue] {
      var places: [String: (point: Int, positions: String, part: EditedPart, norm: Double)] = [:]
      for site in edit.sites {
        let norm = site.latent.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let key = "\(site.point) \(site.position.name) \(site.part)"
        let sum = (places[key]?.norm ?? 0) + abs(Double(site.gate)) * norm
        places[key] = (site.point, site.position.name, site.part, sum)
      }
      return places.values.sorted {
        ($0.point, $0.positions, $0.part.rawValue) < ($1.point, $1.positions, $1.part.rawValue)
      }.map {
        var site: JSONObject = [
          "point": .integer($0.point), "positions": .string($0.positions), "norm": .number($0.norm),
        ]
        if $0.part == .values { site["part"] = .string($0.part.rawValue) }
        return .object(site)
      }
    }
  }

  private static let most = 32

  private let loaded: LoadedModel
  private let template: ServedTemplate
  /// By digest and form, the last used at the end.
  private var known: [(key: String, value: Prepared)] = []
  /// Nil under a limit of memory, which the model's plan may have used up.
  private let kept: KeptEditor?

  init(_ loaded: LoadedModel, _ template: ServedTemplate) {
    self.loaded = loaded
    self.template = template
    kept = loaded.opened.settings.memoryLimit == nil ? KeptEditor() : nil
  }

  /// What tells edits apart that are kept: the digest, and how prompts begin for editors that write their
  /// beginning.
  static func key(_ selection: EditSelection, conversation: Bool) -> String {
    selection.digest.map { "\($0) \(conversation ? "conversation" : "text")" } ?? ""
  }

  /// What `selection` asks for, and whether it was known; nil where that is nothing. Throws `ServerError`.
  func prepared(
    _ selection: EditSelection, conversation: Bool
  ) throws -> (value: Prepared, wasKnown: Bool)? {
    guard selection.digest != nil else { return nil }
    let key = Self.key(selection, conversation: conversation)
    if let index = known.firstIndex(where: { $0.key == key }) {
      let entry = known.remove(at: index)
      known.append(entry)
      return (entry.value, true)
    }
    let value: Prepared
    do {
      value = try make(selection, conversation: conversation)
    } catch {
      var served = ServerError.from(error)
      if let error = error as? EditSessionError {
        served = .invalid("\(error)", param: "edit", code: "invalid_edit")
      }
      if served.status == 400 {
        served.param = served.param ?? "edit"
        served.code = served.code ?? "invalid_edit"
      }
      for item in selection.items {
        served.message = served.message.replacing(item.file.path, with: item.file.name)
      }
      throw served
    }
    known.append((key, value))
    if known.count > Self.most { known.removeFirst() }
    return (value, false)
  }

  private func make(_ selection: EditSelection, conversation: Bool) throws -> Prepared {
    let c = loaded.configuration
    var edits: [LatentEdit] = []
    var promptEdits: [EditedProcessor.PromptEdit] = []
    var compiled: [CompiledEdit] = []
    let clock = ContinuousClock()
    let start = clock.now
    // Instructions for the same blocks are read together: a prefix editor makes one text of them.
    var groups: [(layers: [Int]?, instructions: [EditRequest.Instruction])] = []
    for item in selection.effective {
      switch item.source {
      case .instruction(let text, let editor):
        let instruction = EditRequest.Instruction(
          text, editor: editor.path, strength: item.strength)
        if let index = groups.firstIndex(where: { $0.layers == item.layers }) {
          groups[index].instructions.append(instruction)
        } else {
          groups.append((item.layers, [instruction]))
        }
      case .vector(let entry):
        let vector = try ControlVector(
          path: entry.path, width: c.hiddenSize, layerCount: c.layerCount)
        var edit = try vector.edit(
          width: c.hiddenSize, layerCount: c.layerCount, scale: item.strength)
        if let layers = item.layers {
          edit = try edit.restricted(to: LayerSelection(layers), placement: .after)
        }
        edits.append(edit)
      case .compiled(let entry):
        compiled.append(
          try CompiledEdit(
            path: entry.path, identity: loaded.opened.identity(), shape: c,
            activations: loaded.processor.activations, cacheType: loaded.state.cacheType))
      }
    }
    for group in groups {
      let request = EditRequest(
        instructions: group.instructions, layers: group.layers.map { LayerSelection($0) })
      let form = try conversation ? template.form : .text
      guard
        var preparation = try EditPreparation(
          request, loaded.opened, form: form, keeping: kept)
      else {
        continue
      }
      let parts = try preparation.parts(loaded)
      edits.append(parts.edit)
      if let promptEdit = parts.promptEdit { promptEdits.append(promptEdit) }
      if let made = parts.compiled { compiled.append(made) }
    }
    guard compiled.count <= 1 else {
      throw ServerError.invalid(
        "two of the edits take the place of the prompt's beginning; ask for one of them",
        param: "edit",
        code: "invalid_edit")
    }
    let nothing = try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [])
    let sum = edits.isEmpty ? nothing : try LatentEdit.sum(edits)
    // Refused here, and not by the first prompt.
    if let compiled = compiled.first {
      _ = try EditedProcessor(loaded.state, edit: sum, compiled: compiled)
    }
    return Prepared(
      edit: sum, promptEdits: promptEdits, compiled: compiled.first,
      seconds: groups.isEmpty ? 0 : start.duration(to: clock.now) / .seconds(1))
  }
}

extension EditItem {
  /// The file that it comes from.
  var file: EditEntry {
    switch source {
    case .instruction(_, let entry), .vector(let entry), .compiled(let entry): entry
    }
  }
}

extension SitePosition {
  /// As people write it.
  fileprivate var name: String {
    switch self {
    case .fromStart(0): "first"
    case .fromStart(let n): "\(n)"
    case .fromEnd(0): "last"
    case .fromEnd(let n): "last-\(n)"
    case .firstContent: "first-content"
    case .prompt: "prompt"
    case .all: "all"
    }
  }
}
