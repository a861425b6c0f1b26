import EditorTraining
import Foundation
import TestSupport
import Testing

@Suite struct TrainingOptionsTests {
  private func read(_ yaml: String) throws -> TrainingOptions {
    var options = TrainingOptions()
    try options.read(yaml: yaml, path: "c.yaml")
    return options
  }

  private func message(_ yaml: String) -> String {
    do {
      _ = try read(yaml)
      return ""
    } catch { return "\(error)" }
  }

  /// Every option, with a value that is not its default.
  private static let everything = """
    # A study.
    model: "m.gguf"
    data:
      - a.json
      - {path: 'b c.jsonl.zst', weight: 0.5}
    output: out
    chat-template: zephyr
    fields: q,c,a
    instruction_field: question
    input-field: context
    output_field: answer
    parts_field: tags
    split-field: side
    family_field: kind
    editor: e.safetensors
    backbone: gpt2:2x64x4
    lora_rank: 8
    lora_modules: q_proj,down_proj
    cross_blocks: 1,2
    interface: p5
    instruction_place: system
    prefix_tokens: 4
    layers: 0-3,10
    positions: f1+l2
    scale: plain
    heads: shared
    head_start: 0.5
    constant: true
    tune: true
    frozen: [gates, heads]
    steps: 5_000
    batch_size: 6
    grad_accumulation_steps: 2
    max-seq-length: 256
    seed: 18446744073709551615
    save_every: 7
    save_every_seconds: 90
    family_rows: 24
    optimizer: adamw8bit
    beta1: 0.8
    beta2: 0.99
    epsilon: 1e-6
    learning_rate: 5e-5
    backbone_learning_rate: 1e-5
    head_learning_rate: 1e-3
    gate_learning_rate: .01
    weight_decay: 0
    schedule: linear
    warmup: 20
    schedule_floor: 0.2
    clip: 2
    cross_entropy: 0.5
    distill: true
    distill_weight: 0.5
    l1: 1e-4
    group_lasso: 1e-3
    locality: 0.1
    locality_text: t.txt, u.jsonl
    locality_instructions: i.txt
    teacher_cache: teachers
    grad_checkpoint: off
    backward: bf16
    steps_per_eval: 50
    val_rows: 10
    validate_families: 3
    unseen_part: 0.2
    seen_part: 0.3
    compositional_part: 0.4
    """

  @Test func everyOptionIsRead() throws {
    #expect(throws: EditorTrainingError.self) { try read(Self.everything) }
    let options = try read(Self.everything.replacing("5_000", with: "5000"))
    var wanted = TrainingOptions()
    wanted.model = "m.gguf"
    wanted.data = [
      TrainingDataFile(path: "a.json"), TrainingDataFile(path: "b c.jsonl.zst", weight: 0.5),
    ]
    wanted.output = "out"
    wanted.chatTemplate = "zephyr"
    wanted.fields = RowFields(
      instruction: "question", input: "context", output: "answer", parts: "tags", split: "side",
      family: "kind")
    wanted.editor.file = "e.safetensors"
    wanted.editor.backbone = .gpt2(blocks: 2, width: 64, heads: 4)
    wanted.editor.loraRank = 8
    wanted.editor.interface = .p5
    wanted.editor.instructionPlace = .system
    wanted.editor.prefixTokens = 4
    wanted.editor.layers = "0-3,10"
    wanted.editor.positions = "f1+l2"
    wanted.editor.scale = "plain"
    wanted.editor.heads = "shared"
    wanted.editor.headStart = 0.5
    wanted.editor.isConstant = true
    wanted.editor.isTuning = true
    wanted.editor.frozen = ["gates", "heads"]
    wanted.editor.loraModules = ["q_proj", "down_proj"]
    wanted.editor.crossBlocks = [1, 2]
    wanted.run.steps = 5000
    wanted.run.batchSize = 6
    wanted.run.accumulation = 2
    wanted.run.maxSequenceLength = 256
    wanted.run.seed = .max
    wanted.run.saveInterval = 7
    wanted.run.saveSeconds = 90
    wanted.run.familyRows = 24
    wanted.optimization.optimizer = .eightBit
    wanted.optimization.beta1 = 0.8
    wanted.optimization.beta2 = 0.99
    wanted.optimization.epsilon = 1e-6
    wanted.optimization.learningRate = 5e-5
    wanted.optimization.backboneRate = 1e-5
    wanted.optimization.headRate = 1e-3
    wanted.optimization.gateRate = 0.01
    wanted.optimization.weightDecay = 0
    wanted.optimization.schedule = LearningRateSchedule(.linear, warmUpSteps: 20, floor: 0.2)
    wanted.optimization.clip = 2
    wanted.objective.crossEntropy = 0.5
    wanted.objective.distillation = 0.5
    wanted.objective.regularizers[.l1] = 1e-4
    wanted.objective.regularizers[.groupLasso] = 1e-3
    wanted.objective.regularizers[.locality] = 0.1
    wanted.objective.localityTexts = ["t.txt", "u.jsonl"]
    wanted.objective.localityInstructions = "i.txt"
    wanted.objective.teacherCache = "teachers"
    wanted.gradients.checkpoints = .off
    wanted.gradients.backward = .bf16
    wanted.validation.interval = 50
    wanted.validation.rows = 10
    wanted.validation.families = 3
    wanted.validation.split.unseen = 0.2
    wanted.validation.split.seen = 0.3
    wanted.validation.split.compositional = 0.4
    #expect(options == wanted)
    // An editor's file and tuning exclude what makes a new editor; the rest agrees.
    #expect(
      options.problems.map(name) == [
        "backbone", "interface", "layers", "positions", "scale", "heads", "instruction_place",
        "head_start", "cross_blocks", "prefix_tokens", "teacher_cache", "tune",
      ])
    wanted.editor.isTuning = false
    wanted.editor.file = nil
    wanted.editor.interface = .p4
    wanted.editor.instructionPlace = nil
    wanted.editor.prefixTokens = nil
    wanted.editor.loraModules = ["c_attn"]
    #expect(wanted.problems == [])
    // The text above names them all, and each value there is another one than the default.
    let named = Self.everything.split(separator: "\n").compactMap { line -> String? in
      guard line.first?.isLetter == true else { return nil }
      return String(line.prefix { $0 != ":" }).replacing("-", with: "_")
    }
    #expect(named == TrainingOptions.names)
    for line in Self.everything.replacing("5_000", with: "5000").split(separator: "\n").dropFirst()
    where line.first?.isLetter == true && line != "data:" {
      #expect(try read(String(line)) != TrainingOptions(), "\(line)")
    }
    // As a training state keeps them.
    let data = try JSONEncoder().encode(options)
    #expect(try JSONDecoder().decode(TrainingOptions.self, from: data) == options)
  }

  /// What a configuration does not say stays what it was; so does everything where it is refused.
  @Test func configurationsLieOverEachOther() throws {
    var options = try read("model: a\nsteps: 3")
    try options.read(yaml: "steps: 4\nbatch_size:\noutput: ~", path: "c.yaml")
    #expect(options.model == "a" && options.run.steps == 4 && options.output == "")
    #expect(options.run.batchSize == TrainingOptions().run.batchSize)
    let before = options
    #expect(throws: EditorTrainingError.self) {
      try options.read(yaml: "steps: 5\nbatch_size: x", path: "c.yaml")
    }
    #expect(options == before)
    try options.read(yaml: "", path: "c.yaml")
    try options.read(yaml: "# nothing\n", path: "c.yaml")
    #expect(options == before)
    #expect(try read("data: a.json").data == [TrainingDataFile(path: "a.json")])
    #expect(try read("data: {path: a, weight: 2}").data[0].weight == 2)
    #expect(try read("frozen: heads").editor.frozen == ["heads"])
    #expect(try read("frozen: heads, gates").editor.frozen == ["heads", "gates"])
    #expect(try read("lora_modules: [c_attn, c_fc]").editor.loraModules == ["c_attn", "c_fc"])
    #expect(try read("cross_blocks: [1, 3]").editor.crossBlocks == [1, 3])
    #expect(try read("distill: false").objective.distillation == 0)
    #expect(try read("distill: true").objective.distillation == 1)
    #expect(try read("distill_weight: 3\ndistill: true").objective.distillation == 3)
    #expect(try read("output: \"null\"").output == "null")
    #expect(try read("grad_checkpoint: every=4").gradients.checkpoints == .every(4))
    #expect(try read("grad_checkpoint: 2").gradients.checkpoints == .every(2))
    #expect(
      try read("grad_checkpoint: every=2,bf16").gradients.checkpoints == .every(2, rounded: true))
    #expect(try read("backbone: processor").editor.backbone == .processor(depth: nil))
    #expect(try read("backbone: models/gpt2").editor.backbone == .files("models/gpt2"))
  }

  /// Options of the reader's own are told apart, and handed over as they are written.
  @Test func readersHaveOptionsOfTheirOwn() throws {
    var options = TrainingOptions()
    let configured = try options.read(
      yaml: "steps: 4\nthreads: 2\njson: true\nbatch-size:\n", path: "c.yaml",
      others: ["threads", "json", "storage"])
    #expect(configured.path == "c.yaml" && configured.names == ["steps"])
    #expect(try configured.value("threads", needed: "a number") { Int($0) } == 2)
    #expect(try configured.value("storage", needed: "a name") { $0 } == nil)
    let error = #expect(throws: EditorTrainingError.self) {
      try configured.value("json", needed: "a number") { Int($0) }
    }
    #expect(
      error?.description
        == "c.yaml: json is \"true\", and must be a number; choose another value")
    let unknown = #expect(throws: EditorTrainingError.self) {
      try options.read(yaml: "thread: 2", path: "c.yaml", others: ["threads"])
    }
    #expect(unknown?.description == "c.yaml: there is no option thread; did you mean threads?")
  }

  /// A program with flags calls options by these, those that a message mentions too.
  @Test func namesCanBeSpelledOtherwise() {
    let error = EditorTrainingError.option(
      name: "cross_blocks", found: "a `b`", needed: "left out unless `max_seq_length` is p4")
    #expect(
      error.description(spelling: { "--" + $0.replacing("_", with: "-") })
        == "--cross-blocks is a `b`, and must be left out unless --max-seq-length is p4")
    #expect(
      error.description.hasSuffix("left out unless max_seq_length is p4; choose another value"))
  }

  @Test func unknownNamesAreRefused() {
    #expect(
      message("learning_rat: 1")
        == "c.yaml: there is no option learning_rat; did you mean learning_rate?")
    #expect(message("max-seq-lenght: 1").hasSuffix("did you mean max_seq_length?"))
    #expect(message("iters: 1").hasSuffix("did you mean steps?"))
    #expect(message("colour: 1").contains("the options are model, data, output,"))
    #expect(message("step: 1").hasSuffix("did you mean steps?"))
    #expect(message("[1]: 2").contains("there is no option ?"))
  }

  @Test(arguments: [
    ("steps: many", "steps is \"many\", and must be a whole number"),
    ("steps: 1.5", "steps is \"1.5\", and must be a whole number"),
    ("steps: [1]", "steps is a list"), ("steps: {a: 1}", "steps is a table"),
    ("steps: 99999999999999999999", "and must be a whole number"), ("seed: -1", "not negative"),
    ("learning-rate: fast", "learning-rate is \"fast\", and must be a number"),
    ("optimizer: sgd", "must be adamw, adamw8bit"), ("schedule: cosin", "constant, cosine, linear"),
    ("interface: p3", "must be p0, p1, p2, p4, p5, p7, p8"),
    ("backward: f16", "must be f32, bf16, int8"),
    ("grad_checkpoint: every=0", "every=K, every=K,bf16 or off"),
    ("grad_checkpoint: every=off", "every=K, every=K,bf16 or off"),
    ("backbone: gpt2:12x768", "gpt2:BLOCKSxWIDTHxHEADS"),
    ("backbone: gpt2:12x768x7", "(7 does not divide 768)"),
    ("data: []", "data is a list, and must be a path"), ("data: [[a]]", "must be a path"),
    ("data: {path: a}", "must be a path"), ("data: {path: a, weigth: 1}", "must be a path"),
    ("frozen: {a: b}", "must be a part or several"),
    ("steps: 1\nseed: 0\nsteps: 2", "line 1, column 1: \"steps\" stands there twice; write"),
    ("steps: 1\nlearning_rate: [1,\nseed: 3", "flow sequence that begins in line 2, did not"),
    ("backbone_learning_rate: fast", "is \"fast\", and must be a number"),
    ("lora_rank: x", "is \"x\", and must be a whole number"), ("distill: maybe", "true, false or"),
    ("fields: a,b", "three names with commas"), ("lora_modules: [a, [b]]", "names with commas"),
    ("cross_blocks: 1,x", "whole numbers"), ("frozen: [[heads]]", "a part or several"),
    ("max_seq_length: 1\nmax-seq-length: 1", "twice"),
    ("steps", "it is no list of names and values"), ("a: [", "cannot be read"),
    ("a: *b", "cannot be read"),
    ("\"st\\eps\": 1", "there is no option st\u{FFFD}ps"),
    ("steps: \"\\e[2J\"", "steps is \"\u{FFFD}[2J\""),
  ])
  func wrongValuesAreRefused(yaml: String, expected: String) {
    let found = message(yaml)
    #expect(found.hasPrefix("c.yaml: ") && found.contains(expected), "\(found)")
  }

  /// Deep nesting and aliases of aliases end in an error or in nothing, in no time.
  @Test func hostileConfigurations() throws {
    let depth = 100_000
    #expect(message("data: " + String(repeating: "[", count: depth)).contains("cannot be read"))
    #expect(message(String(repeating: "- ", count: depth)).contains("cannot be read"))
    _ = message(String(repeating: "? ", count: depth))
    var laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for i in 1..<12 {
      laughs +=
        "a\(i): &a\(i) [" + Array(repeating: "*a\(i - 1)", count: 9).joined(separator: ",") + "]\n"
    }
    #expect(message(laughs).contains("there is no option a0"))
    try withTemporaryFolder { folder in
      let path = folder + "/c.yaml"
      var options = TrainingOptions()
      try Data([0x61, 0xFF, 0x0A]).write(to: URL(fileURLWithPath: path))
      #expect(throws: EditorTrainingError.self) { try options.read(path: path) }
      try Data(count: 2 << 20).write(to: URL(fileURLWithPath: path))
      #expect(throws: EditorTrainingError.self) { try options.read(path: path) }
      for mark in [[], [0xEF, 0xBB, 0xBF]] as [[UInt8]] {
        options = TrainingOptions()
        try Data(mark + Array("steps: 3".utf8)).write(to: URL(fileURLWithPath: path))
        try options.read(path: path)
        #expect(options.run.steps == 3)
      }
      let wide: [UInt8] = "steps: 3".utf8.flatMap { [$0, 0] }
      try Data([0xFF, 0xFE] + wide).write(to: URL(fileURLWithPath: path))
      #expect(
        throws: EditorTrainingError.file(.wrongEncoding(path: path, found: "UTF-16LE"))
      ) { try options.read(path: path) }
    }
  }

  @Test func problemsAreNamed() throws {
    #expect(
      TrainingOptions().problems.map(name) == ["model"])
    let base = "model: m\noutput: o\ndata: d\n"
    #expect(try read(base).problems == [])
    for (yaml, option) in [
      ("data: {path: d, weight: -1}", "data"), ("input_field: output", "instruction_field"),
      ("lora_rank: -1", "lora_rank"), ("layers: 3-1", "layers"), ("positions: f0", "positions"),
      ("scale: big", "scale"), ("heads: rank-0", "heads"), ("frozen: head", "frozen"),
      ("frozen: [heads, gates, backbone]", "frozen"), ("steps: 0", "steps"),
      ("batch_size: -1", "batch_size"), ("grad_accumulation_steps: 0", "grad_accumulation_steps"),
      ("max_seq_length: 1", "max_seq_length"), ("save_every: -1", "save_every"),
      ("beta1: 1", "beta1"), ("beta2: 1", "beta2"),
      ("epsilon: 0", "epsilon"), ("learning_rate: nan", "learning_rate"),
      ("head_learning_rate: -1", "head_learning_rate"), ("weight_decay: inf", "weight_decay"),
      ("warmup: -1", "warmup"), ("schedule_floor: 2", "schedule_floor"), ("clip: nan", "clip"),
      ("cross_entropy: 0", "cross_entropy"), ("distill: -1", "distill"), ("l1: nan", "l1"),
      ("group_lasso: -1", "group_lasso"), ("locality: 1", "locality_text"),
      ("teacher_cache: t", "teacher_cache"),
      ("editor: e\ninterface: p0", "interface"), ("editor: e\nbackbone: processor", "backbone"),
      ("editor: e\nlayers: all", "layers"), ("tune: true\nheads: shared", "heads"),
      ("head_start: 11", "head_start"), ("heads: rank-2\nhead_start: 1", "head_start"),
      ("interface: p7\npositions: all", "positions"),
      ("interface: p7\nhead_start: 1", "head_start"),
      ("interface: p8\nhead_start: 1", "head_start"), ("editor: e\nhead_start: 1", "head_start"),
      ("cross_blocks: 1", "cross_blocks"), ("interface: p1\ncross_blocks: 1", "cross_blocks"),
      ("locality_text: t", "locality_text"),
      ("locality_instructions: t", "locality_instructions"),
      ("chat_template: nope", "chat_template"),
      ("lora_rank: 0\nlora_modules: c_fc", "lora_rank"),
      ("steps_per_eval: -1", "steps_per_eval"), ("val_rows: -1", "val_rows"),
      ("unseen_part: 1", "unseen_part"), ("seen_part: nan", "seen_part"),
      ("compositional_part: -1", "compositional_part"),
    ] {
      // The option that is given twice would be refused as such.
      let lines = base.split(separator: "\n").filter { !yaml.hasPrefix($0.prefix(4)) } + [yaml[...]]
      let problems = try read(lines.joined(separator: "\n")).problems
      #expect(problems.map(name) == [option], "\(yaml): \(problems)")
    }
    #expect(throws: EditorTrainingError.self) { try read(base + "steps: 0").validate() }
    try read(base + "cross_entropy: 0\ndistill: 1").validate()
  }

  private func name(_ error: EditorTrainingError) -> String {
    if case .option(let name, _, _) = error { name } else { "\(error)" }
  }
}
