import InstructionEditors
import TensorKernels

/// Proximal steps of a group lasso on the matrices of an editor's heads, after those of the optimizer (Parikh and Boyd,
/// Proximal Algorithms, 6.5.4): of a group w of parameters
///
///     w <- w max(0, 1 - t w0 / |w|)
///
/// with w0 the mean of |w| over all groups at the start. Over a run the t add up to kappa, whatever the schedule and
/// however many steps there are. Groups are whole matrices, or their rows.
final class ProximalSteps {
  private let heads: EditorHeads
  private let byRows: Bool
  private let kappa: Double
  /// w0.
  let size: Double

  private static let lanes = 16

  init(_ heads: EditorHeads, byRows: Bool, kappa: Double) {
    self.heads = heads
    self.byRows = byRows
    self.kappa = kappa
    var (sum, count) = (0.0, 0)
    for site in 0..<heads.siteCount {
      let norms = Self.norms(heads, site, byRows)
      sum += norms.reduce(0) { $0 + $1.squareRoot() }
      count += norms.count
    }
    size = sum / Double(count)
  }

  /// Takes the step that has the part `part` of all: t = kappa part.
  func step(_ part: Double) {
    let t = kappa * part * size
    guard t > 0 else { return }
    for site in 0..<heads.siteCount {
      let factors = Self.norms(heads, site, byRows).map { square -> Float in
        let norm = square.squareRoot()
        return norm > t ? Float(1 - t / norm) : 0
      }
      Self.scale(heads, site, by: factors)
    }
  }

  private static func floats(
    _ heads: EditorHeads, _ site: Int
  ) -> (floats: UnsafeMutableBufferPointer<Float>, rows: Int, columns: Int) {
    let name = heads.matrixName(site: site)
    let matrix = heads.parameters.matrix(name)
    return (heads.parameters.floats(of: name), matrix.rows, matrix.columns)
  }

  /// Squares of the lengths of a site's groups: of its matrix, or of each of its rows. Of a matrix 16 rows lie side by
  /// side, column by column.
  static func norms(_ heads: EditorHeads, _ site: Int, _ byRows: Bool) -> [Double] {
    let (floats, rows, columns) = floats(heads, site)
    var squares = [Double](repeating: 0, count: (rows + lanes - 1) / lanes * lanes)
    squares.withUnsafeMutableBufferPointer { squares in
      for first in stride(from: 0, to: squares.count, by: lanes) {
        for column in 0..<columns {
          let start = first * columns + column * lanes
          for lane in 0..<lanes {
            let x = Double(floats[start + lane])
            squares[first + lane] += x * x
          }
        }
      }
    }
    return byRows ? Array(squares.prefix(rows)) : [squares.reduce(0, +)]
  }

  private static func scale(_ heads: EditorHeads, _ site: Int, by factors: [Float]) {
    let (floats, rows, columns) = floats(heads, site)
    guard factors.count > 1 || factors[0] != 1 else { return }
    for first in stride(from: 0, to: rows, by: lanes) {
      let mine = (0..<lanes).map { lane in
        factors.count == 1 ? factors[0] : first + lane < rows ? factors[first + lane] : 0
      }
      mine.withUnsafeBufferPointer { mine in
        for column in 0..<columns {
          let start = first * columns + column * lanes
          for lane in 0..<lanes { floats[start + lane] *= mine[lane] }
        }
      }
    }
  }
}

/// What is left of the instructions' own part of an editor that was trained to have little of it.
public struct SparsityCounts: Sendable, Equatable {
  /// Blocks whose sites are open: their matrix is not 0, and their gate neither.
  public let openLayers: [Int]
  /// Coordinates of all sites that are not 0 for every instruction, and all that there are.
  public let coordinates, of: Int

  /// Of the editor of `trainer`, whose heads are centred; gates that read the instruction count where they are open for
  /// one of `instructions`.
  init(_ editor: Editor, _ instructions: [[Int]]) throws {
    let heads = editor.heads
    let parts = try editor.ownParts(of: instructions)
    var open: [Int] = []
    var rows = 0
    for site in 0..<heads.siteCount where parts.contains(where: { $0.gates[site] > 0 }) {
      let own = ProximalSteps.norms(heads, site, true).filter { $0 > 0 }.count
      if own > 0 { open.append(editor.configuration.layers[site]) }
      rows += own
    }
    openLayers = open
    coordinates = rows
    of = heads.siteCount * heads.latentCount
  }
}

extension Trainer {
  /// What is left of the instructions' own part of a training with an `EditSparsity`, over at most 64 of its
  /// instructions. Throws `LatentEditingError`.
  public func sparsityCounts() throws -> SparsityCounts {
    let distinct = Array(Set(data.train.map(\.instruction))).sorted {
      $0.lexicographicallyPrecedes($1)
    }
    return try SparsityCounts(editor, Array(distinct.prefix(64)))
  }
}
