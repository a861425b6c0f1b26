/// A trace as a picture: blocks from bottom to top, tokens from left to right, the darker the larger what was
/// added is against what was there, ||delta|| / ||h||, on a logarithmic scale from a thousandth to one. The row
/// of a block is the stream after it; the lowest is what goes into block 0.
public struct TraceHeatMap: Sendable {
  /// Largest ratio in each cell, `[points][columns]`; nil where nothing was added.
  private let cells: [[Double?]]
  /// Positions that a column stands for.
  private let positionsPerColumn: Int
  private let trace: EditTrace

  /// The picture of `trace`, of at most `columns` columns.
  public init(_ trace: EditTrace, columns: Int) {
    self.trace = trace
    let last =
      max(
        trace.promptLength - 1, trace.sites.map(\.position).max() ?? 0,
        trace.tokens.map(\.position).max() ?? 0)
    positionsPerColumn = max(1, (last + columns) / max(1, columns))
    let count = last / positionsPerColumn + 1
    var cells = [[Double?]](
      repeating: [Double?](repeating: nil, count: count), count: trace.layerCount + 1)
    for site in trace.sites {
      let column = site.position / positionsPerColumn
      let ratio = site.state > 0 ? site.latent / site.state : 1
      cells[site.point][column] = max(cells[site.point][column] ?? 0, ratio)
    }
    self.cells = cells
  }

  /// From 0, a thousandth or less, to 1.
  private static func shade(_ ratio: Double) -> Double {
    guard ratio > 0 else { return 0 }
    var exponent = 0.0
    var value = min(ratio, 1)
    // log10 by halves, without a library: three decades in steps of a fortieth are enough to see.
    while value < 1, exponent < 3 {
      value *= 1.0592537251772889  // 10^(1/40)
      exponent += 1.0 / 40
    }
    return 1 - exponent / 3
  }

  /// What stands at the row of a point: the block after which it is.
  private static func label(_ point: Int) -> String { point == 0 ? "in" : "\(point - 1)" }

  /// Lines of text, the last block first.
  public func lines() -> [String] {
    let shades = Array(" .:-=+*#%@")
    let width = max(2, "\(trace.layerCount - 1)".count)
    func line(_ label: String, _ row: [Double?]) -> String {
      let padding = String(repeating: " ", count: width - label.count)
      let text = row.map { cell -> Character in
        guard let cell else { return " " }
        return shades[1 + Int(Self.shade(cell) * Double(shades.count - 2))]
      }
      return padding + label + " |" + String(text)
    }
    let rows = cells.indices.reversed().map { line(Self.label($0), cells[$0]) }
    return rows + [
      String(repeating: " ", count: width) + " +" + String(repeating: "-", count: cells[0].count)
    ]
  }

  /// A picture of its own, with the divergence of each token of the answer below.
  public func svg() -> String {
    let size = 10
    let left = 40
    let width = left + cells[0].count * size + 10
    let height = (cells.count + 8) * size
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
        + "font-family=\"sans-serif\" font-size=\"9\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
    ]
    for (point, row) in cells.enumerated() {
      let y = (cells.count - 1 - point) * size
      if point == 0 || (point - 1) % 5 == 0 {
        parts.append("<text x=\"4\" y=\"\(y + size - 1)\">\(Self.label(point))</text>")
      }
      for (column, cell) in row.enumerated() {
        guard let cell else { continue }
        let light = 235 - Int(Self.shade(cell) * 215)
        parts.append(
          "<rect x=\"\(left + column * size)\" y=\"\(y)\" width=\"\(size)\" height=\"\(size)\" "
            + "fill=\"rgb(\(light),\(light),255)\"/>")
      }
    }
    let base = (cells.count + 5) * size
    let most = max(trace.tokens.map(\.divergence).max() ?? 0, 1e-9)
    for token in trace.tokens {
      let bar = Int(token.divergence / most * Double(4 * size))
      let x = left + token.position / positionsPerColumn * size
      parts.append(
        "<rect x=\"\(x)\" y=\"\(base - bar)\" width=\"\(size - 1)\" height=\"\(bar)\" fill=\"#c33\"/>"
      )
    }
    parts.append(
      "<text x=\"\(left)\" y=\"\(base + 12)\">tokens, and the stream after each block (in: before block 0); blue: added / state, 0.001 to 1; red: "
        + "KL(unedited || edited) of each token of the answer</text>")
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }
}
