/// Writes a ZIP archive of stored entries, and says where its fields are, so that any can be made to
/// lie. Knows nothing of the reader: the layout is that of PKWARE's APPNOTE.TXT.
public struct ZipBuilder {
  /// The archive.
  public var bytes: [UInt8] = []
  /// Where each entry's own header begins.
  public private(set) var locals: [Int] = []
  /// Where each entry's record in the directory begins.
  public private(set) var centrals: [Int] = []
  /// Where the end record begins.
  public private(set) var end = 0
  /// Where the ZIP64 end record begins, if there is one.
  public private(set) var end64 = 0

  /// An archive of `entries`. With `isLong`, the sizes are in ZIP64 fields, and the end has a ZIP64
  /// record.
  public init(_ entries: [(name: String, data: [UInt8])], isLong: Bool = false) {
    for (name, data) in entries {
      locals.append(bytes.count)
      bytes.put(UInt32(0x0403_4B50))
      header(name, data, isLong, place: nil)
      bytes += data
    }
    let start = bytes.count
    for (index, (name, data)) in entries.enumerated() {
      centrals.append(bytes.count)
      bytes.put(UInt32(0x0201_4B50))
      bytes.put(UInt16(0))
      header(name, data, isLong, place: locals[index])
    }
    let size = bytes.count - start
    if isLong {
      end64 = bytes.count
      bytes.put(UInt32(0x0606_4B50))
      bytes.put(UInt64(44))
      bytes.put(UInt32(0x2D_002D))
      bytes.put(UInt64(0))
      bytes.put(UInt64(entries.count))
      bytes.put(UInt64(entries.count))
      bytes.put(UInt64(size))
      bytes.put(UInt64(start))
      bytes.put(UInt32(0x0706_4B50))
      bytes.put(UInt32(0))
      bytes.put(UInt64(end64))
      bytes.put(UInt32(1))
    }
    end = bytes.count
    bytes.put(UInt32(0x0605_4B50))
    bytes.put(UInt32(0))
    bytes.put(isLong ? UInt16.max : UInt16(entries.count))
    bytes.put(isLong ? UInt16.max : UInt16(entries.count))
    bytes.put(isLong ? UInt32.max : UInt32(size))
    bytes.put(isLong ? UInt32.max : UInt32(start))
    bytes.put(UInt16(0))
  }

  /// What follows the signature: the same before the entry and, with its place, in the directory.
  private mutating func header(_ name: String, _ data: [UInt8], _ isLong: Bool, place: Int?) {
    var extra: [UInt8] = []
    if isLong {
      extra.put(UInt16(1))
      extra.put(UInt16(place == nil ? 16 : 24))
      extra.put(UInt64(data.count))
      extra.put(UInt64(data.count))
      if let place { extra.put(UInt64(place)) }
    }
    bytes.put(UInt16(0))  // version
    bytes.put(UInt16(0))  // flags
    bytes.put(UInt16(0))  // method
    bytes.put(UInt32(0))  // time
    bytes.put(crc32(data))
    bytes.put(isLong ? UInt32.max : UInt32(data.count))
    bytes.put(isLong ? UInt32.max : UInt32(data.count))
    bytes.put(UInt16(name.utf8.count))
    bytes.put(UInt16(extra.count))
    if let place {
      bytes.put(UInt16(0))  // comment
      bytes.put(UInt16(0))  // disk
      bytes.put(UInt16(0))  // attributes
      bytes.put(UInt32(0))
      bytes.put(isLong ? UInt32.max : UInt32(place))
    }
    bytes += name.utf8
    bytes += extra
  }
}
