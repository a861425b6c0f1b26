import Crypto
import LatentEditing

/// One edit that a request asks for.
package struct EditItem: Sendable, Hashable {
  /// Where it comes from.
  package enum Source: Sendable, Hashable {
    /// An instruction that an editor reads.
    case instruction(String, editor: EditEntry)
    /// A control vector.
    case vector(EditEntry)
    /// An edit that was compiled before.
    case compiled(EditEntry)
  }

  /// Where it comes from.
  package let source: Source
  /// How strongly: 0 is no edit, negative the opposite direction.
  package let strength: Float
  /// Only these blocks; nil for all that it has.
  package let layers: [Int]?

  /// The blocks as people write them.
  var layerText: String { layers.map { LayerSelection($0).description } ?? "all" }

  /// As answers tell it.
  var json: JSONValue {
    var object = JSONObject()
    switch source {
    case .instruction(let text, let editor):
      object["instruction"] = .string(text)
      object["editor"] = .string(editor.name)
    case .vector(let entry): object["vector"] = .string(entry.name)
    case .compiled(let entry): object["compiled"] = .string(entry.name)
    }
    object["strength"] = JSONValue(strength)
    object["layers"] = .string(layerText)
    return .object(object)
  }

  /// What it is, by the content of its file.
  fileprivate var contents: String {
    let what =
      switch source {
      case .instruction(let text, let editor):
        "instruction \(editor.digest) \(text.utf8.count) \(text)"
      case .vector(let entry): "vector \(entry.digest)"
      case .compiled(let entry): "compiled \(entry.digest)"
      }
    return "\(what) \(strength.bitPattern) \(layerText)"
  }
}

/// All that a request asks to be done to the model.
package struct EditSelection: Sendable, Equatable {
  /// As they were asked for.
  package let items: [EditItem]
  /// Which edit it is, by the content of all that it comes from; nil for none. Two requests of one digest
  /// have the same done to them, and may share what is in a cache.
  package let digest: String?

  /// Nothing.
  package static let none = EditSelection([], model: "")

  /// `items` of the model of that digest. Those of strength 0 are no edit: the sum of none is the model as
  /// it is, to the bit. The order does not matter.
  package init(_ items: [EditItem], model: String) {
    self.items = items
    let effective = items.filter { $0.strength != 0 }
    guard !effective.isEmpty else {
      digest = nil
      return
    }
    var hash = SHA256()
    hash.update(data: Array("emend.edit 1\n\(model)\n".utf8))
    for contents in effective.map(\.contents).sorted() {
      hash.update(data: Array("\(contents.utf8.count) \(contents)\n".utf8))
    }
    let digits = hash.finalize().map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    digest = "sha256:" + digits.joined()
  }

  /// Those that do something.
  var effective: [EditItem] { items.filter { $0.strength != 0 } }

  /// Whether conversations are written as editors are trained with them: where one of them, or what it was
  /// compiled to, takes part.
  var needsFamily: Bool {
    effective.contains {
      if case .vector = $0.source { false } else { true }
    }
  }
}
