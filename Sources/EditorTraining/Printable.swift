/// Text of a file for a message: at most 60 characters, and none that a terminal would obey.
package func printable(_ text: String) -> String {
  let shown = text.prefix(60).unicodeScalars.map { scalar in
    scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
  }.joined()
  return text.count <= 60 ? shown : shown + "..."
}
