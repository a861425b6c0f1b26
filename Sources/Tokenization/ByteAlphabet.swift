/// GPT-2's way to write any byte as one printable character: printable Latin-1 characters stand for
/// themselves, the other 68 bytes for U+0100 and up in order.
///
/// Source: `bytes_to_unicode` of GPT-2's `encoder.py`.
package enum ByteAlphabet {
  /// The character of each byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)!
      default:
        defer { next += 1 }
        return Unicode.Scalar(next)!
      }
    }
  }()

  /// The byte of each character below U+0144, or -1.
  private static let bytes: [Int16] = {
    var table = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = Int16(byte) }
    return table
  }()

  /// How bytes are written.
  package static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(scalars[Int(byte)]) }
    return text
  }

  /// The bytes that `piece` stands for, or nil when it has a character outside the alphabet.
  static func decode(_ piece: ArraySlice<UInt8>) -> [UInt8]? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(piece.count)
    for scalar in String(decoding: piece, as: UTF8.self).unicodeScalars {
      guard scalar.value < 0x144, case let byte = bytes[Int(scalar.value)], byte >= 0 else {
        return nil
      }
      decoded.append(UInt8(byte))
    }
    return decoded
  }
}
