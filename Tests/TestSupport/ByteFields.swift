extension [UInt8] {
  /// Adds the bytes of `value`, least significant first.
  public mutating func put(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { self += $0 }
  }

  /// Adds the bytes of `value` as an IEEE single.
  public mutating func put(_ value: Float) { put(value.bitPattern) }

  /// Replaces the bytes from `offset` on with those of `value`, least significant first.
  public mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
    Swift.withUnsafeBytes(of: value.littleEndian) {
      replaceSubrange(offset..<offset + $0.count, with: $0)
    }
  }
}

/// The checksum of zlib and of ZIP archives (CRC-32, reflected polynomial EDB88320).
public func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
  var sum = ~UInt32(0)
  for byte in bytes {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
  }
  return ~sum
}
