/// Reads protobuf fields one by one, trusting no length.
///
/// Source: the protobuf encoding specification.
struct ProtobufReader {
  /// A field's value; the widths that a SentencePiece model does not use are only skipped.
  enum Value {
    case varint(UInt64)
    case float(Float)
    case bytes(Range<Int>)
    case other
  }

  private let bytes: UnsafeRawBufferPointer
  private var position: Int
  private let end: Int

  /// The fields of the message that lies at `range`.
  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(TokenizationError) -> (number: Int, value: Value)? {
    guard position < end else { return nil }
    let start = position
    let tag = try varint()
    guard tag >> 3 > 0, let number = Int32(exactly: tag >> 3) else {
      throw .malformedModelFile(offset: start, reason: "a field has number \(tag >> 3)")
    }
    switch tag & 7 {
    case 0:
      return (Int(number), .varint(try varint()))
    case 1:
      _ = try take(8)
      return (Int(number), .other)
    case 2:
      let lengthAt = position
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw .malformedModelFile(
          offset: lengthAt, reason: "a field has \(length) bytes where \(end - position) are left")
      }
      return (Int(number), .bytes(try take(Int(length))))
    case 5:
      let range = try take(4)
      let bits = bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt32.self)
      return (Int(number), .float(Float(bitPattern: UInt32(littleEndian: bits))))
    case let kind:
      throw .malformedModelFile(offset: start, reason: "a field has wire type \(kind)")
    }
  }

  private mutating func take(_ count: Int) throws(TokenizationError) -> Range<Int> {
    guard count <= end - position else {
      throw .malformedModelFile(
        offset: position, reason: "\(end - position) bytes are left where \(count) are needed")
    }
    defer { position += count }
    return position..<position + count
  }

  private mutating func varint() throws(TokenizationError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { break }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw .malformedModelFile(offset: start, reason: "a number does not end")
  }
}
