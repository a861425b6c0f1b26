import InstructionEditors
import LanguageModels
import LatentEditing
import Tokenization

/// The names of `TrainingOptions` in YAML, and how each is read. Names are written with underscores or
/// dashes.
enum OptionTable {
  /// One option.
  struct Entry: Sendable {
    let name: String
    /// Sets it, or says what it must be.
    let read: @Sendable (OptionValue, inout TrainingOptions) -> String?
  }

  static let entries: [Entry] =
    files + editor + run + optimization + objective + gradients + validation

  private static let files = [
    text("model", \.model),
    Entry(name: "data") { value, options in
      guard let files = value.files else {
        return "a path, or a list of paths or of path and weight"
      }
      options.data = files
      return nil
    },
    text("output", \.output),
    optionalText("chat_template", \.chatTemplate),
    Entry(name: "fields") { value, options in
      let needed = "three names with commas, of instruction, input and output"
      guard let names = value.parts, names.count == 3, !names.contains("") else { return needed }
      options.fields.instruction = names[0]
      options.fields.input = names[1]
      options.fields.output = names[2]
      return nil
    },
    text("instruction_field", \.fields.instruction), text("input_field", \.fields.input),
    text("output_field", \.fields.output), text("parts_field", \.fields.parts),
    text("split_field", \.fields.split), text("family_field", \.fields.family),
  ]

  private static let editor = [
    optionalText("editor", \.editor.file),
    Entry(name: "backbone") { value, options in
      guard case .text(let text) = value else { return BackboneChoice.forms }
      guard let choice = BackboneChoice(text) else { return BackboneChoice.needed(text) }
      options.editor.backbone = choice
      return nil
    },
    optional("lora_rank", \.editor.loraRank, "a whole number") { Int($0) },
    list("lora_modules", \.editor.loraModules, "names with commas, as q_proj,v_proj or c_attn") {
      $0.isEmpty ? nil : $0
    },
    list("cross_blocks", \.editor.crossBlocks, "whole numbers with commas") { Int($0) },
    optional("interface", \.editor.interface, names(EditorInterface.self)) { .init(rawValue: $0) },
    optional("instruction_place", \.editor.instructionPlace, names(InstructionPlace.self)) {
      .init(rawValue: $0)
    },
    Entry(name: "prefix_tokens") { value, options in
      guard case .text(let text) = value, text == "all" || Int(text) != nil else {
        return "all or a whole number"
      }
      options.editor.prefixTokens = Int(text)
      return nil
    },
    optionalText("layers", \.editor.layers), optionalText("positions", \.editor.positions),
    optionalText("scale", \.editor.scale), optionalText("heads", \.editor.heads),
    parsed("constant", \.editor.isConstant, "true or false") { Bool($0) },
    parsed("tune", \.editor.isTuning, "true or false") { Bool($0) },
    Entry(name: "frozen") { value, options in
      guard let parts = value.parts else { return "a part or several with commas" }
      options.editor.frozen = parts
      return nil
    },
  ]

  private static let run = [
    number("steps", \.run.steps), number("batch_size", \.run.batchSize),
    number("grad_accumulation_steps", \.run.accumulation),
    number("max_seq_length", \.run.maxSequenceLength), number("seed", \.run.seed),
    number("save_every", \.run.saveInterval), number("save_every_seconds", \.run.saveSeconds),
    number("family_rows", \.run.familyRows),
  ]

  private static let optimization = [
    parsed("optimizer", \.optimization.optimizer, names(AdamW.Kind.self)) { .init(rawValue: $0) },
    number("beta1", \.optimization.beta1), number("beta2", \.optimization.beta2),
    number("epsilon", \.optimization.epsilon),
    number("learning_rate", \.optimization.learningRate),
    optional("backbone_learning_rate", \.optimization.backboneRate, "a number") { Float($0) },
    optional("head_learning_rate", \.optimization.headRate, "a number") { Float($0) },
    optional("gate_learning_rate", \.optimization.gateRate, "a number") { Float($0) },
    number("weight_decay", \.optimization.weightDecay),
    parsed(
      "schedule", \.optimization.schedule.shape, names(LearningRateSchedule.Shape.self)
    ) { .init(rawValue: $0) },
    number("warmup", \.optimization.schedule.warmUpSteps),
    number("schedule_floor", \.optimization.schedule.floor), number("clip", \.optimization.clip),
  ]

  private static let objective = [
    number("cross_entropy", \.objective.crossEntropy),
    Entry(name: "distill") { value, options in
      let needed = "true, false or a number"
      guard case .text(let text) = value else { return needed }
      if let weight = Float(text) {
        options.objective.distillation = weight
        return nil
      }
      guard let isOn = Bool(text) else { return needed }
      // A weight that is given beside it stays.
      let weight = options.objective.distillation
      options.objective.distillation = !isOn ? 0 : weight == 0 ? 1 : weight
      return nil
    },
    number("distill_weight", \.objective.distillation),
    number("l1", \.objective.l1), number("group_lasso", \.objective.groupLasso),
    number("locality", \.objective.locality),
    list("locality_text", \.objective.localityTexts, "files with commas") { $0 },
    optionalText("locality_instructions", \.objective.localityInstructions),
    optionalText("teacher_cache", \.objective.teacherCache),
  ]

  private static let gradients = [
    parsed("grad_checkpoint", \.gradients.checkpoints, "every=K, every=K,bf16 or off") {
      .init(parsing: $0)
    },
    parsed("backward", \.gradients.backward, names(BackwardPrecision.self)) {
      .init(rawValue: $0)
    },
  ]

  private static let validation = [
    number("steps_per_eval", \.validation.interval), number("val_rows", \.validation.rows),
    number("validate_families", \.validation.families),
    number("unseen_part", \.validation.split.unseen), number("seen_part", \.validation.split.seen),
    number("compositional_part", \.validation.split.compositional),
  ]

  // MARK: Kinds

  private typealias Place<Value> = WritableKeyPath<TrainingOptions, Value> & Sendable

  private static func text(_ name: String, _ place: Place<String>) -> Entry {
    parsed(name, place, "a text") { $0 }
  }

  private static func optionalText(_ name: String, _ place: Place<String?>) -> Entry {
    optional(name, place, "a text") { $0 }
  }

  private static func number(_ name: String, _ place: Place<Int>) -> Entry {
    parsed(name, place, "a whole number") { Int($0) }
  }

  private static func number(_ name: String, _ place: Place<UInt64>) -> Entry {
    parsed(name, place, "a whole number that is not negative") { UInt64($0) }
  }

  private static func number(_ name: String, _ place: Place<Float>) -> Entry {
    parsed(name, place, "a number") { Float($0) }
  }

  private static func number(_ name: String, _ place: Place<Double>) -> Entry {
    parsed(name, place, "a number") { Double($0) }
  }

  private static func list<Value>(
    _ name: String, _ place: Place<[Value]?>, _ needed: String,
    _ parse: @escaping @Sendable (String) -> Value?
  ) -> Entry {
    Entry(name: name) { value, options in
      guard let parts = value.parts else { return needed }
      let values = parts.compactMap(parse)
      guard values.count == parts.count, !values.isEmpty else { return needed }
      options[keyPath: place] = values
      return nil
    }
  }

  /// An option that is nil until it is given.
  private static func optional<Value>(
    _ name: String, _ place: Place<Value?>, _ needed: String,
    _ parse: @escaping @Sendable (String) -> Value?
  ) -> Entry {
    // Read as the option's own type, a text that is none would be nil, and the option not given.
    parsed(name, place, needed) { text in parse(text).map(Optional.some) }
  }

  private static func parsed<Value>(
    _ name: String, _ place: Place<Value>, _ needed: String,
    _ parse: @escaping @Sendable (String) -> Value?
  ) -> Entry {
    Entry(name: name) { value, options in
      guard case .text(let text) = value, let parsed = parse(text) else { return needed }
      options[keyPath: place] = parsed
      return nil
    }
  }

  private static func names<Value: RawRepresentable & CaseIterable>(_: Value.Type) -> String
  where Value.RawValue == String {
    Value.allCases.map(\.rawValue).joined(separator: ", ")
  }
}
