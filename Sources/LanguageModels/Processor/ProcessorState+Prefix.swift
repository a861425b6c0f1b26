import TensorKernels

/// Keys (rotated) and values of one position in every layer, as floats: what a compiled edit has of each
/// of its tokens.
public struct PositionKeyValues: Sendable, Equatable {
  /// `[layers][kvHeads][headSize]`.
  public let keys: [Float]
  /// `[layers][kvHeads][headSize]`.
  public let values: [Float]

  /// Keys and values `[layers][kvHeads][headSize]`.
  public init(keys: [Float], values: [Float]) {
    self.keys = keys
    self.values = values
  }
}

extension ProcessorState {
  /// What the cache holds for `position`. Appended to a state with the same type of cache it becomes
  /// the same bytes.
  public func keyValues(at position: Int) -> PositionKeyValues {
    precondition((0..<self.position).contains(position), "there is nothing at \(position)")
    let c = processor.configuration
    let count = c.layerCount * c.kvHeadCount * c.headSize
    var keys = [Float](repeating: 0, count: count)
    var values = keys
    eachHead { layer, head, offset in
      keys.withUnsafeMutableBufferPointer { keys in
        values.withUnsafeMutableBufferPointer { values in
          processor.kernels.attention.loadKeyValue(
            cache.type.kind.rawValue, cache.keys(layer: layer, head: head),
            cache.values(layer: layer, head: head), position, c.headSize,
            keys.baseAddress! + offset, values.baseAddress! + offset)
        }
      }
    }
    return PositionKeyValues(keys: keys, values: values)
  }

  /// Appends one position whose keys and values are known already, without running the model: it
  /// counts as a token, and has no logits. Throws `contextFull`.
  public func append(_ prefix: PositionKeyValues) throws(LanguageModelError) {
    let c = processor.configuration
    let count = c.layerCount * c.kvHeadCount * c.headSize
    precondition(prefix.keys.count == count && prefix.values.count == count)
    guard position < contextLength else {
      throw .contextFull(position: position, count: 1, contextLength: contextLength)
    }
    eachHead { layer, head, offset in
      prefix.keys.withUnsafeBufferPointer { keys in
        prefix.values.withUnsafeBufferPointer { values in
          processor.kernels.attention.storeKeyValue(
            cache.type.kind.rawValue, keys.baseAddress! + offset, values.baseAddress! + offset,
            position, c.headSize, cache.keys(layer: layer, head: head),
            cache.values(layer: layer, head: head))
        }
      }
    }
    position += 1
  }

  private func eachHead(_ body: (_ layer: Int, _ head: Int, _ offset: Int) -> Void) {
    let c = processor.configuration
    for layer in 0..<c.layerCount {
      for head in 0..<c.kvHeadCount {
        body(layer, head, (layer * c.kvHeadCount + head) * c.headSize)
      }
    }
  }
}
