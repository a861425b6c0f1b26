import KernelInterface
import TensorKernels

/// What happens to rows of activations on their way into a linear layer.
enum InputTransform {
  /// As they are.
  case identity
  /// x / rms(x) * weight.
  case rmsNorm(weight: UnsafePointer<Float>, epsilon: Float)
  /// (x - mean(x)) / deviation(x) * weight + bias.
  case layerNorm(weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float)
  /// GELU of each number, in GPT-2's form.
  case gelu
  /// The first half of a row gates the second: silu(x[0..<F]) * x[F..<2F].
  case swiGLU

  /// Writes the `columns` numbers that a row becomes to `target`.
  func apply(
    _ kernels: KernelTable, _ x: UnsafePointer<Float>, _ columns: Int,
    to target: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .identity: target.update(from: x, count: columns)
    case .rmsNorm(let weight, let epsilon):
      kernels.rows.rmsNorm(x, weight, epsilon, columns, target)
    case .layerNorm(let weight, let bias, let epsilon):
      kernels.rows.layerNorm(x, weight, bias, epsilon, columns, target)
    case .gelu: kernels.rows.gelu(x, columns, target)
    case .swiGLU: kernels.rows.swiGLU(x, x + columns, columns, target)
    }
  }
}

/// One or more linear layers that read the same input, e.g. query, key and value.
struct LinearGroup {
  /// A matrix and where its outputs begin in a row.
  struct Member {
    let matrix: MatrixView
    let column: Int

    /// Portions of `size` groups of rows.
    fileprivate func portions(_ size: Int) -> Int { (matrix.groupCount + size - 1) / size }
  }

  /// Members by the layout in which they take their input; one entry but for files that mix formats.
  let parts: [(layout: ActivationLayout, members: [Member])]
  /// Inputs.
  let columns: Int

  init(_ matrices: [(PackedMatrix, column: Int)], activations: ActivationPrecision) {
    self.init(matrices.map { ($0.0.view, column: $0.column) }, activations: activations)
  }

  /// The owners of the matrices must outlive the group.
  init(_ matrices: [(MatrixView, column: Int)], activations: ActivationPrecision) {
    var parts: [(layout: ActivationLayout, members: [Member])] = []
    for (matrix, column) in matrices {
      let member = Member(matrix: matrix, column: column)
      let layout = member.matrix.layout(activations)
      if let i = parts.firstIndex(where: { $0.layout == layout }) {
        parts[i].members.append(member)
      } else {
        parts.append((layout, [member]))
      }
    }
    self.parts = parts
    columns = matrices[0].0.columns
  }

  /// out[n, column + m] (+)= sum_k W[m, k] transform(x)[n, k], this worker's share; every worker
  /// calls it. The result is complete after the next barrier.
  ///
  /// One row is transformed by every thread for itself, once it has a portion of the work: that is cheaper
  /// than waiting for another. Several rows are shared out and met at a barrier. `adapted` adds what adapters of these
  /// layers make of the same input.
  func apply(
    _ worker: Worker, _ kernels: KernelTable, shared: ActivationTiles,
    own: ThreadScratch, x: UnsafePointer<Float>, stride: Int, rows: Int,
    transform: InputTransform, out: UnsafeMutablePointer<Float>, outStride: Int, accumulate: Bool,
    adapted: LowRankTerm? = nil
  ) {
    for (index, part) in parts.enumerated() {
      // Others still read the tiles of the part before, and its portions are still being dealt out.
      if index > 0 { worker.barrier() }
      let tiles = rows == 1 ? own.single : shared
      var isReady = rows > 1
      if rows > 1 {
        let tileRows = ActivationTiles.tileRows
        for tile in worker.each((rows + tileRows - 1) / tileRows) {
          let valid = min(tileRows, rows - tile * tileRows)
          let (row, rowStride) = transformed(
            x + tile * tileRows * stride, stride, valid, transform, kernels, own)
          tiles.fill(
            kernels, layout: part.layout, tile: tile, tileRows: tileRows, x: row,
            stride: rowStride, validRows: valid, columns: columns)
          if index == 0 {
            adapted?.shrink(
              row, rowStride, columns: columns, first: tile * tileRows, count: valid,
              isSingle: false)
          }
        }
        worker.barrier()
      }
      func apply(_ member: Member, _ groups: Range<Int>) {
        if !isReady {
          isReady = true
          let (row, rowStride) = transformed(x, stride, 1, transform, kernels, own)
          tiles.fill(
            kernels, layout: part.layout, tile: 0, tileRows: 1, x: row, stride: rowStride,
            validRows: 1, columns: columns)
          adapted?.shrink(
            row, rowStride, columns: columns, first: 0, count: 1, isSingle: true)
        }
        member.matrix.apply(
          kernels, groups: groups, tiles, count: rows, layout: part.layout,
          out: out + member.column, stride: outStride, accumulate: accumulate, scratch: own.panel)
        adapted?.add(
          column: member.column, groups: groups, rows: rows, to: out + member.column, outStride)
      }
      if rows <= ActivationTiles.tileRows {
        deal(part.members, worker, apply)
      } else {
        for member in part.members {
          for groups in member.matrix.portions(of: worker) {
            guard adapted != nil else {
              apply(member, groups)
              continue
            }
            // What has just been written is still in the cache when it is added to.
            var first = groups.lowerBound
            while first < groups.upperBound {
              let end = min(first + Self.adaptedGroups, groups.upperBound)
              apply(member, first..<end)
              first = end
            }
          }
        }
      }
    }
  }

  /// Groups of rows whose outputs are written before adapters add to them: kernels meet two or three at a time.
  private static let adaptedGroups = 48

  /// Where weights go by once, memory holds now this thread up and now that one: whoever is free takes the
  /// next portion, of some four for each thread. Portions are of two groups of rows at least, which the
  /// exact path takes together.
  private func deal(
    _ members: [Member], _ worker: Worker, _ apply: (Member, Range<Int>) -> Void
  ) {
    let groups = members.reduce(0) { $0 + $1.matrix.groupCount }
    let size = max(1, groups / (worker.count * 8)) * 2
    worker.deal(members.reduce(0) { $0 + $1.portions(size) }) { number in
      var number = number
      for member in members {
        let count = member.portions(size)
        guard number >= count else {
          return apply(
            member, number * size..<min((number + 1) * size, member.matrix.groupCount))
        }
        number -= count
      }
    }
  }

  private func transformed(
    _ x: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ transform: InputTransform,
    _ kernels: KernelTable, _ own: ThreadScratch
  ) -> (UnsafePointer<Float>, Int) {
    if case .identity = transform { return (x, stride) }
    for row in 0..<rows {
      transform.apply(kernels, x + row * stride, columns, to: own.rows + row * columns)
    }
    return (UnsafePointer(own.rows), columns)
  }
}
