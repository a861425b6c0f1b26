import Crypto
import Foundation

/// What two instructions have in common that differ in nothing but writing: in lower case and canonical
/// composition, white space as single spaces and none at the ends, no punctuation at the end.
public func normalizedInstruction(_ text: String) -> String {
  let words = text.precomposedStringWithCanonicalMapping.lowercased()
    .split(whereSeparator: \.isWhitespace).joined(separator: " ")
  var end = words[...]
  while let last = end.last, last.isPunctuation || last.isWhitespace { end.removeLast() }
  // What is nothing but punctuation is itself.
  return end.isEmpty ? words : String(end)
}

/// A number in 0..<1 that a seed and some texts determine, the same everywhere: the first 53 bits of
/// SHA-256.
func seededFraction(_ seed: UInt64, _ texts: String...) -> Double {
  var digest = SHA256()
  withUnsafeBytes(of: seed.littleEndian) { digest.update(bufferPointer: $0) }
  for text in texts {
    // The length in front keeps ("ab", "c") and ("a", "bc") apart.
    withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { digest.update(bufferPointer: $0) }
    digest.update(data: Array(text.utf8))
  }
  let bits = digest.finalize().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  return Double(bits >> 11) * 0x1p-53
}
