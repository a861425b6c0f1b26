import KernelInterface
import LanguageModels
import LatentEditing
import TensorKernels

/// The memory of a pass through the heads for batches of at most `batch` instructions; what the
/// backward pass needs of the forward pass stays in it.
final class EditorHeadsState {
  let heads: EditorHeads
  let batch: Int
  let states: UnsafeMutablePointer<Float>  // [S][B][E], what the heads read
  let inputs: UnsafeMutablePointer<Float>  // [S][B][E], normalised, with the layer's embedding
  let middles: UnsafeMutablePointer<Float>  // [S][B][k], of rank-k heads
  let latents: UnsafeMutablePointer<Float>  // [S][B][P d]
  /// Of centred heads: what the heads made less their biases, [S][B][P d], and z and dz/d log a, [S][B].
  let own: UnsafeMutablePointer<Float>
  let gates: UnsafeMutablePointer<Float>
  let slopes: UnsafeMutablePointer<Float>
  /// u of gates that are drawn, [S][B]; nil where none are.
  var draws: [Float]?

  /// Bytes in memory.
  var byteCount: Int { storage.byteCount }

  private let storage: PageBuffer
  private let tiles: UnsafeMutableRawPointer
  private let panels: UnsafeMutablePointer<Float>
  private let widest: Int

  init(_ heads: EditorHeads, batch: Int, threads: Int) throws(KernelError) {
    self.heads = heads
    self.batch = batch
    let sites = heads.siteCount
    let rank = if case .rank(let k) = heads.configuration.heads { k } else { 0 }
    widest = max(heads.width, rank)
    let tileBytes = EditorHeadsState.tileBytes(batch, widest)
    func bytes(_ floats: Int) -> Int { (floats * 4 + 63) / 64 * 64 }
    let sizes = [
      bytes(sites * batch * heads.width), bytes(sites * batch * heads.width),
      bytes(sites * batch * rank), bytes(sites * batch * heads.latentCount), sites * tileBytes,
      threads * bytes(PackedMatrix.panelScratch),
      heads.centring == nil ? 0 : bytes(sites * batch * heads.latentCount),
      heads.centring == nil ? 0 : bytes(sites * batch),
      heads.centring == nil ? 0 : bytes(sites * batch),
    ]
    storage = try PageBuffer(byteCount: sizes.reduce(0, +))
    var next = storage.address
    func take(_ index: Int) -> UnsafeMutableRawPointer {
      defer { next += sizes[index] }
      return next
    }
    func floats(_ index: Int) -> UnsafeMutablePointer<Float> {
      take(index).assumingMemoryBound(to: Float.self)
    }
    states = floats(0)
    inputs = floats(1)
    middles = floats(2)
    latents = floats(3)
    tiles = take(4)
    panels = floats(5)
    own = floats(6)
    gates = floats(7)
    slopes = floats(8)
  }

  private static func tileBytes(_ batch: Int, _ width: Int) -> Int {
    (ActivationTiles.byteCount(rows: batch, columns: width, exact: true) + 63) / 64 * 64
  }

  /// Tiles for the rows of one site, of that many columns.
  fileprivate func tiles(site: Int, columns: Int) -> ActivationTiles {
    ActivationTiles(
      tiles + site * EditorHeadsState.tileBytes(batch, widest), rows: batch, columns: columns)
  }

  fileprivate func panel(_ thread: Int) -> UnsafeMutablePointer<Float> {
    panels + thread * ((PackedMatrix.panelScratch * 4 + 63) / 64 * 16)
  }

  /// Takes the states that the sites read from those after `configuration.readBlocks`, a row for each
  /// instruction.
  func read(_ read: HiddenStates) {
    for (site, layer) in heads.configuration.layers.enumerated() {
      let block = read.blocks.firstIndex(of: heads.configuration.readBlock(ofLayer: layer))!
      for row in read.rows.indices {
        let target = states + (site * batch + row) * heads.width
        for (i, value) in read[block, row].enumerated() { target[i] = value }
      }
    }
  }

  /// latents = heads(states) for the first `count` rows of every site; every worker calls it.
  func forward(count: Int, _ worker: Worker) {
    forward(sites: 0..<heads.siteCount, count: count, worker)
  }

  /// As above, of some sites alone: the same bits.
  func forward(sites: Range<Int>, count: Int, _ worker: Worker) {
    let width = heads.width
    let norm = UnsafePointer(heads.parameters.floats(of: "norm.weight").baseAddress!)
    let normBias = UnsafePointer(heads.parameters.floats(of: "norm.bias").baseAddress!)
    let isShared = heads.configuration.heads == .shared
    for item in worker.each(sites.count * count) {
      let site = sites.lowerBound + item / count
      let row = (site * batch + item % count) * width
      heads.kernels.rows.layerNorm(
        states + row, norm, normBias, EditorConfiguration.normEpsilon, width, inputs + row)
      if isShared {
        let embedding = heads.parameters.floats(of: "heads.layers").baseAddress! + site * width
        for i in 0..<width { inputs[row + i] += embedding[i] }
      }
      if let centring = heads.centring {
        for i in 0..<width { inputs[row + i] -= centring.centre[site * width + i] }
      }
    }
    worker.barrier()
    fill(inputs, sites, columns: width, count: count, worker)
    switch heads.configuration.heads {
    case .perLayer, .shared:
      apply(sites, columns: width, count: count, out: latents, heads.latentCount, worker) { layer in
        isShared ? "heads.shared.weight" : "heads.\(layer).weight"
      } bias: { layer in
        isShared ? "heads.shared.bias" : "heads.\(layer).bias"
      }
    case .rank(let rank):
      apply(sites, columns: width, count: count, out: middles, rank, worker) {
        "heads.\($0).down"
      } bias: { _ in
        nil
      }
      fill(middles, sites, columns: rank, count: count, worker)
      apply(sites, columns: rank, count: count, out: latents, heads.latentCount, worker) {
        "heads.\($0).up"
      } bias: {
        "heads.\($0).bias"
      }
    }
    close(sites, count: count, worker)
  }

  /// Leaves of what the heads have made what centred heads leave.
  private func close(_ sites: Range<Int>, count: Int, _ worker: Worker) {
    guard let centring = heads.centring else { return }
    let size = heads.latentCount
    for item in worker.each(sites.count * count) {
      let site = sites.lowerBound + item / count
      let row = site * batch + item % count
      let (v, bias) = (latents + row * size, heads.bias(site: site))
      for i in 0..<size { own[row * size + i] = v[i] - bias[i] }
      let gate = centring.gate(
        site: site, inputs + row * heads.width, draw: draws.map { $0[row] })
      gates[row] = gate.z
      slopes[row] = gate.slope
      centring.close(site: site, v, bias: bias, z: gate.z, count: size)
    }
    worker.barrier()
  }

  /// Puts the rows of some sites in the layout that linear layers read.
  private func fill(
    _ x: UnsafePointer<Float>, _ sites: Range<Int>, columns: Int, count: Int, _ worker: Worker
  ) {
    let tileRows = count == 1 ? 1 : ActivationTiles.tileRows
    let tileCount = (count + tileRows - 1) / tileRows
    for item in worker.each(sites.count * tileCount) {
      let site = sites.lowerBound + item / tileCount
      let tile = item % tileCount
      let first = tile * tileRows
      tiles(site: site, columns: columns).fill(
        heads.kernels, layout: .f32, tile: tile, tileRows: tileRows,
        x: x + (site * batch + first) * columns, stride: columns,
        validRows: min(tileRows, count - first), columns: columns)
    }
    worker.barrier()
  }

  /// out[site] = W x + b for some sites.
  private func apply(
    _ sites: Range<Int>, columns: Int, count: Int, out: UnsafeMutablePointer<Float>,
    _ outputs: Int, _ worker: Worker, weight: (Int) -> String, bias: (Int) -> String?
  ) {
    for item in worker.each(sites.count * count) {
      let site = sites.lowerBound + item / count
      let row = out + (site * batch + item % count) * outputs
      if let name = bias(heads.configuration.layers[site]) {
        row.update(from: heads.parameters.floats(of: name).baseAddress!, count: outputs)
      } else {
        row.update(repeating: 0, count: outputs)
      }
    }
    worker.barrier()
    for site in sites {
      heads.parameters.matrix(weight(heads.configuration.layers[site])).apply(
        worker, heads.kernels, tiles(site: site, columns: columns), count: count, layout: .f32,
        out: out + site * batch * outputs, stride: outputs, accumulate: true,
        scratch: panel(worker.index))
    }
    worker.barrier()
  }
}
