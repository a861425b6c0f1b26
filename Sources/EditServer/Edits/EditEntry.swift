import LatentEditing

/// A file that requests may name in their edits.
package struct EditEntry: Sendable, Hashable {
  /// What is in it.
  package enum Kind: String, Sendable {
    case editor
    case vector
    case compiled
  }

  /// What requests call it.
  package let name: String
  /// What is in it.
  package let kind: Kind
  /// The file, which clients are never told.
  let path: String
  /// Its size.
  let bytes: Int
  /// The SHA-256 of its bytes.
  let digest: String
  /// The blocks that it acts at, where the file says.
  var layers: [Int]?
  /// The tokens that it acts on, where the file says.
  var positions: String?
  /// Before or after the blocks.
  var placement: String?
  /// The width that it is for.
  var width: Int?
  /// The model that it is for.
  var modelDigest: String?
  /// Why it cannot be used; nil where it can.
  var reason: String?

  /// As `/v1/edits` tells it.
  var json: JSONValue {
    [
      "name": .string(name), "kind": .string(kind.rawValue),
      "layers": layers.map { .array($0.map(JSONValue.integer)) } ?? .null,
      "positions": JSONValue(positions), "placement": JSONValue(placement),
      "width": width.map(JSONValue.integer) ?? .null, "model_digest": JSONValue(modelDigest),
      "compatible": .bool(reason == nil), "reason": JSONValue(reason), "bytes": .integer(bytes),
      "sha256": .string(digest),
    ]
  }
}

/// Names that requests may use: letters, digits, dots, dashes and underscores, not beginning with a dot.
enum EditNames {
  static let longest = 64

  /// Whether `name` is one.
  static func areValid(_ name: String) -> Bool {
    (1...longest).contains(name.utf8.count) && name.utf8.first != UInt8(ascii: ".")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// The name of the file at `path` without its ending, where it is one.
  static func stem(of path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
    return String(file[..<dot])
  }
}
