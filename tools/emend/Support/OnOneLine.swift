import ModelFiles

extension String {
  /// The text with its control characters escaped, for a line of a terminal.
  var onOneLine: String { displayed(self, limit: .max) }
}
