import Crypto
import EditSessions
import EditorTraining
import Foundation
import InstructionEditors
import LatentEditing
import MessagePassing
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
    /// About how long it takes, or took.
    public let seconds: Double
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
    var prefixes: Set<String> = []
    var blueprints: [String: EditorConfiguration] = [:]
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
      blueprints[editor.name] = file.configuration
      if file.configuration.interface.isPrefix { prefixes.insert(editor.name) }
    }
    self.prefixes = prefixes
    let unrelated = try configuration.unrelated.map { path in
      SHA256.hash(data: Data(try TextFile.read(path).utf8)).hexadecimal
    }
    let identity = try opened.identity().digest
    let weights = ProcessorIdentity.sample(of: opened.file)
    let editorDigests = digests
    jobs = try StudyPlan(configuration, editors: blueprints) { experiment, editor in
      let trains = [.cell, .sites].contains(experiment.kind) || experiment.kind.isTrained
      return StudyJob.Contents(
        // Lines of every row, which others are made of, came to it.
        format: experiment.kind == .tracing ? 4 : 3, kind: experiment.kind.rawValue,
        model: identity, weights: weights,
        editor: editorDigests[editor]!, rows: data.digest,
        activations: configuration.activations.rawValue, template: configuration.chatTemplate,
        unrelated: unrelated, seed: configuration.seed, rowCount: configuration.rows,
        rowsPerFamily: configuration.rowsPerFamily, resamples: configuration.resamples,
        level: configuration.level, pathPoints: configuration.pathPoints,
        knownPerFamily: configuration.knownPerFamily,
        vectorFamilies: experiment.kind == .vectors ? configuration.vectorFamilies : nil,
        vectorSteps: experiment.kind == .vectors ? configuration.vectorSteps : nil,
        counterfactuals: experiment.kind == .cebab ? data.reviews?.digest : nil,
        originals: experiment.kind == .cebab ? configuration.originals : nil,
        fits: experiment.kind == .inverse
          ? configuration.inverse : experiment.kind == .wayward ? configuration.wayward : nil,
        functionVectors: experiment.kind == .taskHeads ? configuration.functionVectors : nil,
        trainingRows: trains ? data.trainingDigest : nil,
        reader: experiment.kind == .reader ? configuration.reader : nil)
    }.jobs
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
        units: units,
        seconds: isDone
          ? JobFolder.seconds(configuration.output, job) ?? 0
          : try job.cell.map(cost(job).seconds) ?? cost(job).seconds(job.kind))
    }
  }

  private func cost(_ job: StudyJob) throws -> StudyCost {
    StudyCost(
      depth: opened.configuration.layerCount, heads: Double(opened.configuration.headCount),
      weights: opened.file.tensors.reduce(0) { $0 + Double($1.elementCount) },
      threads: Double(opened.settings.threadCount), rows: Double(data.rows.count),
      pairs: Double(data.pairs.count), others: Double(data.otherFamilies.count),
      points: Double(configuration.pathPoints),
      reviews: data.reviews.map { (Double($0.test.count), Double($0.training.count)) } ?? (0, 0),
      vectors: Double(configuration.vectorFamilies),
      steps: Double(configuration.vectorSteps), reader: configuration.training.reader,
      known: Double(data.known(perFamily: configuration.knownPerFamily).count),
      inverse: configuration.inverse, wayward: configuration.wayward,
      functionVectors: configuration.functionVectors,
      isPrefix: prefixes.contains(job.editorName))
  }

  /// Names of editors that write prefixes.
  let prefixes: Set<String>

  /// Does what is missing, one job after the other, and writes the report. `progress` hears the job, its units and how
  /// many there are; `isStopRequested` is asked before every pass. Of several processes on one folder each takes jobs that
  /// no other has; the last waits for those of the others, and takes them over where their owner is gone.
  ///
  /// What was measured is on the disk when it is told, so that a study that was ended at any moment goes on where it was,
  /// to the same bits. With `only`, a job's number from 0, id or name, that one alone is done, and before it what it needs.
  /// Throws `claimed` where another process does that one, `interrupted`, and what measuring throws.
  ///
  /// `ranks` take jobs in the same way, in a folder that they share, and all call this: where one is told to stop, all
  /// stop and throw `interrupted`; the first writes the report; one job alone is the first one's. Throws `folderNotShared`
  /// too, and `CommunicationError`.
  public func run(
    only: String? = nil, ranks: Communicator? = nil,
    isStopRequested: @escaping () -> Bool = { false },
    progress: @escaping (StudyJob, _ done: Int, _ of: Int, _ note: String) -> Void = { _, _, _, _ in
    }
  ) throws {
    if let ranks {
      try share(ranks, isStopRequested) { isStopRequested in
        guard only == nil || ranks.isFirst else { return }
        try measureAll(
          only: only, first: ranks.rank, isStopRequested: isStopRequested, progress: progress)
      }
    } else {
      try measureAll(only: only, isStopRequested: isStopRequested, progress: progress)
    }
    try Communicator.agreeing(ranks) { if ranks?.isFirst ?? true { try report() } }
  }

  /// Does what is missing, as above, without the report. Of several ranks each begins with the editor of its number.
  private func measureAll(
    only: String?, first: Int = 0, isStopRequested: @escaping () -> Bool,
    progress: @escaping (StudyJob, _ done: Int, _ of: Int, _ note: String) -> Void
  ) throws {
    let asked = try only.map { try job($0) }
    let wanted = asked.map(needed) ?? jobs
    try FileManager.default.createDirectory(
      atPath: configuration.output, withIntermediateDirectories: true)
    try keepThresholds()
    let editors = configuration.editors
    while true {
      var isElsewhere = false
      // Jobs of one editor have its material in common.
      for number in editors.indices {
        let editor = editors[(first + number) % editors.count]
        let mine = wanted.filter { $0.editorName == editor.name }
        if try !measure(mine, editor.path, isStopRequested, progress) { isElsewhere = true }
      }
      guard isElsewhere else { break }
      // What it needs is waited for; the job itself is not.
      if let asked, try asked.needs.allSatisfy(isDone) {
        throw StudyError.claimed(
          path: JobFolder.path(configuration.output, asked), by: "another process")
      }
      guard !isStopRequested() else { throw StudyError.interrupted(work: "studying") }
      Thread.sleep(forTimeInterval: 1)
    }
  }

  /// A job by its number in the plan, its id or its name. Throws `configuration` where there is none such.
  private func job(_ name: String) throws -> StudyJob {
    if let number = Int(name), jobs.indices.contains(number) { return jobs[number] }
    guard let job = jobs.first(where: { $0.id == name || $0.name == name }) else {
      throw StudyError.configuration(
        path: configuration.path,
        problem: "there is no job \(name); there are "
          + jobs.map { "\($0.id) (\($0.name))" }.joined(separator: ", "))
    }
    return job
  }

  /// Measures those of `jobs`, of one editor, that nobody has measured or is measuring; whether all are measured now.
  private func measure(
    _ jobs: [StudyJob], _ editor: String, _ isStopRequested: @escaping () -> Bool,
    _ progress: @escaping (StudyJob, Int, Int, String) -> Void
  ) throws -> Bool {
    var material: StudyMaterial?
    var isWhole = true
    var current = jobs.first
    var units = (done: 0, of: 0)
    var claim: JobClaim?
    for job in jobs where try JobFolder.results(configuration.output, job) == nil {
      guard try job.needs.allSatisfy(isDone) else {
        isWhole = false
        continue
      }
      let folder = try JobFolder(configuration.output, job)
      claim = try JobClaim(folder.path)
      guard claim != nil else {
        isWhole = false
        continue
      }
      // Somebody else may have finished it since it was looked at.
      guard try JobFolder.results(configuration.output, job) == nil else { continue }
      current = job
      units = (0, 0)
      let here =
        try material
        ?? StudyMaterial(
          configuration, data, opened, editor: editor, isStopRequested: isStopRequested
        ) { note, _ in
          guard !isStopRequested() else { throw StudyError.interrupted(work: "studying") }
          claim?.renew()
          if let current { progress(current, units.done, units.of, note) }
        }
      material = here
      try measure(job, folder, try experiment(job, folder.path, here)) { done, of in
        claim?.renew()
        units = (done, of)
        progress(job, done, of, "")
      }
      claim = nil
    }
    return isWhole
  }

  private func measure(
    _ job: StudyJob, _ folder: JobFolder, _ experiment: any StudyExperiment,
    _ progress: (Int, Int) -> Void
  ) throws {
    let clock = ContinuousClock()
    let start = clock.now
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
    experiment.finished()
  }

  /// Removes a job, by its id or its name, so that it is done again. Throws `configuration` where there is none such.
  public func forget(_ name: String) throws {
    let job = try job(name)
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
    let lock = try JobClaim.waited(configuration.output, name: "study.lock")
    defer { withExtendedLifetime(lock) {} }
    if !FileManager.default.fileExists(atPath: thresholdsPath) {
      try TextFile.write(thresholds, to: thresholdsPath)
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
    let lock = try JobClaim.waited(configuration.output, name: "study.lock")
    defer { withExtendedLifetime(lock) {} }
    let found = try jobs.map { ($0, try JobFolder.results(configuration.output, $0)) }
    let report = try StudyReport(self, found)
    try TextFile.write(
      (found.compactMap(\.1).joined() + (try report.unmeasuredLines)).map { $0 + "\n" }.joined(),
      to: configuration.output + "/results.jsonl")
    try TextFile.write(report.html(), to: reportPath)
  }

  /// The verdicts of what is done: job, metric, threshold, value, interval, verdict.
  public func verdicts() throws -> [StudyVerdict] {
    try jobs.flatMap { job in
      try (JobFolder.results(configuration.output, job) ?? []).compactMap {
        StudyVerdict(try StudyResult($0), of: job)
      }
    }
  }

  /// The five claims about every editor, of what is done.
  public func claims() throws -> [StudyClaim] {
    let verdicts = try verdicts()
    return configuration.editors.flatMap { StudyClaim.all($0.name, verdicts) }
  }

  /// A script that hands the jobs to a cluster.
  public func arrayScript() -> String {
    configuration.array.script(
      name: configuration.name, config: configuration.path, jobs: jobs.count)
  }
}
