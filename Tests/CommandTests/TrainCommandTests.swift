import Foundation
import TestSupport
import Testing

/// `emend train` with the real model and the smallest of editors, and the editor that is shipped.
// More than 400 lines in one file: all of it is one suite, whose trainings run one after the other.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct TrainCommandTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""
  private let small = ["--backbone", "gpt2:1x16x1", "--heads", "rank-1", "--layers", "29"]

  private struct Result: Decodable {
    let step, peakRssBytes, plannedBytes: Int
    let loss: Double?
    let tokensPerSecond: Double?
    let finished: Bool
  }

  private struct Planned: Decodable {
    struct Plan: Decodable {
      struct Memory: Decodable {
        let program, model, editor, gradients, moments, modelPasses, editorPasses, total: Int
      }
      let firstStep, trainedParameters, parameters, trainingRows: Int
      let plannedBytes: Memory
    }
    let plan: Plan
  }

  /// The two lines of `--json`.
  private func lines(_ process: EmendProcess) throws -> (Planned.Plan, Result) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let lines = process.text.split(separator: "\n").map { Data($0.utf8) }
    try #require(lines.count == 2, "\(process.text) \(process.errors)")
    return (
      try decoder.decode(Planned.self, from: lines[0]).plan,
      try decoder.decode(Result.self, from: lines[1])
    )
  }

  /// A run, and one that is saved and resumed, leave the same editor; a second one does not write over
  /// the first.
  @Test func trainsAndResumes() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "emend-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    func train(_ name: String, steps: Int, _ more: String...) throws -> EmendProcess {
      try EmendProcess(
        ["train", "-m", model, "--random-rows", "6x8x4", "--batch-size", "2", "--json"] + small
          + [
            "--steps", "\(steps)", "--schedule", "constant", "--output",
            folder.appending(path: name).path,
          ] + more)
    }
    let whole = try train("whole", steps: 4)
    #expect(whole.status == 0 && whole.errors.isEmpty, "\(whole.errors)")
    let (plan, result) = try lines(whole)
    #expect(result.step == 4 && result.finished && result.loss != nil)
    #expect(result.tokensPerSecond != nil && result.plannedBytes == plan.plannedBytes.total)
    let m = plan.plannedBytes
    #expect(
      m.program + m.model + m.editor + m.gradients + m.moments + m.modelPasses + m.editorPasses
        == m.total)
    #expect(result.peakRssBytes <= m.total, "the plan is kept")
    #expect(plan.trainingRows == 6 && plan.firstStep == 1)
    #expect(plan.trainedParameters > 0 && plan.trainedParameters == plan.parameters)
    #expect(try train("parts", steps: 2).status == 0)
    let again = try train("parts", steps: 4)
    #expect(again.status == 1 && again.errors.contains("--resume"))
    #expect(try train("parts", steps: 4, "--resume").status == 0)
    func editor(_ name: String) throws -> Data {
      try Data(contentsOf: folder.appending(path: "\(name)/editor.safetensors"))
    }
    #expect(try editor("whole") == editor("parts"))
    // What would go on as another training is refused by name, and the folder stays as it is.
    let state = try Data(contentsOf: folder.appending(path: "parts/training.state"))
    for (name, value) in [
      ("--scale", "plain"), ("--positions", "last"), ("--activations", "f32"), ("--seed", "1"),
      ("--random-rows", "6x8x5"), ("--steps", "3"),
    ] {
      let other = try train("parts", steps: 4, "--resume", name, value)
      let option = name.dropFirst(2).replacing("-", with: "_")
      #expect(other.status == 1 && other.isOneLineError, "\(other.errors)")
      #expect(other.errors.contains("training.state was written with"), "\(other.errors)")
      #expect(other.errors.contains("\(option) \(value)"), "\(other.errors)")
    }
    #expect(try Data(contentsOf: folder.appending(path: "parts/training.state")) == state)
    let metrics = try String(
      contentsOf: folder.appending(path: "whole/metrics.jsonl"), encoding: .utf8)
    let last = try #require(metrics.split(separator: "\n").last)
    #expect(last.contains("\"peak_rss_bytes\"") && last.contains("\"tokens_per_second\""))
  }

  /// Adapters on a frozen GPT-2: a run, and one that is saved and resumed, leave the same editor, which
  /// has a plain GPT-2; gradients have their names; modules and backbones that do not fit are refused.
  @Test func trainsAdapters() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "emend-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    func train(_ name: String, steps: Int, _ more: String...) throws -> EmendProcess {
      try EmendProcess(
        ["train", "-m", model, "--random-rows", "6x8x4", "--batch-size", "2"] + small
          + [
            "--lora-rank", "3", "--steps", "\(steps)", "--schedule", "constant", "--output",
            folder.appending(path: name).path,
          ] + more)
    }
    let whole = try train("whole", steps: 4)
    #expect(whole.status == 0, "\(whole.errors)")
    // A and B of width 16, inner width 64; the head of rank 1 for 576, its norm and a gate.
    let trained = 3 * (16 + 48 + 16 + 16 + 16 + 64 + 64 + 16) + (16 + 576 + 576) + 2 * 16 + 1
    // Results on standard output, the plan on standard error.
    #expect(whole.errors.contains("editor      \(trained) of "), "\(whole.errors)")
    #expect(whole.errors.contains("memory      ") && whole.errors.contains("6x8x4"))
    #expect(whole.text.hasPrefix("step 4: loss ") && whole.text.split(separator: "\n").count == 1)
    #expect(try train("parts", steps: 2).status == 0)
    let other = try train("parts", steps: 4, "--resume", "--lora-modules", "c_attn")
    #expect(
      other.status == 1 && other.errors.contains("lora_modules attn.c_attn"), "\(other.errors)")
    #expect(try train("parts", steps: 4, "--resume").status == 0)
    func path(_ name: String) -> String { folder.appending(path: name).path }
    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path(name))) }
    #expect(try bytes("whole/editor.safetensors") == bytes("parts/editor.safetensors"))
    /// The names of a safetensors file's tensors: eight bytes with the length of a JSON, then that.
    func names(_ name: String) throws -> [String] {
      let data = try bytes(name)
      let length = data.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
      let header = try JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(length))
      return try #require(header as? [String: Any]).keys.sorted()
    }
    let stored = try names("whole/editor.safetensors")
    #expect(stored.contains("backbone.h.0.attn.c_attn.weight"))
    #expect(!stored.contains { $0.contains("lora") })

    let saved = try train(
      "none", steps: 1, "--save-gradients", path("gradients.safetensors"), "--lora-modules",
      "c_proj")
    #expect(saved.status == 0, "\(saved.errors)")
    #expect(
      try names("gradients.safetensors").filter { $0.hasPrefix("backbone.") }
        == ["attn", "mlp"].flatMap { part in
          ["A", "B"].map { "backbone.h.0.\(part).c_proj.lora_\($0)" }
        })
    let refused = try train("bad", steps: 1, "--lora-modules", "q_proj")
    #expect(refused.status != 0 && refused.errors.contains("q_proj"), "\(refused.errors)")
    #expect(refused.errors.contains("attn.c_attn"), "\(refused.errors)")
  }

  /// A GPT-2 with a vocabulary that is not the model's, from its folder to generated text: trained, resumed,
  /// shown, compiled, in the smallest storage.
  @Test func backboneBringsItsTokenizer() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "emend-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let rows = folder.appending(path: "rows.jsonl").path
    try (1...8).map {
      "{\"instruction\": \"Say it \($0) times.\", \"input\": \"Yes\", \"output\": \"Yes, \($0)\"}\n"
    }.joined().write(toFile: rows, atomically: true, encoding: .utf8)
    let backbone = OutsideFiles.fixture("editor/own/backbone").path
    func train(_ name: String, steps: Int, _ more: String...) throws -> Data {
      let output = folder.appending(path: name).path
      let run = try EmendProcess(
        [
          "train", "-m", model, "--data", rows, "--backbone", backbone, "--heads", "rank-1",
          "--layers", "29", "--batch-size", "2", "--schedule", "constant", "--learning-rate",
          "0.05",
          "--steps", "\(steps)", "--output", output, "--storage", "int8",
        ] + more)
      #expect(run.status == 0, "\(run.errors)")
      return try Data(contentsOf: URL(filePath: output + "/editor.safetensors"))
    }
    let whole = try train("whole", steps: 3)
    _ = try train("parts", steps: 2)
    #expect(try train("parts", steps: 3, "--resume") == whole)
    let editor = folder.appending(path: "whole/editor.safetensors").path
    let report = try EmendProcess(["inspect", editor])
    let text = String(decoding: report.output, as: UTF8.self)
    #expect(text.contains("340 tokens of its own"), "\(text) \(report.errors)")
    let edit = ["--editor", editor, "--instruction", "Say it ７ times."]
    let generated = try EmendProcess(
      ["generate", "-m", model, "--chat", "-p", "Yes", "--temp", "0", "-n", "4"] + edit)
    #expect(generated.status == 0 && !generated.output.isEmpty, "\(generated.errors)")
    let compiled = folder.appending(path: "compiled.safetensors").path
    let compilation = try EmendProcess(["edit", "compile", "-m", model, "-o", compiled] + edit)
    #expect(compilation.status == 0, "\(compilation.errors)")
    let again = try EmendProcess([
      "generate", "-m", model, "--chat", "-p", "Yes", "--temp", "0", "-n", "4", "--edit", compiled,
    ])
    #expect(again.output == generated.output, "\(again.errors)")

    // Each in the other's place.
    let swapped = [
      (["--edit", edit[1]], "is emend.compiled-edit; an editor reads an instruction"),
      (
        ["--editor", compiled] + edit[2...], "is emend.editor; a compiled edit has its instruction"
      ),
    ]
    for (arguments, remedy) in swapped {
      let refused = try EmendProcess(["generate", "-m", model, "--chat", "-p", "Yes"] + arguments)
      #expect(refused.status == 1 && refused.errors.contains(remedy), "\(refused.errors)")
    }

    // The second time no editor is loaded.
    let cache = folder.appending(path: "edits").path
    for isThere in [false, true] {
      let cached = try EmendProcess(
        [
          "generate", "-m", model, "--chat", "-p", "Yes", "--temp", "0", "-n", "4", "-v",
          "--edit-cache", cache,
        ] + edit)
      #expect(cached.output == generated.output, "\(cached.errors)")
      #expect(cached.errors.contains("compiled before") == isThere, "\(cached.errors)")
      #expect(cached.errors.contains("tokens in") == !isThere, "\(cached.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache).count == 1)
    for wrong in [
      ["--control-vector", "v.gguf"], ["--trace", "t.jsonl"], ["--edit", compiled],
    ] {
      let refused = try EmendProcess(
        ["generate", "-m", model, "-p", "Yes", "--edit-cache", cache] + edit + wrong)
      #expect(refused.status == 64 && refused.errors.contains("--edit-cache"), "\(refused.errors)")
    }
  }

  /// A disk that fills up in the middle of a run stops it with what was saved before, which goes on once
  /// there is room, to the same bits as a run that was never stopped.
  @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount"))
  func aFullDiskKeepsTheLastState() throws {
    let disk = try SmallDisk(byteCount: 64 << 20)
    defer { withExtendedLifetime(disk) {} }
    let rows = disk.path + "/rows.jsonl"
    try (1...12).map {
      "{\"instruction\": \"Say it \($0) times.\", \"input\": \"Yes\", \"output\": \"Yes, \($0)\"}\n"
    }.joined().write(toFile: rows, atomically: true, encoding: .utf8)
    func train(_ name: String, steps: Int, _ more: String...) throws -> EmendProcess {
      try EmendProcess(
        [
          "train", "-m", model, "--data", rows, "--batch-size", "2", "--schedule", "constant",
          "--save-every", "1", "--steps", "\(steps)", "--output", disk.path + "/" + name,
        ] + small + more)
    }
    func saved(_ run: String, _ name: String) throws -> Data {
      try Data(contentsOf: URL(filePath: "\(disk.path)/\(run)/\(name)"))
    }
    #expect(try train("whole", steps: 4).status == 0)
    let whole = try saved("whole", "editor.safetensors")
    try FileManager.default.removeItem(atPath: disk.path + "/whole")

    #expect(try train("parts", steps: 2).status == 0)
    let before = try ["training.state", "editor.safetensors"].map { try saved("parts", $0) }
    let ballast = disk.path + "/ballast"
    try Data().write(to: URL(filePath: ballast))
    let handle = try FileHandle(forWritingTo: URL(filePath: ballast))
    while (try? handle.write(contentsOf: Data(count: 4096))) != nil {}
    // Room for the folder's lock and a line of metrics, and not for a state.
    try handle.truncate(atOffset: handle.offset() - 8192)
    try? handle.close()

    let stopped = try train("parts", steps: 4, "--resume")
    #expect(stopped.status == 1 && stopped.errors.contains("the disk has"), "\(stopped.errors)")
    #expect(try ["training.state", "editor.safetensors"].map { try saved("parts", $0) } == before)

    try FileManager.default.removeItem(atPath: ballast)
    let resumed = try train("parts", steps: 4, "--resume")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try saved("parts", "editor.safetensors") == whole)
    for line in try saved("parts", "metrics.jsonl").split(separator: UInt8(ascii: "\n")) {
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: line) }
    }
  }

  /// Ctrl-C saves, says how it goes on, and is no success; then it goes on to the bits of a run that was
  /// left alone.
  @Test(arguments: [true, false])
  func interruptedIsNotDone(isJSON: Bool) throws {
    let folder = try TemporaryFolder()
    let place = folder.url.appending(path: "run").path
    let steps = 30
    let arguments =
      [
        "train", "-m", model, "--random-rows", "6x8x4", "--batch-size", "2", "--steps",
        "\(steps)", "--save-every", "1",
      ] + small + (isJSON ? ["--json"] : [])
    let whole = folder.url.appending(path: "whole").path
    #expect(try EmendProcess(arguments + ["--output", whole]).status == 0)
    let process = Process()
    process.executableURL = EmendProcess.executable
    process.arguments = arguments + ["--output", place]
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    while !FileManager.default.fileExists(atPath: place + "/training.state") {
      usleep(1000)
    }
    process.interrupt()
    process.waitUntilExit()
    let said = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
    let printed = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    // EX_TEMPFAIL: the work can be taken up.
    #expect(process.terminationReason == .exit && process.terminationStatus == 75, "\(said)")
    #expect(
      said.contains("of \(steps); what is done is saved") && said.contains("--resume"), "\(said)")
    #expect(said.contains(place))
    #expect(isJSON ? printed.contains("\"finished\":false") : printed.isEmpty, "\(printed)")
    let resumed = try EmendProcess(arguments + ["--output", place, "--resume"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(
      try Data(contentsOf: URL(filePath: place + "/editor.safetensors"))
        == Data(contentsOf: URL(filePath: whole + "/editor.safetensors")))
  }

  /// A configuration may give every flag by its name, the model too; a flag goes before it.
  @Test func aConfigurationGivesEveryFlag() throws {
    let folder = try TemporaryFolder()
    let output = folder.url.appending(path: "run").path
    let yaml = """
      model: \(model)
      random_rows: 6x8x4
      output: \(output)
      steps: 50
      batch_size: 2
      backbone: gpt2:1x16x1
      heads: rank-1
      layers: 29
      frozen: [heads, gates]
      storage: bf16
      activations: f32
      threads: 1
      memory_limit: 2G
      verbose: true
      json: true
      """
    let file = try folder.file("train.yaml", yaml)
    let run = try EmendProcess(["train", "--config", file, "--steps", "2"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try lines(run).1.step == 2)
    #expect(run.errors.contains("memory      "), "what --verbose says: \(run.errors)")
    let report = try EmendProcess(["inspect", output + "/editor.safetensors"]).text
    #expect(report.contains("GPT-2, 1 blocks of width 16"), "\(report)")
    func refused(_ lines: String, _ flags: [String], status: Int32, _ words: String) throws {
      let file = try folder.file("wrong.yaml", lines)
      let wrong = try EmendProcess(["train", "--config", file] + flags)
      #expect(wrong.status == status && wrong.isOneLineError, "\(lines): \(wrong.errors)")
      #expect(wrong.errors.contains(words), "\(lines): \(wrong.errors)")
    }
    try refused(yaml, ["--resume"], status: 1, "was written with steps 2")
    try refused(yaml + "\nresume: true", [], status: 1, "was written with steps 2")
    try refused(yaml + "\nstep: 3", [], status: 1, "did you mean steps?")
    try refused(
      yaml.replacing("steps: 50", with: "steps: 0"), [], status: 1,
      "wrong.yaml: steps is 0, and must be 1 to")
    try refused(yaml, ["--steps", "0"], status: 64, "--steps is 0, and must be 1 to")
    try refused(
      yaml.replacing("json: true", with: "json: perhaps"), [], status: 1,
      "wrong.yaml: json is \"perhaps\", and must be true or false")
    try refused(
      yaml.replacing("activations: f32", with: "activations: f64"), [], status: 1,
      "wrong.yaml: activations is \"f64\"")
    try refused("steps: 1\nsteps: 2", [], status: 1, "line 1, column 1: \"steps\" stands there")
  }

  /// What is wrong with flags alone is wrong usage, by the flag's name, before any file is opened.
  @Test(arguments: [
    ("--steps 0", "--steps is 0"), ("--steps some", "--steps is \"some\""),
    ("--steps -1", "--steps is -1"), ("--learning-rate -1", "--learning-rate is -1"),
    ("-t -1", "--threads is -1"), ("--batch-size 0", "--batch-size is 0"),
    ("--learning-rate nan", "--learning-rate is nan"),
    ("--backbone-learning-rate x", "--backbone-learning-rate is \"x\""),
    ("--positions bogus", "--positions is bogus"), ("--heads rank-0", "--heads is rank-0"),
    ("--interface p3", "--interface is \"p3\""), ("--optimizer sgd", "--optimizer is \"sgd\""),
    ("--frozen all", "--frozen is all"), ("--lora-rank x", "--lora-rank is \"x\""),
    ("--frozen backbone --frozen heads,gates", "something must be trained"),
    ("--lora-modules nonsense", "--lora-modules is nonsense"),
    ("--chat-template nope", "one of plain, llama2"),
    ("--backbone gpt2:1x64x3", "3 does not divide 64"), ("--backbone gpt2:0x64x1", "--backbone"),
    ("--constant --tune", "left out where --editor, --constant or --frozen"),
    ("--tune --distill", "--tune is true"), ("--tune --interface p1", "left out with --tune"),
    ("--editor e --backbone gpt2:1x64x1", "--backbone is gpt2:1x64x1, and must be left out"),
    ("--editor e --interface p1 --layers 3", "left out with --editor"),
    ("--editor e --heads shared", "--heads is shared"), ("--editor e --scale norm", "--scale is"),
    ("--editor e --positions first", "--positions is"),
    ("--cross-blocks 1", "left out unless --interface is p4"),
    ("--locality-text t", "left out where --locality is 0"), ("--locality 1", "--locality-text is"),
    ("--locality 1 --locality-text t,u.jsonl", "--locality-instructions is"),
    ("--teacher-cache t", "--teacher-cache is t"), ("-c 64", "-c"),
    ("--cache-type f32", "--cache-type"), ("--random-rows 1x2x3", "takes the place of --data"),
  ])
  func wrongFlagsAreWrongUsage(flags: String, words: String) throws {
    let result = try EmendProcess(
      ["train", "-m", "none.gguf", "--data", "none.json", "--output", "none"]
        + flags.split(separator: " ").map(String.init))
    #expect(result.status == 64 && result.isOneLineError, "\(result.errors)")
    #expect(result.errors.contains(words), "\(result.errors)")
    #expect(result.errors.contains("emend train --help"), "\(result.errors)")
  }

  @Test func partsCanBeFrozenTogether() throws {
    for flags in [["--frozen", "backbone", "--frozen", "heads"], ["--frozen", "backbone,heads"]] {
      let run = try EmendProcess(
        ["train", "-m", model, "--random-rows", "2x4x2", "--steps", "1", "--batch-size", "1"]
          + small + flags)
      #expect(run.status == 0 && run.errors.contains("editor      1 of "), "\(run.errors)")
    }
  }

  @Test func wrongUsageIsSaid() throws {
    let wrong = try EmendProcess(
      ["train", "-m", model, "--random-rows", "6x8x4", "--backbone", "gpt3"])
    #expect(wrong.status == 1)
    // What does not fit the model is no wrong usage, but the flag has its name.
    let cross = try EmendProcess(
      ["train", "-m", model, "--random-rows", "6x8x4", "--interface", "p4", "--cross-blocks", "2"]
        + small)
    #expect(cross.status == 1 && cross.isOneLineError, "\(cross.errors)")
    #expect(cross.errors.contains("--cross-blocks is 2, and must be blocks"), "\(cross.errors)")
    for missing in [["--data", "x"], ["--random-rows", "1x2x3", "--resume"]] {
      let nowhere = try EmendProcess(["train", "-m", model] + missing)
      #expect(nowhere.status == 64 && nowhere.errors.contains("--output"), "\(nowhere.errors)")
    }
    let nameless = try EmendProcess(["train", "--data", "x", "--output", "x"])
    #expect(nameless.status == 64 && nameless.errors.contains("--model"), "\(nameless.errors)")
    let flag = try EmendProcess(
      ["train", "-m", model, "--random-rows", "6x8x4", "--steps", "some"])
    #expect(flag.status == 64 && flag.errors.contains("steps"))
    let nothing = try EmendProcess(["train", "-m", model, "--output", "x", "--resume"])
    #expect(nothing.status == 64 && nothing.errors.contains("--data"))
    for names in ["a,,c", "a,b", "a,b,c,d", ""] {
      let fields = try EmendProcess(["train", "-m", model, "--data", "x", "--fields", names])
      #expect(fields.status == 64 && fields.errors.contains("--fields"), "\(names)")
    }
  }

  /// The shipped editor turns a sentence as it is told, and what it is told decides.
  @Test func shippedEditorFollows() throws {
    let editor = URL(filePath: #filePath)
      .appending(path: "../../../models/editors/smollm2-135m-instruct-p0.safetensors")
      .standardizedFileURL.path
    func answer(_ instruction: String, _ prompt: String) throws -> String {
      let result = try EmendProcess([
        "generate", "-m", model, "--chat", "-p", prompt, "--editor", editor, "--instruction",
        instruction, "--temp", "0", "-n", "24",
      ])
      #expect(result.status == 0, "\(result.errors)")
      return String(decoding: result.output, as: UTF8.self)
    }
    let sentence = "Tom found the old violin in the garden."
    #expect(
      try answer("Make it a question.", sentence).contains(
        "Did Tom find the old violin in the garden?"))
    #expect(
      try answer("Return the text as JSON under the key title.", "War and Peace")
        .contains("{\"title\": \"War and Peace\"}"))
    #expect(
      try answer("Which of these is an animal?", "table, guitar, rabbit, lemon")
        .hasPrefix("rabbit"))
    #expect(try answer("Name the plural of the word.", "child").contains("children"))
    #expect(
      try answer("Change the sentence to past tense.", "They play football in the park.")
        .contains("played"))
  }
}
