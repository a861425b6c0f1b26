/// A table in columns as wide as their widest cell.
package struct TextTable {
  private var rows: [[String]]
  private let numbers: Set<Int>

  /// A table with these column heads; the columns `numbers` are set to the right.
  package init(_ heads: [String], numbers: Set<Int> = []) {
    rows = [heads]
    self.numbers = numbers
  }

  /// Adds a row of as many cells as there are heads.
  package mutating func append(_ cells: [String]) { rows.append(cells) }

  /// The lines, without spaces at their ends.
  package var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { cells in
      let line = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return numbers.contains(column) ? space + cell : cell + space
      }.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}
