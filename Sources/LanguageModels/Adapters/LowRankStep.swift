import KernelInterface
import TensorKernels

/// One layer's adapter as threads see it; valid while the store that its parameters are in lives.
struct AdapterView {
  let down: MatrixView  // A
  let up: MatrixView  // B
  let shrinkage: LinearGroup  // of A alone
  let growth: LinearGroup  // of B alone
  let downOffset: Int  // of A in a store of this layout, in floats
  let upOffset: Int
  /// Where the layer's outputs begin in those of its step.
  let column: Int
  /// Where its u begins in a row of those of all adapters that are kept together.
  let middle: Int
  let scale: Float  // alpha / r

  /// The adapter whose A and B have these names in `parameters`.
  init(
    _ names: (down: String, up: String), in parameters: ParameterStore, column: Int = 0,
    middle: Int = 0, scale: Float
  ) {
    down = parameters.matrix(names.down)
    up = parameters.matrix(names.up)
    shrinkage = LinearGroup([(down, column: middle)], activations: .f32)
    growth = LinearGroup([(up, column: 0)], activations: .f32)
    downOffset = parameters.layout.entry(named: names.down)!.offset
    upOffset = parameters.layout.entry(named: names.up)!.offset
    self.column = column
    self.middle = middle
    self.scale = scale
  }
}

/// The adapters of layers that read the same input.
struct AdapterGroup {
  let adapters: [AdapterView]
  /// The same for who runs the layers themselves.
  let factors: [LowRankTerm.Factors]
  /// Every A; nil where there are none.
  fileprivate let shrinkage: LinearGroup?

  init(_ adapters: [AdapterView] = []) {
    self.adapters = adapters
    factors = adapters.map {
      LowRankTerm.Factors(
        down: $0.down, up: $0.up, column: $0.column, middle: $0.middle, scale: $0.scale)
    }
    shrinkage =
      adapters.isEmpty
      ? nil : LinearGroup(adapters.map { ($0.down, column: $0.middle) }, activations: .f32)
  }
}

extension ParameterLayout {
  /// Appends A [rank, inputs] and B [outputs, rank] of an adapter.
  mutating func appendAdapter(
    _ names: (down: String, up: String), rank: Int, _ layer: (outputs: Int, inputs: Int)
  ) {
    append(names.down, .matrix(rows: rank, columns: layer.inputs), .adapterDown)
    append(names.up, .matrix(rows: layer.outputs, columns: rank), .adapterUp)
  }
}

extension ParameterStore {
  /// Adapters that change nothing yet: A normal of deviation 1 / sqrt(inputs), B zero.
  func initializeAdapters(seed: UInt64, pool: ThreadPool) {
    initialize(seed: seed, pool: pool) { entry in
      guard entry.role == .adapterDown else { return .constant(0) }
      return .normal(deviation: 1 / Double(entry.shape.dimensions[1]).squareRoot())
    }
  }
}

/// The low-rank part of a linear layer over the rows of a batch, and its gradients, as the program that
/// every thread runs:
///
///     y += B u,  u = s A x,  s = alpha / r
///
/// Adapters may act on some rows of the batch alone: these are taken together, and what comes of them is
/// added where they belong. N = rows that adapters act on, R = the largest rank, M = the ranks of all adapters whose u
/// are kept.
struct LowRankStep {
  /// What all threads share.
  struct Memory {
    let input: UnsafeMutablePointer<Float>  // [N][inputs], where x is not there as it is read
    /// [N][inputs or outputs], of chosen rows.
    var output: UnsafeMutablePointer<Float>? = nil
    let middle: UnsafeMutablePointer<Float>  // [N][M], u, where the gradients find it again
    let middleStride: Int  // M
    let tiles: ActivationTiles  // N rows of the wider of the inputs and R
  }

  /// What the gradients need more.
  struct GradientMemory {
    let middle: UnsafeMutablePointer<Float>  // [N][R], of u
    let packedGradients: UnsafeMutablePointer<Float>  // see `MatrixView.applyTransposed`
    let packedInputs: UnsafeMutablePointer<Float>  // see `MatrixView.addGradient`; may be the same
    let scratch: UnsafeMutablePointer<Float>  // this thread's own, for either
    /// bf16 linear layers, where the backward pass runs in bf16.
    let brain: BrainKernelTable?
  }

  let kernels: KernelTable
  let rows: Int
  /// Which rows of the batch they are, `[N]`; nil for the first ones.
  var chosen: UnsafePointer<Int>? = nil
  let memory: Memory
  /// This thread's own.
  let own: ThreadScratch

  /// transform(x), what the layers of a step read: `x` itself where that is it already.
  func read(
    _ columns: Int, _ x: UnsafePointer<Float>, _ stride: Int, _ transform: InputTransform,
    _ worker: Worker
  ) -> UnsafePointer<Float> {
    if case .identity = transform, stride == columns, chosen == nil { return x }
    for row in worker.each(rows) {
      transform.apply(kernels, x + place(row) * stride, columns, to: memory.input + row * columns)
    }
    worker.barrier()
    return UnsafePointer(memory.input)
  }

  /// u of all adapters of a group; `x` is what `read` gave.
  func shrink(_ group: AdapterGroup, _ x: UnsafePointer<Float>, _ worker: Worker) {
    guard let shrinkage = group.shrinkage else { return }
    shrink(shrinkage, group.adapters, x, worker)
  }

  /// u of one adapter; `x` is what `read` gave.
  func shrink(_ adapter: AdapterView, _ x: UnsafePointer<Float>, _ worker: Worker) {
    shrink(adapter.shrinkage, CollectionOfOne(adapter), x, worker)
  }

  private func shrink(
    _ shrinkage: LinearGroup, _ adapters: some Collection<AdapterView>, _ x: UnsafePointer<Float>,
    _ worker: Worker
  ) {
    apply(
      shrinkage, x, shrinkage.columns, to: memory.middle, memory.middleStride, accumulate: false,
      worker)
    for row in worker.each(rows) {
      for adapter in adapters {
        let u = memory.middle + row * memory.middleStride + adapter.middle
        for i in 0..<adapter.down.rows { u[i] *= adapter.scale }
      }
    }
    worker.barrier()
  }

  /// out += B u, after `shrink`; `out` is where the layer's outputs begin.
  func add(
    _ adapter: AdapterView, to out: UnsafeMutablePointer<Float>, _ outStride: Int,
    _ worker: Worker
  ) {
    let u = memory.middle + adapter.middle
    guard chosen != nil else {
      return apply(
        adapter.growth, u, memory.middleStride, to: out, outStride, accumulate: true, worker)
    }
    let (own, outputs) = (output, adapter.up.rows)
    apply(adapter.growth, u, memory.middleStride, to: own, outputs, accumulate: false, worker)
    scatter(own, outputs, to: out, outStride, worker)
  }

  /// dB += g u^T,  du = B^T g,  dA += s du x^T,  dx += s A^T du, the last where `dx` is wanted. `g` are
  /// the gradients of the layer's outputs, and `gradients` a store of the adapters' layout; u is there as `shrink` left
  /// it.
  func differentiate(
    _ adapter: AdapterView, of x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ stride: Int,
    to gradients: UnsafeMutablePointer<Float>, dx: UnsafeMutablePointer<Float>?,
    _ work: GradientMemory, _ worker: Worker
  ) {
    let rank = adapter.down.rows
    let (g, stride) = gather(g, stride, adapter.up.rows, worker)
    addGradient(
      adapter.up, g, stride, memory.middle + adapter.middle, memory.middleStride,
      to: gradients + adapter.upOffset, work, worker)
    apply(transposed: adapter.up, g, stride, to: work.middle, accumulate: false, work, worker)
    for i in worker.each(rows * rank) { work.middle[i] *= adapter.scale }
    worker.barrier()
    addGradient(
      adapter.down, work.middle, rank, x, adapter.down.columns, to: gradients + adapter.downOffset,
      work, worker)
    guard let dx else { return }
    guard chosen != nil else {
      return apply(
        transposed: adapter.down, work.middle, rank, to: dx, accumulate: true, work, worker)
    }
    let (own, inputs) = (output, adapter.down.columns)
    apply(transposed: adapter.down, work.middle, rank, to: own, accumulate: false, work, worker)
    scatter(own, inputs, to: dx, inputs, worker)
  }

  // MARK: Chosen rows

  /// Where row `row` of those that adapters act on lies in the batch.
  private func place(_ row: Int) -> Int { chosen.map { $0[row] } ?? row }

  private var output: UnsafeMutablePointer<Float> {
    guard let output = memory.output else { preconditionFailure("no memory for chosen rows") }
    return output
  }

  /// The chosen rows of `values`, `columns` of them, together; `values` themselves where all are meant.
  private func gather(
    _ values: UnsafePointer<Float>, _ stride: Int, _ columns: Int, _ worker: Worker
  ) -> (UnsafePointer<Float>, Int) {
    guard chosen != nil else { return (values, stride) }
    let target = output
    for row in worker.each(rows) {
      (target + row * columns).update(from: values + place(row) * stride, count: columns)
    }
    worker.barrier()
    return (UnsafePointer(target), columns)
  }

  /// target[place(n)] += values[n].
  private func scatter(
    _ values: UnsafePointer<Float>, _ columns: Int, to target: UnsafeMutablePointer<Float>,
    _ stride: Int, _ worker: Worker
  ) {
    for row in worker.each(rows) {
      let (source, sum) = (values + row * columns, target + place(row) * stride)
      for i in 0..<columns { sum[i] += source[i] }
    }
    worker.barrier()
  }

  // MARK: Products

  /// out (+)= W x.
  private func apply(
    _ group: LinearGroup, _ x: UnsafePointer<Float>, _ stride: Int,
    to out: UnsafeMutablePointer<Float>, _ outStride: Int, accumulate: Bool, _ worker: Worker
  ) {
    group.apply(
      worker, kernels, shared: memory.tiles, own: own, x: x, stride: stride, rows: rows,
      transform: .identity, out: out, outStride: outStride, accumulate: accumulate)
    worker.barrier()
  }

  /// dx (+)= W^T g.
  private func apply(
    transposed matrix: MatrixView, _ g: UnsafePointer<Float>, _ stride: Int,
    to dx: UnsafeMutablePointer<Float>, accumulate: Bool, _ work: GradientMemory, _ worker: Worker
  ) {
    if let brain = work.brain {
      matrix.applyTransposed(
        worker, brain, g, stride: stride, count: rows, dx: dx, dxStride: matrix.columns,
        accumulate: accumulate, packed: work.packedGradients, scratch: work.scratch)
    } else {
      matrix.applyTransposed(
        worker, kernels, g, stride: stride, count: rows, dx: dx, dxStride: matrix.columns,
        accumulate: accumulate, packed: work.packedGradients, scratch: work.scratch)
    }
    worker.barrier()
  }

  /// dW += g x^T.
  private func addGradient(
    _ matrix: MatrixView, _ g: UnsafePointer<Float>, _ stride: Int, _ x: UnsafePointer<Float>,
    _ xStride: Int, to dw: UnsafeMutablePointer<Float>, _ work: GradientMemory, _ worker: Worker
  ) {
    matrix.addGradient(
      worker, kernels, g, gStride: stride, x, xStride: xStride, count: rows, to: dw,
      accumulate: true, packed: work.packedInputs, scratch: work.scratch)
    worker.barrier()
  }
}
