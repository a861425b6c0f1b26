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
  let scale: Float  // alpha / r

  /// The adapter whose A and B have these names in `parameters`.
  init(
    _ names: (down: String, up: String), in parameters: ParameterStore, column: Int = 0,
    scale: Float
  ) {
    down = parameters.matrix(names.down)
    up = parameters.matrix(names.up)
    shrinkage = LinearGroup([(down, column: 0)], activations: .f32)
    growth = LinearGroup([(up, column: 0)], activations: .f32)
    downOffset = parameters.layout.entry(named: names.down)!.offset
    upOffset = parameters.layout.entry(named: names.up)!.offset
    self.column = column
    self.scale = scale
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
/// added where they belong. N = rows that adapters act on, R = the largest rank.
struct LowRankStep {
  /// What all threads share.
  struct Memory {
    let input: UnsafeMutablePointer<Float>  // [N][inputs], where x is not there as it is read
    /// [N][inputs or outputs], of chosen rows.
    var output: UnsafeMutablePointer<Float>? = nil
    let middle: UnsafeMutablePointer<Float>  // [N][R], u
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

  /// out += B u; `x` is what `read` gave, `out` where the layer's outputs begin.
  func add(
    _ adapter: AdapterView, of x: UnsafePointer<Float>, to out: UnsafeMutablePointer<Float>,
    _ outStride: Int, _ worker: Worker
  ) {
    shrink(adapter, x, worker)
    guard chosen != nil else {
      return apply(
        adapter.growth, memory.middle, adapter.down.rows, to: out, outStride, accumulate: true,
        worker)
    }
    let (own, outputs) = (output, adapter.up.rows)
    apply(
      adapter.growth, memory.middle, adapter.down.rows, to: own, outputs, accumulate: false, worker)
    scatter(own, outputs, to: out, outStride, worker)
  }

  /// dB += g u^T,  du = B^T g,  dA += s du x^T,  dx += s A^T du, the last where `dx` is wanted. `g` are
  /// the gradients of the layer's outputs, and `gradients` a store of the adapters' layout.
  func differentiate(
    _ adapter: AdapterView, of x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ stride: Int,
    to gradients: UnsafeMutablePointer<Float>, dx: UnsafeMutablePointer<Float>?,
    _ work: GradientMemory, _ worker: Worker
  ) {
    let rank = adapter.down.rows
    let (g, stride) = gather(g, stride, adapter.up.rows, worker)
    shrink(adapter, x, worker)
    addGradient(
      adapter.up, g, stride, memory.middle, to: gradients + adapter.upOffset, work, worker)
    apply(transposed: adapter.up, g, stride, to: work.middle, accumulate: false, work, worker)
    for i in worker.each(rows * rank) { work.middle[i] *= adapter.scale }
    worker.barrier()
    addGradient(
      adapter.down, work.middle, rank, x, to: gradients + adapter.downOffset, work, worker)
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

  /// u = s A x.
  private func shrink(_ adapter: AdapterView, _ x: UnsafePointer<Float>, _ worker: Worker) {
    let rank = adapter.down.rows
    apply(
      adapter.shrinkage, x, adapter.down.columns, to: memory.middle, rank, accumulate: false, worker
    )
    for i in worker.each(rows * rank) { memory.middle[i] *= adapter.scale }
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
    to dw: UnsafeMutablePointer<Float>, _ work: GradientMemory, _ worker: Worker
  ) {
    matrix.addGradient(
      worker, kernels, g, gStride: stride, x, xStride: matrix.columns, count: rows, to: dw,
      accumulate: true, packed: work.packedInputs, scratch: work.scratch)
    worker.barrier()
  }
}
