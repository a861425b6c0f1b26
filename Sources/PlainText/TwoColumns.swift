/// Two texts beside each other, their lines broken between words.
package struct TwoColumns {
  /// Characters in a line, the gap between the columns included.
  package let width: Int

  private static let gap = " | "

  /// Columns in lines of `width` characters.
  package init(width: Int) { self.width = width }

  /// The lines of both texts side by side; a column is at least ten characters wide.
  package func rows(left: [String], right: [String]) -> [String] {
    let column = max(10, (width - Self.gap.count) / 2)
    let left = left.flatMap { Self.broken($0, width: column) }
    let right = right.flatMap { Self.broken($0, width: column) }
    return (0..<max(left.count, right.count)).map { index in
      let first = left.indices.contains(index) ? left[index] : ""
      let second = right.indices.contains(index) ? right[index] : ""
      let padding = String(repeating: " ", count: max(0, column - first.count))
      return (first + padding + Self.gap + second).trimmedAtEnd
    }
  }

  /// One line in pieces of at most `width` characters, between words where there is one.
  package static func broken(_ line: String, width: Int) -> [String] {
    var pieces: [String] = []
    var rest = line[...]
    while rest.count > width {
      let limit = rest.index(rest.startIndex, offsetBy: width)
      let space = rest[...limit].lastIndex(of: " ").flatMap { $0 > rest.startIndex ? $0 : nil }
      pieces.append(String(rest[..<(space ?? limit)]))
      rest = space.map { rest[rest.index(after: $0)...] } ?? rest[limit...]
    }
    return pieces + [String(rest)]
  }
}

extension String {
  fileprivate var trimmedAtEnd: String {
    var result = self
    while result.last == " " { result.removeLast() }
    return result
  }
}
