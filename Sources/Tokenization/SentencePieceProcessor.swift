import CSentencePiece

/// A model loaded into libsentencepiece. Encoding does not change it, so threads may share it.
final class SentencePieceProcessor: @unchecked Sendable {
  private let handle: OpaquePointer

  /// Loads a serialized `ModelProto`. The caller has checked what it says: the library is not made
  /// for hostile models.
  init(serialized model: [UInt8]) throws(TokenizationError) {
    var created: OpaquePointer?
    var message = [CChar](repeating: 0, count: 256)
    let status = model.withUnsafeBytes {
      spm_create($0.baseAddress, $0.count, &created, &message, message.count)
    }
    guard status == 0, let created else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw .library(status: Int(status), message: String(decoding: text, as: UTF8.self))
    }
    handle = created
  }

  deinit { spm_destroy(handle) }

  /// Appends the ids of `text`. Returns whether the library could encode it.
  func encode(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int]) -> Bool {
    withUnsafeMutablePointer(to: &ids) { ids in
      spm_encode(
        handle, text.baseAddress, text.count,
        { context, found, count in
          guard let context, let found else { return }
          let ids = context.assumingMemoryBound(to: [Int].self)
          for id in UnsafeBufferPointer(start: found, count: count) { ids.pointee.append(Int(id)) }
        }, ids, nil, 0) == 0
    }
  }
}
