extension Sequence<UInt8> {
  /// Two lower-case digits for each byte, as checksums are written.
  package var hexadecimal: String {
    map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
