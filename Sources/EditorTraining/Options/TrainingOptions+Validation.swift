import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels

extension TrainingOptions {
  /// Parts of an editor that can be frozen.
  public static let parts = ["backbone", "heads", "gates"]

  /// Throws the first of `problems`.
  public func validate() throws(EditorTrainingError) {
    if let problem = problems.first { throw problem }
  }

  /// What makes no sense, one error for each option, by the options' names in YAML.
  public var problems: [EditorTrainingError] {
    var check = OptionCheck()
    checkFiles(&check)
    checkEditor(&check)
    checkRun(&check)
    checkOptimization(&check)
    checkObjective(&check)
    checkValidation(&check)
    return check.problems
  }

  private func checkFiles(_ check: inout OptionCheck) {
    check("model", model, !model.isEmpty, "the file of a model")
    for file in data {
      check(
        "data", "\(file.path) with weight \(file.weight)",
        !file.path.isEmpty && file.weight > 0 && file.weight <= 1000,
        "a file with a weight above 0 and at most 1000")
    }
    if let chatTemplate {
      check(
        "chat_template", chatTemplate, PromptTemplate.names.contains(chatTemplate),
        "one of \(PromptTemplate.names.joined(separator: ", "))")
    }
    let names = fields.names
    check(
      "instruction_field", names.joined(separator: ", "), Set(names).count == names.count,
      "another name than those of the other fields")
  }

  private func checkEditor(_ check: inout OptionCheck) {
    if let rank = editor.loraRank {
      check(
        "lora_rank", rank, (0...HeadKind.mostRank).contains(rank), "0 to \(HeadKind.mostRank)")
    }
    for problem in adaptedLayers.map(adapterProblems) ?? [] {
      check(problem.name, problem.found, false, problem.needed)
    }
    if let layers = editor.layers {
      check(
        "layers", layers, (try? LayerSelection(parsing: layers)) != nil,
        "all, a block (2), a range (0-31) or several with commas")
    }
    if let positions = editor.positions {
      check(
        "positions", positions, (try? PositionSelection(parsing: positions)) != nil,
        "first, first-content, last, prompt, all, ghost, or edges as f1+l1")
    }
    if let scale = editor.scale {
      check("scale", scale, LatentScale(rawValue: scale) != nil, "norm or plain")
    }
    if let heads = editor.heads {
      check("heads", heads, HeadKind(heads) != nil, "per-layer, shared or rank-K")
    }
    check(
      "head_start", editor.headStart, abs(editor.headStart) <= 10, "from -10 to 10")
    if case .rank? = editor.heads.flatMap(HeadKind.init) {
      check(
        "head_start", editor.headStart, editor.headStart == 0,
        "0 where `heads` is rank-K: a state is not copied through fewer numbers")
    }
    for part in editor.frozen {
      check(
        "frozen", part, Self.parts.contains(part),
        "one of \(Self.parts.joined(separator: ", "))")
    }
    check(
      "frozen", editor.frozen.joined(separator: ", "),
      !Set(Self.parts).isSubset(of: editor.frozen), "fewer parts: something must be trained")
    checkBlueprint(&check)
    guard editor.isTuning else { return }
    check("lora_rank", editor.loraRank ?? 16, editor.loraRank != 0, "at least 1 with `tune`")
    check(
      "tune", "true", editor.file == nil && !editor.isConstant && editor.frozen.isEmpty,
      "left out where `editor`, `constant` or `frozen` is given")
    check(
      "tune", "true", plan.isPlain,
      "left out where `distill`, `l1`, `group_lasso` or `locality` is not 0, or `cross_entropy` is")
  }

  /// What makes a new editor has no part in going on with one, nor in tuning the processor.
  private func checkBlueprint(_ check: inout OptionCheck) {
    let given: [(name: String, value: String?)] = [
      ("backbone", editor.backbone.map { "\($0)" }), ("interface", editor.interface?.rawValue),
      ("layers", editor.layers), ("positions", editor.positions), ("scale", editor.scale),
      ("heads", editor.heads), ("instruction_place", editor.instructionPlace?.rawValue),
      ("head_start", editor.headStart == 0 ? nil : "\(editor.headStart)"),
      ("cross_blocks", editor.crossBlocks.map { $0.map(String.init).joined(separator: ",") }),
    ]
    for case (let name, let value?) in given {
      check(
        name, value, editor.file == nil, "left out with `editor`: the editor's file says what it is"
      )
      check(name, value, !editor.isTuning, "left out with `tune`, which trains no editor")
    }
    checkPrefix(&check)
    checkValues(&check)
    check(
      "cross_blocks", given.last?.value ?? "", editor.crossBlocks == nil || editor.interface == .p4,
      "left out unless `interface` is p4")
  }

  /// Values are the first token's, and no states.
  private func checkValues(_ check: inout OptionCheck) {
    guard editor.interface?.part == .values else { return }
    if let positions = editor.positions {
      check(
        "positions", positions, ["first", "ghost"].contains(positions),
        "first or ghost where `interface` is p7, which edits values of the first token")
    }
    check(
      "head_start", editor.headStart, editor.headStart == 0,
      "0 where `interface` is p7, whose latents are values and no states")
  }

  /// A prefix editor is the processor's own blocks with adapters, or a GPT-2 with heads, and has no latents.
  private func checkPrefix(_ check: inout OptionCheck) {
    let needsP8 = "left out unless `interface` is p8"
    check(
      "instruction_place", editor.instructionPlace?.rawValue ?? "",
      editor.instructionPlace == nil || makesPrefix, needsP8)
    if let tokens = editor.prefixTokens {
      check(
        "prefix_tokens", tokens, (1...1 << 20).contains(tokens), "all, or from 1 to \(1 << 20)")
      check("prefix_tokens", tokens, makesPrefix || editor.file != nil, needsP8)
      check("prefix_tokens", tokens, !editor.isTuning, "left out with `tune`")
      check(
        "teacher_cache", objective.teacherCache ?? "",
        objective.teacherCache == nil || makesPrefixHeads,
        "left out with `prefix_tokens`, whose teacher is the whole prefix")
    }
    guard makesPrefix else { return }
    let latents: [(name: String, value: String?)] = [
      ("layers", editor.layers), ("positions", editor.positions), ("scale", editor.scale),
      ("head_start", editor.headStart == 0 ? nil : "\(editor.headStart)"),
    ]
    for case (let name, let value?) in latents {
      check(name, value, false, "left out where `interface` is p8, which has no latents")
    }
    let lasso = objective.regularizers[.groupLasso]
    check(
      Regularizer.groupLasso.rawValue, lasso, lasso == 0,
      "0 where `interface` is p8, which has no latents")
    makesPrefixHeads ? checkPrefixHeads(&check) : checkReader(&check)
  }

  /// Of a GPT-2 the heads and the network are parts, and there are no gates.
  private func checkPrefixHeads(_ check: inout OptionCheck) {
    check(
      "frozen", editor.frozen.joined(separator: ", "),
      !editor.frozen.contains("gates") && editor.frozen.count < 2,
      "backbone or heads where `interface` is p8, which has no gates")
  }

  /// With the processor's own blocks there is nothing but adapters.
  private func checkReader(_ check: inout OptionCheck) {
    if let backbone = editor.backbone {
      check(
        "backbone", backbone, backbone == .processor(depth: nil),
        "processor (all its blocks), a GPT-2, or nothing where `interface` is p8")
    }
    if let heads = editor.heads {
      check(
        "heads", heads, false,
        "left out where `interface` is p8 and `backbone` no GPT-2: its own states are the prefix")
    }
    check(
      "lora_rank", editor.loraRank ?? 16, editor.loraRank != 0, "at least 1 with `interface` p8")
    check(
      "frozen", editor.frozen.joined(separator: ", "), editor.frozen.isEmpty,
      "left out where `interface` is p8, of which all is one part")
    let l1 = objective.regularizers[.l1]
    check(
      Regularizer.l1.rawValue, l1, l1 == 0,
      "0 where `interface` is p8 and `backbone` no GPT-2, which has no heads")
    let own = (editor.loraModules ?? []).filter(AdapterConfiguration.Module.makesKeyValues)
    check(
      "lora_modules", own.joined(separator: ","), own.isEmpty,
      "without k_proj and v_proj where `interface` is p8: what the prompt sees of the instruction is the "
        + "model's own projection")
  }

  private func checkRun(_ check: inout OptionCheck) {
    check("family_rows", run.familyRows, run.familyRows >= 0, "not below 0")
    check("steps", run.steps, (1...1_000_000_000).contains(run.steps), "1 to 1000000000")
    check("batch_size", run.batchSize, (1...65_536).contains(run.batchSize), "1 to 65536")
    check(
      "grad_accumulation_steps", run.accumulation, (1...65_536).contains(run.accumulation),
      "1 to 65536")
    check(
      "max_seq_length", run.maxSequenceLength, (2...1_048_576).contains(run.maxSequenceLength),
      "2 to 1048576 tokens")
    check("save_every", run.saveInterval, run.saveInterval >= 0, "not below 0")
    check(
      "save_every_seconds", run.saveSeconds, run.saveSeconds >= 0 && run.saveSeconds.isFinite,
      "a number not below 0")
  }

  private func checkOptimization(_ check: inout OptionCheck) {
    let o = optimization
    check("beta1", o.beta1, o.beta1 >= 0 && o.beta1 < 1, "from 0 to below 1")
    check("beta2", o.beta2, o.beta2 > 0 && o.beta2 < 1, "between 0 and 1")
    check("epsilon", o.epsilon, o.epsilon >= 1e-10 && o.epsilon <= 1, "from 1e-10 to 1")
    let rates: [(String, Float?)] = [
      ("learning_rate", o.learningRate), ("backbone_learning_rate", o.backboneRate),
      ("head_learning_rate", o.headRate), ("gate_learning_rate", o.gateRate),
    ]
    for case (let name, let rate?) in rates {
      check(name, rate, rate >= 0 && rate <= 10, "from 0 to 10")
    }
    let highest = rates.compactMap(\.1).filter(\.isFinite).max() ?? 0
    check(
      "weight_decay", o.weightDecay, o.weightDecay >= 0 && o.weightDecay * highest < 1,
      "not below 0, and below 1 when multiplied by the learning rate")
    check(
      "warmup", o.schedule.warmUpSteps, o.schedule.warmUpSteps >= 0, "not below 0")
    check(
      "schedule_floor", o.schedule.floor, o.schedule.floor >= 0 && o.schedule.floor <= 1,
      "from 0 to 1")
    check("clip", o.clip, o.clip >= 0 && o.clip.isFinite, "a number not below 0")
  }

  private func checkObjective(_ check: inout OptionCheck) {
    let locality = objective.regularizers[.locality]
    let weights =
      [("cross_entropy", objective.crossEntropy), ("distill", objective.distillation)]
      + Regularizer.allCases.map { ($0.rawValue, objective.regularizers[$0]) }
    for (name, weight) in weights {
      check(name, weight, weight >= 0 && weight <= 1e6, "from 0 to 1000000")
    }
    check(
      "cross_entropy", objective.crossEntropy,
      objective.crossEntropy > 0 || objective.distillation > 0,
      "above 0 where `distill` is 0: something must be learned")
    check(
      "locality_text", objective.localityTexts?.joined(separator: ",") ?? "nothing",
      locality == 0 || objective.localityTexts?.isEmpty == false,
      "a file of text where `locality` is not 0")
    check(
      "locality_text", objective.localityTexts?.joined(separator: ",") ?? "nothing",
      locality != 0 || objective.localityTexts == nil,
      "left out where `locality` is 0, its default: nothing would read it")
    check(
      "locality_instructions", objective.localityInstructions ?? "nothing",
      objective.localityInstructions != nil
        || !(objective.localityTexts ?? []).contains(where: ObjectiveOptions.isRows),
      "a file of instructions that ask for nothing, one a line, where `locality_text` has rows: answers that stay under"
        + " instructions that ask for others teach an editor to ignore instructions")
    check(
      "locality_instructions", objective.localityInstructions ?? "nothing",
      locality != 0 || objective.localityInstructions == nil,
      "left out where `locality` is 0, its default: nothing would read them")
    check(
      "teacher_cache", objective.teacherCache ?? "nothing",
      objective.teacherCache == nil || objective.distillation > 0 || locality > 0,
      "left out where neither `distill` nor `locality` follows a teacher")
  }

  private func checkValidation(_ check: inout OptionCheck) {
    let v = validation
    check("validate_families", v.families, v.families >= 0, "not below 0")
    check("steps_per_eval", v.interval, v.interval >= 0, "not below 0")
    check("val_rows", v.rows, (0...1_000_000).contains(v.rows), "0 to 1000000")
    for (name, part) in [
      ("unseen_part", v.split.unseen), ("seen_part", v.split.seen),
      ("compositional_part", v.split.compositional),
    ] {
      check(name, part, part >= 0 && part < 1, "from 0 to below 1")
    }
  }
}

/// Collects one problem for each option.
private struct OptionCheck {
  private(set) var problems: [EditorTrainingError] = []
  private var known: Set<String> = []

  mutating func callAsFunction(
    _ name: String, _ found: some CustomStringConvertible, _ holds: Bool, _ needed: String
  ) {
    guard !holds, known.insert(name).inserted else { return }
    let text = found.description
    problems.append(
      .option(name: name, found: text.isEmpty ? "nothing" : printable(text), needed: needed))
  }
}
