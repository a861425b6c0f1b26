import LanguageModels
import LatentEditing
import TensorKernels

/// How fast a model runs, edited or not: the workloads of llama.cpp's llama-bench, with tokens that vary in a
/// fixed way. A compiled edit gets the prompt that it was made for: the conversation is opened as `generate` and
/// `chat` open it, and the tokens that are measured follow.
///
///     let opened = try OpenedModel(settings)
///     let loaded = try opened.load(contextLength: 512, beyondTraining: true)
///     let test = try SpeedTest(loaded, nil)
///     print(try test.measure(.prompt(512))?.tokensPerSecond as Any)
public struct SpeedTest {
  /// What is done.
  public enum Workload: Sendable, Equatable {
    /// A prompt of so many tokens is read into an empty cache.
    case prompt(Int)
    /// So many tokens are fed one by one, after `depth` others that are not timed.
    case decoding(Int, depth: Int = 0)

    /// "pp512", "tg64", "tg64@d1024".
    public var name: String {
      switch self {
      case .prompt(let count): "pp\(count)"
      case .decoding(let count, let depth): "tg\(count)" + (depth > 0 ? "@d\(depth)" : "")
      }
    }

    /// Tokens that the context has to hold; with edits there may be some in front, and decoding starts after
    /// two tokens. Throws what makes the file of a compiled edit unreadable.
    public func contextLength(with edits: EditPreparation?) throws -> Int {
      let extra = try edits.map { 3 + $0.tokensInFront + (try $0.compiledTokenCount()) } ?? 0
      return switch self {
      case .prompt(let count): count + extra
      case .decoding(let count, let depth): count + depth + extra
      }
    }
  }

  private let loaded: LoadedModel
  private let edited: EditedProcessor?
  private let compiled: CompiledEdit?
  private var vocabularySize: Int { loaded.configuration.vocabularySize }
  private var model: any SequenceModel { edited ?? loaded.state }

  /// A test of `loaded`, with `edits` where there are some. Throws what makes the edits impossible.
  public init(_ loaded: LoadedModel, _ edits: EditPreparation?) throws {
    var edits = edits
    self.loaded = loaded
    edited = try edits?.processor(loaded)
    compiled = try edits?.compiled(loaded)
  }

  /// Runs `workload` `repetitions` times, after a first run that warms the caches up.
  ///
  /// - Parameters:
  ///   - workload: what is done.
  ///   - repetitions: runs that are timed, one at least.
  ///   - onRun: gets the number of runs done, and answers whether to go on; asked after every token as well,
  ///     with the same number.
  /// - Returns: the figures; nil where it was told to stop.
  /// - Throws: what the model throws.
  public func measure(
    _ workload: Workload, repetitions: Int = 5, onRun: (Int) -> Bool = { _ in true }
  ) throws -> SpeedMeasurement? {
    var rates: [Double] = []
    for repetition in 0...repetitions {
      guard onRun(repetition) else { return nil }
      let tokens: Int
      let time: Double?
      switch workload {
      case .prompt(let count):
        let ids = try begin(count) { 7919 * $0 + repetition }
        tokens = count
        time = try seconds { _ = try model.forward(ids) }
      case .decoding(let count, let depth):
        tokens = count
        time = try decode(count, depth: depth, repetition) { onRun(repetition) }
      }
      guard let time else { return nil }
      if repetition > 0 { rates.append(Double(tokens) / time) }
    }
    _ = onRun(repetitions + 1)
    let settings = loaded.opened.settings
    return SpeedMeasurement(
      test: workload.name, tokensPerSecond: Statistics.median(rates),
      stddev: Statistics.standardDeviation(rates), peakRssBytes: SystemMemory.peakResidentBytes,
      loadSeconds: loaded.loadSeconds, repetitions: repetitions, threads: settings.threadCount,
      model: loaded.opened.file.path, activations: settings.activations.rawValue,
      cacheType: settings.resolvedCacheType.rawValue)
  }

  /// Seconds; nil where it was told to stop.
  private func decode(
    _ count: Int, depth: Int, _ run: Int, _ isWanted: () -> Bool
  ) throws -> Double? {
    // Edits need a prompt to be placed in.
    let least = edited == nil ? 0 : compiled == nil ? 2 : 1
    let ids = try begin(max(depth, least)) { 31 * $0 + run }
    if !ids.isEmpty { _ = try model.forward(ids) }
    var isComplete = true
    let time = try seconds {
      for index in 0..<count {
        _ = try model.forward([(104_729 * index + run) % vocabularySize])
        isComplete = isWanted()
        if !isComplete { return }
      }
    }
    return isComplete ? time : nil
  }

  /// Empties the cache; the tokens to feed for a prompt of which `count` are read, one at least. Those that a compiled
  /// edit keeps are not read.
  private func begin(_ count: Int, _ token: (Int) -> Int) throws -> [Int] {
    loaded.state.truncate(to: 0)
    var ids = compiled?.promptBeginning ?? []
    // A ghost stands in front of the prompt's first token, which is read.
    let read = compiled.map { $0.tokens(for: ids).count - $0.tokens.count } ?? 0
    ids += (0..<count - read).map { token($0) % vocabularySize }
    guard let edited else { return ids }
    try edited.prepare(Prompt(ids))
    return edited.extended(Prompt(ids)).tokens
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body) / .seconds(1)
  }
}

/// How fast one workload ran: an object of JSON as `emend bench -o json` writes it.
public struct SpeedMeasurement: Sendable, Encodable {
  /// The workload's name.
  public let test: String
  /// The median of the runs.
  public let tokensPerSecond: Double
  /// The standard deviation of their rates.
  public let stddev: Double
  /// The most memory that the process has had.
  public let peakRssBytes: Int
  /// How long loading took.
  public let loadSeconds: Double
  /// Runs that were timed.
  public let repetitions: Int
  /// Threads that shared the work.
  public let threads: Int
  /// The model's file.
  public let model: String
  /// How activations were kept.
  public let activations: String
  /// How keys and values were kept.
  public let cacheType: String
}
