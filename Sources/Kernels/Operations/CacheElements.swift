// The KV cache of one kv head, written and read in each of its element types (`CacheLayout`).

import KernelInterface

/// Element access for each type of cache; the kernels are written once over it.
protocol CacheElements {
  static var kind: CacheKind { get }
  /// Bytes of one dimension of the keys of sixteen positions, scales apart.
  static var bytesPerDimension: Int { get }
  /// Dimension d of the keys of sixteen positions.
  static func keys(_ tile: UnsafeRawPointer, _ headSize: Int, _ d: Int) -> FloatVector
  /// Values of dimensions d..<d+16 of one position.
  static func values(_ position: UnsafeRawPointer, _ headSize: Int, _ d: Int) -> FloatVector
  static func storeKey(
    _ tile: UnsafeMutableRawPointer, _ lane: Int, _ headSize: Int, _ key: UnsafePointer<Float>)
  static func storeValue(
    _ position: UnsafeMutableRawPointer, _ headSize: Int, _ value: UnsafePointer<Float>)
}

/// Sixteen values from `p`, zeros past `count`.
@inline(__always) private func loadPadded(_ p: UnsafePointer<Float>, _ count: Int) -> FloatVector {
  if count >= 16 { return p.vector() }
  var v = FloatVector.zero
  for i in 0..<count { v[i] = p[i] }
  return v
}

enum F32Cache: CacheElements {
  static let kind = CacheKind.f32
  @inline(__always) static var bytesPerDimension: Int { 64 }
  @inline(__always) static func keys(
    _ tile: UnsafeRawPointer, _ headSize: Int, _ d: Int
  ) -> FloatVector { (tile + d &* 64).floats() }
  @inline(__always) static func values(
    _ position: UnsafeRawPointer, _ headSize: Int, _ d: Int
  ) -> FloatVector { (position + d &* 4).floats() }
  @inline(__always) static func storeKey(
    _ tile: UnsafeMutableRawPointer, _ lane: Int, _ headSize: Int, _ key: UnsafePointer<Float>
  ) {
    for d in 0..<headSize {
      tile.storeBytes(of: key[d], toByteOffset: d &* 64 &+ lane &* 4, as: Float.self)
    }
  }
  @inline(__always) static func storeValue(
    _ position: UnsafeMutableRawPointer, _ headSize: Int, _ value: UnsafePointer<Float>
  ) {
    var d = 0
    while d < headSize {
      (position + d &* 4).storeBytes(
        of: loadPadded(value + d, headSize &- d), as: FloatVector.self)
      d &+= 16
    }
  }
}

enum F16Cache: CacheElements {
  static let kind = CacheKind.f16
  @inline(__always) static var bytesPerDimension: Int { 32 }
  @inline(__always) static func keys(
    _ tile: UnsafeRawPointer, _ headSize: Int, _ d: Int
  ) -> FloatVector { halves(tile + d &* 32) }
  @inline(__always) static func values(
    _ position: UnsafeRawPointer, _ headSize: Int, _ d: Int
  ) -> FloatVector { halves(position + d &* 2) }
  @inline(__always) static func storeKey(
    _ tile: UnsafeMutableRawPointer, _ lane: Int, _ headSize: Int, _ key: UnsafePointer<Float>
  ) {
    for d in 0..<headSize {
      tile.storeBytes(
        of: halfBits(key[d]), toByteOffset: d &* 32 &+ lane &* 2, as: UInt16.self)
    }
  }
  @inline(__always) static func storeValue(
    _ position: UnsafeMutableRawPointer, _ headSize: Int, _ value: UnsafePointer<Float>
  ) {
    var d = 0
    while d < headSize {
      storeHalves(loadPadded(value + d, headSize &- d), position + d &* 2)
      d &+= 16
    }
  }
}

enum Q8_0Cache: CacheElements {
  static let kind = CacheKind.q8_0
  @inline(__always) static var bytesPerDimension: Int { 16 }
  @inline(__always) static func keys(
    _ tile: UnsafeRawPointer, _ headSize: Int, _ d: Int
  ) -> FloatVector {
    let scale = halves(tile + (d / 32) &* 32)
    return signedBytes(tile + (CacheLayout.chunks(headSize) &* 32 &+ d &* 16)) * scale
  }
  @inline(__always) static func values(
    _ position: UnsafeRawPointer, _ headSize: Int, _ d: Int
  ) -> FloatVector {
    let scale = FloatVector(repeating: half(position + (d / 32) &* 2))
    return signedBytes(position + (CacheLayout.chunks(headSize) &* 2 &+ d)) * scale
  }
  @inline(__always) static func storeKey(
    _ tile: UnsafeMutableRawPointer, _ lane: Int, _ headSize: Int, _ key: UnsafePointer<Float>
  ) {
    let codes = tile + CacheLayout.chunks(headSize) &* 32
    for chunk in 0..<CacheLayout.chunks(headSize) {
      let block = Block(key + chunk &* 32, min(32, headSize &- chunk &* 32))
      tile.storeBytes(
        of: block.scaleBits, toByteOffset: chunk &* 32 &+ lane &* 2, as: UInt16.self)
      for i in 0..<min(32, headSize &- chunk &* 32) {
        let code = Int8(truncatingIfNeeded: i < 16 ? block.low[i] : block.high[i &- 16])
        codes.storeBytes(
          of: code, toByteOffset: (chunk &* 32 &+ i) &* 16 &+ lane, as: Int8.self)
      }
    }
  }
  @inline(__always) static func storeValue(
    _ position: UnsafeMutableRawPointer, _ headSize: Int, _ value: UnsafePointer<Float>
  ) {
    let codes = position + CacheLayout.chunks(headSize) &* 2
    for chunk in 0..<CacheLayout.chunks(headSize) {
      let count = min(32, headSize &- chunk &* 32)
      let block = Block(value + chunk &* 32, count)
      position.storeBytes(of: block.scaleBits, toByteOffset: chunk &* 2, as: UInt16.self)
      for i in 0..<CacheLayout.paddedSize(count) {
        let code = Int8(truncatingIfNeeded: i < 16 ? block.low[i] : block.high[i &- 16])
        codes.storeBytes(of: code, toByteOffset: chunk &* 32 &+ i, as: Int8.self)
      }
    }
  }

  /// 32 values by one f16 scale, as ggml's Q8_0: the codes are made with the exact scale.
  private struct Block {
    let scaleBits: UInt16
    let low: IntVector
    let high: IntVector

    @inline(__always) init(_ p: UnsafePointer<Float>, _ count: Int) {
      let a = loadPadded(p, count)
      let b = count > 16 ? loadPadded(p + 16, count &- 16) : .zero
      let peak = largest(maximum(magnitude(a), magnitude(b)))
      let inverse = FloatVector(repeating: peak > 0 ? 127 / peak : 0)
      scaleBits = halfBits(peak / 127)
      low = roundToInt(a * inverse)
      high = roundToInt(b * inverse)
    }
  }

  @inline(__always) private static func signedBytes(_ p: UnsafeRawPointer) -> FloatVector {
    let b = p.loadUnaligned(as: SIMD16<Int8>.self)
    var r = FloatVector()
    for i in 0..<16 { r[i] = Float(Int32(b[i])) }
    return r
  }
}

/// `AttentionKernels.StoreKeyValue` for one type of cache.
@inline(__always) func storeKeyValue<C: CacheElements>(
  _: C.Type, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ position: Int,
  _ headSize: Int, _ keys: UnsafeMutableRawPointer, _ values: UnsafeMutableRawPointer
) {
  C.storeKey(
    keys + (position / 16) &* CacheLayout.keyTileBytes(C.kind, headSize), position & 15, headSize,
    key)
  C.storeValue(values + position &* CacheLayout.valueBytes(C.kind, headSize), headSize, value)
}
