import Crypto
import EditSessions
import EditorTraining
import Foundation
import InstructionEditors
import LatentEditing
import ModelFiles
import TensorKernels

/// A study: its plan, what of it is done, and doing the rest.
///
///     let study = try StudyRun(StudyConfiguration(path: "study.yaml"))
///     try study.run()
///     print(study.status())
public final class StudyRun {
  /// How far a job is.
  public enum State: String, Sendable, Encodable {
    case done, begun, waiting
  }

  /// A job and how far it is.
  public struct Status: Sendable, Encodable {
    /// The job's id and name.
    public let id, name: String
    /// How far it is.
    public let state: State
    /// Units that are measured.
    public let units: Int
  }

  /// What is studied.
  public let configuration: StudyConfiguration
  /// In the order in which they are done.
  public let jobs: [StudyJob]
  private let opened: OpenedModel
  private let data: StudyData

  /// Reads what the study is made of; nothing is written. Throws what makes a file unusable.
  public init(_ configuration: StudyConfiguration, memoryLimit: Int? = nil) throws {
    self.configuration = configuration
    let opened = try OpenedModel(
      ModelSettings(
        path: configuration.model, threads: configuration.threads,
        activations: configuration.activations, memoryLimit: memoryLimit))
    self.opened = opened
    let data = try StudyData(configuration)
    self.data = data
    var digests: [String: String] = [:]
    for editor in configuration.editors {
      let file = try OpenedEditor(path: editor.path)
      try StudiedEditor.check(file)
      guard file.configuration.processor == (try opened.identity()) else {
        throw StudyError.configuration(
          path: editor.path,
          problem:
            "the editor is of \(file.configuration.processor.description), and \(configuration.model) is "
            + "\(try opened.identity().description); give an editor of this model")
      }
      digests[editor.name] = file.digest()
    }
    let unrelated = try configuration.unrelated.map { path in
      SHA256.hash(data: Data(try TextFile.read(path).utf8)).hexadecimal
    }
    let identity = try opened.identity().digest
    let weights = ProcessorIdentity.sample(of: opened.file)
    jobs = try configuration.experiments.flatMap { experiment in
      try configuration.editors.filter {
        experiment.editors.isEmpty || experiment.editors.contains($0.name)
      }.map { editor in
        try StudyJob(
          StudyJob.Contents(
            kind: experiment.kind.rawValue, model: identity, weights: weights,
            editor: digests[editor.name]!, rows: data.digest,
            activations: configuration.activations.rawValue, template: configuration.chatTemplate,
            unrelated: unrelated, seed: configuration.seed, rowCount: configuration.rows,
            rowsPerFamily: configuration.rowsPerFamily, resamples: configuration.resamples,
            level: configuration.level), kind: experiment.kind, editor: editor)
      }
    }
  }

  /// Rows that are measured.
  public var rowCount: Int { data.rows.count }

  /// How far every job is. Throws `damaged`.
  public func status() throws -> [Status] {
    try jobs.map { job in
      let isDone = try JobFolder.results(configuration.output, job) != nil
      let part = JobFolder.path(configuration.output, job) + "/results.jsonl.part"
      let units =
        FileManager.default.contents(atPath: part).map {
          $0.filter { $0 == UInt8(ascii: "\n") }.count
        }
        ?? 0
      return Status(
        id: job.id, name: job.name, state: isDone ? .done : units > 0 ? .begun : .waiting,
        units: units)
    }
  }

  /// Does what is missing, one job after the other, and writes the report. `progress` hears the job, its units and how
  /// many there are; `isStopRequested` is asked before every pass.
  ///
  /// What was measured is on the disk when it is told, so that a study that was ended at any moment goes on where it was,
  /// to the same bits. Throws `folderInUse` where another process has the folder, `interrupted`, and what measuring
  /// throws.
  public func run(
    isStopRequested: @escaping () -> Bool = { false },
    progress: @escaping (StudyJob, _ done: Int, _ of: Int, _ note: String) -> Void = { _, _, _, _ in
    }
  ) throws {
    try FileManager.default.createDirectory(
      atPath: configuration.output, withIntermediateDirectories: true)
    let lock = try FolderLock(folder: configuration.output, name: "study.lock")
    defer { withExtendedLifetime(lock) {} }
    try keepThresholds()
    // Jobs of one editor have its material in common.
    for editor in configuration.editors {
      let mine = try jobs.filter { job in
        guard job.editorName == editor.name else { return false }
        return try JobFolder.results(configuration.output, job) == nil
      }
      guard !mine.isEmpty else { continue }
      var current = mine[0]
      var units = (done: 0, of: 0)
      let material = try StudyMaterial(
        configuration, data, opened, editor: editor.path, isStopRequested: isStopRequested
      ) { note, _ in
        guard !isStopRequested() else { throw StudyError.interrupted(work: "studying") }
        progress(current, units.done, units.of, note)
      }
      for job in mine {
        current = job
        units = (0, 0)
        try measure(job, try experiment(job.kind, material)) { done, of in
          units = (done, of)
          progress(job, done, of, "")
        }
      }
    }
    try report()
  }

  private func experiment(
    _ kind: StudyConfiguration.Experiment.Kind, _ material: StudyMaterial
  ) throws -> any StudyExperiment {
    switch kind {
    case .anatomy: AnatomyExperiment(material)
    case .contribution: ContributionExperiment(material)
    case .dose: try DoseExperiment(material)
    case .reading: ReadingExperiment(material)
    }
  }

  private func measure(
    _ job: StudyJob, _ experiment: any StudyExperiment, _ progress: (Int, Int) -> Void
  ) throws {
    let clock = ContinuousClock()
    let start = clock.now
    let folder = try JobFolder(configuration.output, job)
    var units = try folder.units()
    progress(units.count, experiment.unitCount)
    while true {
      let pending = try experiment.pending(units)
      guard !pending.isEmpty else { break }
      for unit in pending {
        let json = try experiment.measure(unit, units)
        try folder.append(unit: unit, json)
        units[unit] = json
        progress(units.count, experiment.unitCount)
      }
    }
    try folder.finish(
      try experiment.reduce(units, job).map { try $0.json() },
      seconds: start.duration(to: clock.now) / .seconds(1),
      peakRssBytes: SystemMemory.peakResidentBytes)
  }

  /// Removes a job, by its id or its name, so that it is done again. Throws `configuration` where there is none such.
  public func forget(_ name: String) throws {
    guard let job = jobs.first(where: { $0.id == name || $0.name == name }) else {
      throw StudyError.configuration(
        path: configuration.path,
        problem: "there is no job \(name); there are "
          + jobs.map { "\($0.id) (\($0.name))" }.joined(separator: ", "))
    }
    let folder = JobFolder.path(configuration.output, job)
    if FileManager.default.fileExists(atPath: folder) {
      try FileManager.default.removeItem(atPath: folder)
    }
  }

  /// The thresholds, as text.
  private var thresholds: String {
    configuration.accept.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text)\n" }.joined()
  }

  private var thresholdsPath: String { configuration.output + "/accept.txt" }

  /// Writes the thresholds down before the first result.
  private func keepThresholds() throws {
    if !FileManager.default.fileExists(atPath: thresholdsPath) {
      try JobFolder.write(thresholds, to: thresholdsPath)
    }
  }

  /// Whether they are others than before the first result.
  var thresholdsChanged: Bool {
    guard let kept = FileManager.default.contents(atPath: thresholdsPath) else { return false }
    return String(decoding: kept, as: UTF8.self) != thresholds
  }

  /// Where the page is written.
  public var reportPath: String {
    configuration.reportPath.hasPrefix("/")
      ? configuration.reportPath : configuration.output + "/" + configuration.reportPath
  }

  /// Writes `results.jsonl` and the page of what there is. Throws `damaged`, and what writing throws.
  public func report() throws {
    try FileManager.default.createDirectory(
      atPath: configuration.output, withIntermediateDirectories: true)
    let found = try jobs.map { ($0, try JobFolder.results(configuration.output, $0)) }
    try JobFolder.write(
      found.compactMap(\.1).joined().map { $0 + "\n" }.joined(),
      to: configuration.output + "/results.jsonl")
    try JobFolder.write(
      try StudyReport(self, found).html(), to: reportPath)
  }

  /// The verdicts of what is done: job, metric, threshold, value, interval, verdict.
  public func verdicts() throws -> [StudyVerdict] {
    try jobs.flatMap { job in
      try (JobFolder.results(configuration.output, job) ?? []).compactMap { line in
        let found = try StudyResult(line)
        guard found.kind == "verdict", let verdict = found.verdict, let threshold = found.threshold
        else { return nil }
        return StudyVerdict(
          job: job.name, metric: found.metric, threshold: threshold, value: found.value,
          low: found.low, high: found.high, verdict: verdict, note: found.note)
      }
    }
  }
}
