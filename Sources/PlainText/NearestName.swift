/// The name that takes the fewest changes of single characters to get from `name`, if they are no more
/// than a third of it and one; the first of several.
package func nearestName(to name: String, of names: [String]) -> String? {
  let word = Array(name.prefix(64))
  let distances = names.map { (name: $0, distance: changes(word, Array($0))) }
  guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= word.count / 3 + 1 ? best.name : nil
}

/// Insertions, deletions and replacements that make `b` of `a` (Levenshtein).
private func changes(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var corner = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let replaced = corner + (x == y ? 0 : 1)
      corner = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, corner + 1)
    }
  }
  return row[b.count]
}
