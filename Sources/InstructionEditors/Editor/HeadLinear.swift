import KernelInterface
import LatentEditing
import TensorKernels

/// Linear layers and norms of an editor's parameters on small arrays, forward and backward: for the
/// parts of an editor that see a few rows at a time. Used by one thread at a time.
final class HeadLinear {
  private let parameters: ParameterStore
  private let kernels: KernelTable
  private let pool: ThreadPool
  /// Scratch of the last calls.
  private var memory: UnsafeMutableBufferPointer<Float>

  init(_ parameters: ParameterStore, _ kernels: KernelTable, _ pool: ThreadPool) {
    self.parameters = parameters
    self.kernels = kernels
    self.pool = pool
    memory = .allocate(capacity: 0)
  }

  deinit { memory.deallocate() }

  /// y = W x, `[rows][outputs]`.
  func apply(_ name: String, _ x: [Float], rows: Int) -> [Float] {
    let matrix = parameters.matrix(name)
    let tileFloats =
      ActivationTiles.byteCount(rows: rows, columns: matrix.columns, exact: true) / 4 + 1
    let (floats, scratch) = scratch(tileFloats, PackedMatrix.panelScratch)
    let tiles = ActivationTiles(
      UnsafeMutableRawPointer(floats), rows: rows, columns: matrix.columns)
    let tileRows = rows == 1 ? 1 : ActivationTiles.tileRows
    var out = [Float](repeating: 0, count: rows * matrix.rows)
    x.withUnsafeBufferPointer { x in
      out.withUnsafeMutableBufferPointer { out in
        let source = x.baseAddress!
        let target = out.baseAddress!
        pool.run { worker in
          for tile in worker.each((rows + tileRows - 1) / tileRows) {
            tiles.fill(
              kernels, layout: .f32, tile: tile, tileRows: tileRows,
              x: source + tile * tileRows * matrix.columns, stride: matrix.columns,
              validRows: min(tileRows, rows - tile * tileRows), columns: matrix.columns)
          }
          worker.barrier()
          matrix.apply(
            worker, kernels, tiles, count: rows, layout: .f32, out: target,
            stride: matrix.rows, accumulate: false,
            scratch: scratch + worker.index * PackedMatrix.panelScratch)
        }
      }
    }
    return out
  }

  /// dx = W^T g, `[rows][inputs]`.
  func applyTransposed(_ name: String, _ g: [Float], rows: Int) -> [Float] {
    let matrix = parameters.matrix(name)
    var dx = [Float](repeating: 0, count: rows * matrix.columns)
    let (packed, scratch) = scratch(
      matrix.packedGradientCount(rows: rows), KernelTable.transposedScratch)
    g.withUnsafeBufferPointer { g in
      dx.withUnsafeMutableBufferPointer { dx in
        let source = g.baseAddress!
        let target = dx.baseAddress!
        pool.run { worker in
          matrix.applyTransposed(
            worker, kernels, source, stride: matrix.rows, count: rows, dx: target,
            dxStride: matrix.columns, accumulate: false, packed: packed,
            scratch: scratch + worker.index * KernelTable.transposedScratch)
        }
      }
    }
    return dx
  }

  /// dW += g x^T in `gradients`, of the parameters' layout.
  func addGradient(
    _ name: String, _ g: [Float], _ x: [Float], rows: Int, to gradients: ParameterStore
  ) {
    let matrix = parameters.matrix(name)
    let target = gradients.floats(of: name).baseAddress!
    let (packed, scratch) = scratch(
      matrix.packedInputCount(rows: rows), KernelTable.gradientScratch)
    g.withUnsafeBufferPointer { g in
      x.withUnsafeBufferPointer { x in
        let outer = g.baseAddress!
        let inner = x.baseAddress!
        pool.run { worker in
          matrix.addGradient(
            worker, kernels, outer, gStride: matrix.rows, inner, xStride: matrix.columns,
            count: rows, to: target, accumulate: true, packed: packed,
            scratch: scratch + worker.index * KernelTable.gradientScratch)
        }
      }
    }
  }

  /// dx += the gradient of the LayerNorm `<name>.weight|bias` of x `[rows][E]`, given that of its
  /// result, and those of its parameters in `gradients`.
  func normBackward(
    _ name: String, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int,
    dx: UnsafeMutablePointer<Float>, to gradients: ParameterStore
  ) {
    let weight = parameters.floats(of: name + ".weight").baseAddress!
    let width = parameters.layout.entry(named: name + ".weight")!.shape.elementCount
    var moments = [Float](repeating: 0, count: 2 * rows)
    for row in 0..<rows {
      moments.withUnsafeMutableBufferPointer { moments in
        kernels.gradients.layerNormBackward(
          x + row * width, weight, EditorConfiguration.normEpsilon, width, dy + row * width,
          dx + row * width, moments.baseAddress! + 2 * row)
      }
    }
    kernels.gradients.layerNormGradients(
      x, dy, moments, rows, width, 0, width,
      gradients.floats(of: name + ".weight").baseAddress!,
      gradients.floats(of: name + ".bias").baseAddress!)
  }

  /// Sums of the columns of g `[rows][width]`, added to the gradient of a bias.
  func addColumnSums(
    _ name: String, _ g: UnsafePointer<Float>, rows: Int, width: Int, to gradients: ParameterStore
  ) {
    kernels.gradients.addColumnSums(
      g, rows, width, 0, width, gradients.floats(of: name).baseAddress!)
  }

  /// Room for `shared` floats, and for `own` of every thread; valid until the next call.
  private func scratch(
    _ shared: Int, _ own: Int
  ) -> (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
    let first = (shared + 31) / 16 * 16
    let count = first + pool.threadCount * own
    if memory.count < count {
      memory.deallocate()
      memory = .allocate(capacity: count)
    }
    // To a cache line, which tiles begin at.
    let start = UnsafeMutableRawPointer(memory.baseAddress!).alignedUp(toMultipleOf: 64)
      .assumingMemoryBound(to: Float.self)
    return (start, start + first - 16)
  }
}
