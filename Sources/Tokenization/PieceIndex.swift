/// Finds the id of a piece by its bytes: open addressing over a `PieceTable`, one `Int32` a slot.
///
/// Hashes are Swift's seeded ones, so a file cannot be made whose pieces all collide.
struct PieceIndex: Sendable {
  private var slots: [Int32]
  private var mask: Int

  /// Room for `count` pieces, at most half full.
  init(capacity count: Int) {
    var size = 16
    while size < count * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    mask = size - 1
  }

  /// Adds the piece `id` of `table`. Returns the id of an equal piece that is there already, and
  /// then changes nothing.
  mutating func insert(_ id: Int, of table: PieceTable) -> Int? {
    let (slot, found) = table.withBytes(of: id) { locate($0, in: table) }
    if let found { return found }
    slots[slot] = Int32(id)
    return nil
  }

  /// The id whose bytes are `bytes`.
  func find(_ bytes: UnsafeBufferPointer<UInt8>, in table: PieceTable) -> Int? {
    locate(bytes, in: table).found
  }

  /// The id whose bytes are `bytes`.
  func find(_ bytes: some Collection<UInt8>, in table: PieceTable) -> Int? {
    let found = bytes.withContiguousStorageIfAvailable { locate($0, in: table).found }
    return found ?? Array(bytes).withUnsafeBufferPointer { locate($0, in: table).found }
  }

  private func locate(
    _ bytes: UnsafeBufferPointer<UInt8>, in table: PieceTable
  ) -> (slot: Int, found: Int?) {
    var slot = hash(of: bytes) & mask
    while slots[slot] >= 0 {
      let id = Int(slots[slot])
      if table.withBytes(of: id, { equal($0, bytes) }) { return (slot, id) }
      slot = (slot + 1) & mask
    }
    return (slot, nil)
  }
}

/// A seeded hash of bytes.
func hash(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
  var hasher = Hasher()
  hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
  return hasher.finalize()
}

/// Whether two byte strings are the same.
func equal(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
  guard a.count == b.count else { return false }
  for index in 0..<a.count where a[index] != b[index] { return false }
  return true
}
