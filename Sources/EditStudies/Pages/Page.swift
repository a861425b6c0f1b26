import LatentEditing

/// Pieces of a page that is one file: no scripts, nothing that is fetched, light and dark as the reader has it.
enum Page {
  /// A whole page.
  static func document(title: String, _ sections: [String]) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>
    :root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --soft: #6b6b6b; --line: #d8d8d8; --bar: 0,114,178; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #161616; --soft: #9a9a9a; --line: #3a3a3a; --bar: 86,180,233; } }
    body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
    h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
    p.note { color: var(--soft); margin: .3rem 0; }
    table { border-collapse: collapse; margin: .5rem 0; } .wide { overflow-x: auto; }
    th, td { text-align: left; padding: .15rem .6rem .15rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
    th { font-weight: 600; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
    svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
    svg .soft { fill: var(--soft); } svg .axis { stroke: var(--line); fill: none; }
    svg .curve { stroke: rgb(var(--bar)); stroke-width: 2; fill: none; } svg .bar { fill: rgb(var(--bar)); } svg .control { fill: var(--soft); }
    .grey { opacity: .5; }
    .pass { color: #009e73; } .fail { color: #d55e00; }
    @media print { body { margin: 0; } h2 { break-after: avoid; } }
    </style>
    </head>
    <body>
    \(sections.joined(separator: "\n"))
    </body>
    </html>

    """
  }

  /// A part of it.
  static func section(_ title: String, _ parts: String...) -> String {
    "<section>\n<h2>\(escaped(title))</h2>\n" + parts.joined(separator: "\n") + "\n</section>"
  }

  /// A paragraph in the words of the page.
  static func note(_ text: String) -> String { "<p class=\"note\">\(escaped(text))</p>" }

  /// A table; columns of `numbers` are set to the right.
  static func table(_ heads: [String], _ rows: [[String]], numbers: Set<Int> = []) -> String {
    func cell(_ tag: String, _ column: Int, _ text: String) -> String {
      "<\(tag)\(numbers.contains(column) ? " class=\"n\"" : "")>\(escaped(text))</\(tag)>"
    }
    func row(_ tag: String, _ cells: [String]) -> String {
      "<tr>" + cells.enumerated().map { cell(tag, $0, $1) }.joined() + "</tr>"
    }
    return "<div class=\"wide\"><table>\n"
      + ([row("th", heads)] + rows.map { row("td", $0) })
      .joined(separator: "\n") + "\n</table></div>"
  }

  /// Bars from 0 to 1, and what is beyond cut off; those of `controls` are grey.
  static func bars(_ bars: [(label: String, value: Double, isControl: Bool)]) -> String {
    let (left, width, step) = (260, 360, 22)
    let height = bars.count * step + 24
    var parts: [String] = []
    for (index, bar) in bars.enumerated() {
      let y = index * step
      let length = Int((min(max(bar.value, 0), 1.1) / 1.1 * Double(width)).rounded())
      parts.append(
        "<text x=\"\(left - 6)\" y=\"\(y + 15)\" text-anchor=\"end\">\(escaped(bar.label))</text>"
          + "<rect class=\"\(bar.isControl ? "control" : "bar")\" x=\"\(left)\" y=\"\(y + 4)\" width=\"\(length)\" "
          + "height=\"14\"/><text x=\"\(left + length + 5)\" y=\"\(y + 15)\">\(fixed(bar.value, 2))</text>"
      )
    }
    let one = left + Int((Double(width) / 1.1).rounded())
    parts.append(
      "<path class=\"axis\" d=\"M\(left) 0V\(height - 22)M\(one) 0V\(height - 22)\"/>"
        + "<text class=\"soft\" x=\"\(left)\" y=\"\(height - 8)\">0</text>"
        + "<text class=\"soft\" x=\"\(one)\" y=\"\(height - 8)\">1</text>")
    return svg(left + width + 60, height, parts)
  }

  /// A heat map of one hue, values from 0 to 1; nil is left white.
  static func heatMap(_ rows: [(label: String, cells: [Double?])], columns: [String]) -> String {
    let left = 170
    let size = max(14, min(70, 480 / max(1, columns.count)))
    let step = 20
    var parts: [String] = []
    for (y, row) in rows.enumerated() {
      parts.append(
        "<text x=\"\(left - 6)\" y=\"\(y * step + 14)\" text-anchor=\"end\">\(escaped(row.label))</text>"
      )
      for (x, cell) in row.cells.enumerated() {
        guard let cell else { continue }
        let depth = (min(max(cell, 0), 1) * 100).rounded() / 100
        parts.append(
          "<rect x=\"\(left + x * size)\" y=\"\(y * step)\" width=\"\(size - 1)\" height=\"\(step - 1)\" "
            + "style=\"fill:rgba(var(--bar),\(depth))\"><title>\(fixed(cell, 2))</title></rect>")
      }
    }
    for (x, column) in columns.enumerated() where columns.count <= 12 || x % 5 == 0 {
      parts.append(
        "<text class=\"soft\" x=\"\(left + x * size)\" y=\"\(rows.count * step + 14)\">\(escaped(column))</text>"
      )
    }
    return svg(left + columns.count * size + 20, rows.count * step + 22, parts)
  }

  /// A curve, `y` cut to -0.25...1.25, with its points.
  static func curve(_ points: [(x: Double, y: Double)], xName: String) -> String {
    let (left, top, width, height) = (40.0, 10.0, 520.0, 180.0)
    guard let first = points.map(\.x).min(), let last = points.map(\.x).max(), last > first else {
      return ""
    }
    func x(_ value: Double) -> Int { Int(left + (value - first) / (last - first) * width) }
    func y(_ value: Double) -> Int {
      Int(top + (1.25 - min(max(value, -0.25), 1.25)) / 1.5 * height)
    }
    let path = points.enumerated().map { "\($0 == 0 ? "M" : "L")\(x($1.x)) \(y($1.y))" }.joined()
    var parts = [
      "<path class=\"axis\" d=\"M\(Int(left)) \(y(0))H\(Int(left + width))M\(Int(left)) \(y(1))H\(Int(left + width))\"/>",
      "<text class=\"soft\" x=\"\(Int(left) - 12)\" y=\"\(y(0) + 4)\">0</text>",
      "<text class=\"soft\" x=\"\(Int(left) - 12)\" y=\"\(y(1) + 4)\">1</text>",
      "<path class=\"curve\" d=\"\(path)\"/>",
    ]
    for point in points {
      parts.append(
        "<circle class=\"bar\" cx=\"\(x(point.x))\" cy=\"\(y(point.y))\" r=\"3\"><title>\(fixed(point.x, 2)): "
          + "\(fixed(point.y, 2))</title></circle><text class=\"soft\" x=\"\(x(point.x))\" "
          + "y=\"\(Int(top + height) + 14)\" text-anchor=\"middle\">\(shortest(point.x))</text>")
    }
    parts.append(
      "<text class=\"soft\" x=\"\(Int(left + width / 2))\" y=\"\(Int(top + height) + 30)\" text-anchor=\"middle\">"
        + "\(escaped(xName))</text>")
    return svg(Int(left + width) + 20, Int(top + height) + 36, parts)
  }

  private static func svg(_ width: Int, _ height: Int, _ parts: [String]) -> String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(width) "
      + "\(height)\" role=\"img\">\n" + parts.joined(separator: "\n") + "\n</svg>"
  }

  /// With `digits` digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 9e15 else { return "\(value)" }
    let whole = Int(scaled)
    let sign = value < 0 && whole != 0 ? "-" : ""
    guard digits > 0 else { return sign + "\(whole)" }
    let text = String(whole)
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
  }

  private static func shortest(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : "\(value)"
  }

  /// Text as HTML has it, line ends as signs; what is no character of a page is a question mark.
  static func escaped(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
      let isControl = scalar.properties.generalCategory == .control
      shown.unicodeScalars.append(scalar == "\n" ? "\u{23CE}" : isControl ? "\u{FFFD}" : scalar)
    }
    return escapedForXML(shown)
  }
}
