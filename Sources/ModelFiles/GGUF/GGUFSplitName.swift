/// The name of one file of a split model: `PREFIX-00002-of-00003.gguf`, counted from 1.
struct GGUFSplitName: Equatable {
  var prefix: String
  var part: Int
  var count: Int

  /// Takes `path` apart; nil where it is not such a name.
  init?(_ path: String) {
    // "-ddddd-of-ddddd.gguf", written with at least five digits
    guard path.hasSuffix(".gguf") else { return nil }
    let fields = path.dropLast(5).split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count >= 4, fields[fields.count - 2] == "of",
      let count = Int(fields[fields.count - 1]), let part = Int(fields[fields.count - 3])
    else { return nil }
    prefix = fields.dropLast(3).joined(separator: "-")
    self.part = part
    self.count = count
    guard self.path(part: part) == path else { return nil }
  }

  /// The path of another part of the same model.
  func path(part: Int) -> String { prefix + Self.ending(part: part, count: count) }

  /// "-00002-of-00003.gguf"
  static func ending(part: Int, count: Int) -> String {
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "-\(padded(part))-of-\(padded(count)).gguf"
  }
}
