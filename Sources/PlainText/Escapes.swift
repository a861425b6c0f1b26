extension String {
  /// The text with what escapes stand for, as llama.cpp's -e reads them: \n, \r, \t, \', \", \\ and \xHH for
  /// a byte of ASCII. A backslash before anything else stays.
  package var unescaped: String {
    var result = ""
    var rest = unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "\\", let next = rest.first else {
        result.unicodeScalars.append(scalar)
        continue
      }
      switch next {
      case "n": result.unicodeScalars.append("\n")
      case "r": result.unicodeScalars.append("\r")
      case "t": result.unicodeScalars.append("\t")
      case "'", "\"", "\\": result.unicodeScalars.append(next)
      case "x":
        let digits = String(String.UnicodeScalarView(rest.dropFirst().prefix(2)))
        guard digits.unicodeScalars.count == 2, let byte = UInt8(digits, radix: 16), byte < 0x80
        else {
          result.unicodeScalars.append(scalar)
          continue
        }
        result.unicodeScalars.append(Unicode.Scalar(byte))
        rest = rest.dropFirst(2)
      default:
        result.unicodeScalars.append(scalar)
        continue
      }
      rest = rest.dropFirst()
    }
    return result
  }
}
