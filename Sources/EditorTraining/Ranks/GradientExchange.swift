import LanguageModels
import MessagePassing
import TensorKernels

/// What the ranks of a training exchange in a step, while they compute: gradients on the way back, and updated
/// parameters on the next way forward.
///
///     exchange.beginGradients()
///     ... backward passes, the last of which says which gradients are final ...
///     try exchange.finishGradients()          // the sums of this rank's shares are in its gradients
///     ... this rank's shares are updated ...
///     exchange.beginParameters()              // the next forward pass waits for what it reads
final class GradientExchange: ParameterStages {
  let ranks: Communicator
  let shares: ParameterShares
  /// Whether the pass that runs is the step's last one on this rank.
  var isLastPass = false
  /// How long messages were under way in all steps, and how long this rank has waited for them.
  private(set) var exchanged = Duration.zero
  private(set) var waited = Duration.zero

  private let memory: PageBuffer
  private var reduction: GradientReduction?
  private var parameters: ShareGather?

  /// Memory for what arrives. Throws `memory`.
  init(_ ranks: Communicator, _ shares: ParameterShares) throws(EditorTrainingError) {
    self.ranks = ranks
    self.shares = shares
    do { memory = try PageBuffer(byteCount: GradientReduction.byteCount(shares)) } catch {
      throw .memory(error)
    }
  }

  /// Bytes in memory.
  var byteCount: Int { memory.byteCount }

  /// A step's passes begin.
  func beginGradients() {
    isLastPass = false
    let reduction = GradientReduction(shares, memory: memory)
    self.reduction = reduction
    ranks.begin(reduction)
  }

  func areFinal(from stage: Int) {
    guard isLastPass, let reduction else { return }
    reduction.finalStage.store(stage, ordering: .releasing)
    ranks.notify()
  }

  /// All passes are over: waits for the sums of this rank's shares. Throws `ranks`.
  func finishGradients() throws(EditorTrainingError) {
    guard let reduction else { preconditionFailure("no step was begun") }
    reduction.finalStage.store(.min, ordering: .releasing)
    ranks.notify()
    try wait { reduction.isDone.load(ordering: .acquiring) }
    exchanged += reduction.busy
    self.reduction = nil
  }

  /// This rank's shares of parameters are as they should be.
  func beginParameters() {
    let gather = ShareGather(shares, \.parameters)
    parameters = gather
    ranks.begin(gather)
  }

  func willRead(stage: Int) {
    guard let parameters else { return }
    let needed = parameters.order.prefix { shares.buckets[$0].stage <= stage }.count
    // What goes wrong with messages stays wrong, and `finishGradients` says so.
    try? wait { parameters.arrived.load(ordering: .acquiring) >= needed }
  }

  /// Waits for all parameters. Throws `ranks`.
  func finishParameters() throws(EditorTrainingError) {
    guard let parameters else { return }
    try wait { parameters.isDone.load(ordering: .acquiring) }
    exchanged += parameters.busy
    self.parameters = nil
  }

  /// The sums of all gradients, of other ranks' shares too, after `finishGradients`. Throws `ranks`.
  func gatherGradients() throws(EditorTrainingError) {
    do { try ranks.run(ShareGather(shares, \.gradients)) } catch { throw .ranks(error) }
  }

  private func wait(_ condition: () -> Bool) throws(EditorTrainingError) {
    if condition() { return }
    let begin = ContinuousClock.now
    defer { waited += ContinuousClock.now - begin }
    do { try ranks.wait(until: condition) } catch { throw .ranks(error) }
  }
}
