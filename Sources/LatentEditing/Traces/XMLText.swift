/// `text` as the content of an element or an attribute of XML; characters that XML has no place for
/// become U+FFFD.
package func escapedForXML(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case "\t", "\n", "\r", "\u{20}"..."\u{FFFD}", "\u{10000}"...:
      result.unicodeScalars.append(scalar)
    default: result += "\u{FFFD}"
    }
  }
  return result
}
