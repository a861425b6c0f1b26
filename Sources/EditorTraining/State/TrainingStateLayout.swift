/// What a file of training state holds, in the order of its bytes:
///
///     8 bytes   "EMENDTRN"
///     4 bytes   length of the header, least significant byte first
///     header    JSON: {"version": 2, "values": {name: text}, "sections": [{"name", "byteCount"}]}
///     sections  one after the other
///     32 bytes  SHA-256 of all that stands before
///
/// compressed as a whole with zstd. `values` are small things, each encoded as JSON.
enum TrainingStateLayout {
  static let magic = Array("EMENDTRN".utf8)
  static let version = 2
  /// Magic and length.
  static let prefixByteCount = magic.count + 4
  static let digestByteCount = 32
  /// Random states and counters of thousands of files would be a thousandth of it.
  static let mostHeaderBytes = 16 << 20

  struct Header: Codable {
    var version: Int
    var values: [String: String]
    var sections: [Section]
  }

  struct Section: Codable {
    var name: String
    var byteCount: Int
  }
}
