/// A trace as a picture: blocks from bottom to top, tokens from left to right, the darker the larger what was
/// added is against what was there, ||delta|| / ||h||, on a logarithmic scale from a thousandth to one. The row
/// of a block is the stream after it; the lowest is what goes into block 0.
///
/// The tokens that a reading prefix has read are lines of their own, with their words in front and blocks from left
/// to right: where in the instruction, and how deep, the editor reads it otherwise than the processor does, or writes
/// otherwise than its mean. What is compared there is what goes into each block, from block 0 on.
public struct TraceHeatMap: Sendable {
  /// Largest ratio in each cell, `[points][columns]`; nil where nothing was added.
  private let cells: [[Double?]]
  /// Positions that a column stands for.
  private let positionsPerColumn: Int
  private let trace: EditTrace
  /// The words of a reading prefix, and their cells by layer.
  private let words: [(text: String, cells: [Double?])]

  /// The picture of `trace`, of at most `columns` columns.
  public init(_ trace: EditTrace, columns: Int) {
    self.trace = trace
    let front = trace.words.count
    var words = trace.words.map { word in
      (text: Self.shown(word), cells: [Double?](repeating: nil, count: trace.layerCount))
    }
    let last =
      max(
        trace.promptLength - 1, trace.sites.map(\.position).max() ?? 0,
        trace.tokens.map(\.position).max() ?? 0)
    positionsPerColumn = max(1, (last + columns) / max(1, columns))
    let count = last / positionsPerColumn + 1
    var cells = [[Double?]](
      repeating: [Double?](repeating: nil, count: count), count: trace.layerCount + 1)
    for site in trace.sites {
      let ratio = site.state > 0 ? site.latent / site.state : 1
      if site.position < front, site.point < trace.layerCount {
        words[site.position].cells[site.point] = ratio
        continue
      }
      let column = site.position / positionsPerColumn
      cells[site.point][column] = max(cells[site.point][column] ?? 0, ratio)
    }
    self.words = words
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

  /// A word in a line: white space as it is written in programs, and no control characters.
  private static func shown(_ word: String) -> String {
    let text = word.unicodeScalars.map { scalar in
      scalar.value < 32 || scalar.value == 127 ? scalar.escaped(asASCII: true) : String(scalar)
    }.joined()
    return text.count > 20 ? String(text.prefix(19)) + "…" : text
  }

  /// Whether anything was added elsewhere than to the words of a prefix.
  private var hasPicture: Bool {
    words.isEmpty || cells.contains { $0.contains { $0 != nil } }
  }

  /// Lines of text: the words of a reading prefix, and the picture, the last block first.
  public func lines() -> [String] {
    let parts = [words.isEmpty ? [] : wordLines(), hasPicture ? pictureLines() : []]
    return Array(parts.filter { !$0.isEmpty }.joined(separator: [""]))
  }

  private func wordLines() -> [String] {
    let width = words.map(\.text.count).max() ?? 0
    let lines = words.map { word in
      String(repeating: " ", count: width - word.text.count) + word.text + " |"
        + String(word.cells.map(Self.character))
    }
    return lines + [
      String(repeating: " ", count: width) + " +"
        + String(repeating: "-", count: trace.layerCount)
    ]
  }

  private static func character(_ cell: Double?) -> Character {
    let shades = Array(" .:-=+*#%@")
    guard let cell else { return " " }
    return shades[1 + Int(shade(cell) * Double(shades.count - 2))]
  }

  private func pictureLines() -> [String] {
    let width = max(2, "\(trace.layerCount - 1)".count)
    func line(_ label: String, _ row: [Double?]) -> String {
      let padding = String(repeating: " ", count: width - label.count)
      return padding + label + " |" + String(row.map(Self.character))
    }
    let rows = cells.indices.reversed().map { line(Self.label($0), cells[$0]) }
    return rows + [
      String(repeating: " ", count: width) + " +" + String(repeating: "-", count: cells[0].count)
    ]
  }

  /// A picture of its own, with the divergence of each token of the answer below.
  public func svg() -> String {
    let size = 10
    let left = words.isEmpty ? 40 : 130
    let columns = max(cells[0].count, words.isEmpty ? 0 : trace.layerCount)
    let width = left + columns * size + 10
    // Words above, and a line between.
    let top = words.isEmpty ? 0 : (words.count + 2) * size
    let height = top + (cells.count + 8) * size
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
        + "font-family=\"sans-serif\" font-size=\"9\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
    ]
    func square(_ ratio: Double, x: Int, y: Int) -> String {
      let light = 235 - Int(Self.shade(ratio) * 215)
      return "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(size)\" height=\"\(size)\" "
        + "fill=\"rgb(\(light),\(light),255)\"/>"
    }
    for (index, word) in words.enumerated() {
      let y = index * size
      parts.append(
        "<text x=\"\(left - 4)\" y=\"\(y + size - 1)\" text-anchor=\"end\">"
          + "\(escapedForXML(word.text))</text>")
      for (layer, cell) in word.cells.enumerated() {
        guard let cell else { continue }
        parts.append(square(cell, x: left + layer * size, y: y))
      }
    }
    for (point, row) in cells.enumerated() {
      let y = top + (cells.count - 1 - point) * size
      if point == 0 || (point - 1) % 5 == 0 {
        parts.append("<text x=\"4\" y=\"\(y + size - 1)\">\(Self.label(point))</text>")
      }
      for (column, cell) in row.enumerated() {
        guard let cell else { continue }
        parts.append(square(cell, x: left + column * size, y: y))
      }
    }
    let base = top + (cells.count + 5) * size
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
