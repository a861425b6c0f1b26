import BlockFormats
import KernelInterface

/// `QuantizationKernels.QuantizeBlocks`. `scratch` holds `KernelTable.quantizeScratch` floats.
func quantizeBlocks(
  _ format: BlockFormat, _ isBest: Bool, _ values: UnsafePointer<Float>,
  _ importance: UnsafePointer<Float>?, _ blocksPerRow: Int, _ blocks: Int,
  _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutablePointer<Float>
) {
  let tile = scratch
  let weights = scratch + blockSize &* lanes
  let room = weights + blockSize &* lanes
  let words = UnsafeMutableRawPointer(room + blockSize &* lanes)
    .assumingMemoryBound(to: UInt32.self)
  if importance == nil { weights.update(repeating: 1, count: blockSize &* lanes) }
  var first = 0
  while first < blocks {
    let count = min(lanes, blocks &- first)
    let target: UnsafeMutableRawPointer
    loadTile(values + first &* blockSize, count, tile)
    switch format {
    case .q4_0: target = out + first &* 18
    case .q4_1: target = out + first &* 20
    case .q5_0: target = out + first &* 22
    case .q5_1: target = out + first &* 24
    default: target = out + first &* 34
    }
    if isBest {
      if let importance { loadImportance(importance, blocksPerRow, first, weights) }
      switch format {
      case .q4_0: quantizeBest(Q4_0Grid.self, tile, weights, count, target, words, room)
      case .q4_1: quantizeBest(Q4_1Grid.self, tile, weights, count, target, words, room)
      case .q5_0: quantizeBest(Q5_0Grid.self, tile, weights, count, target, words, room)
      case .q5_1: quantizeBest(Q5_1Grid.self, tile, weights, count, target, words, room)
      default: quantizeBest(Q8_0Grid.self, tile, weights, count, target, words, room)
      }
    } else {
      switch format {
      case .q4_0: referenceQ4_0(tile, count, target, words)
      case .q4_1: referenceQ4_1(tile, count, target, words)
      default: referenceQ8_0(tile, count, target, words)
      }
    }
    first &+= lanes
  }
}

/// `QuantizationKernels.ToFloats`: f32, f16 or bf16 elements as floats.
func toFloats(
  _ format: BlockFormat, _ source: UnsafeRawPointer, _ count: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  var i = 0
  switch format {
  case .f16:
    while i &+ lanes <= count {
      out.store(halves(source + 2 &* i), at: i)
      i &+= lanes
    }
    while i < count {
      out[i] = half(source + 2 &* i)
      i &+= 1
    }
  case .bf16:
    while i &+ lanes <= count {
      out.store(brainHalves(source + 2 &* i), at: i)
      i &+= lanes
    }
    while i < count {
      let bits = (source + 2 &* i).loadUnaligned(as: UInt16.self)
      out[i] = Float(bitPattern: UInt32(bits) &<< 16)
      i &+= 1
    }
  default:
    UnsafeMutableRawPointer(out).copyMemory(from: source, byteCount: 4 &* count)
  }
}

/// `QuantizationKernels.FromFloats`: floats as f32, f16 or bf16, rounded to nearest even.
func fromFloats(
  _ format: BlockFormat, _ values: UnsafePointer<Float>, _ count: Int,
  _ out: UnsafeMutableRawPointer
) {
  var i = 0
  switch format {
  case .f16:
    while i &+ lanes <= count {
      storeHalves(values.vector(i), out + 2 &* i)
      i &+= lanes
    }
    while i < count {
      out.storeBytes(of: halfBits(values[i]), toByteOffset: 2 &* i, as: UInt16.self)
      i &+= 1
    }
  case .bf16:
    while i &+ lanes <= count {
      let bits = unsafeBitCast(values.vector(i), to: WordVector.self)
      let toEven = (bits &>> 16) & 1
      let rounded = (bits &+ 0x7FFF &+ toEven) &>> 16
      var h = SIMD16<UInt16>()
      for lane in 0..<lanes { h[lane] = UInt16(truncatingIfNeeded: rounded[lane]) }
      (out + 2 &* i).storeBytes(of: h, as: SIMD16<UInt16>.self)
      i &+= lanes
    }
    while i < count {
      let bits = values[i].bitPattern
      let rounded = (bits &+ 0x7FFF &+ (bits &>> 16 & 1)) &>> 16
      out.storeBytes(
        of: UInt16(truncatingIfNeeded: rounded), toByteOffset: 2 &* i, as: UInt16.self)
      i &+= 1
    }
  default:
    out.copyMemory(from: values, byteCount: 4 &* count)
  }
}

/// `QuantizationKernels.FirstNotFinite`: the index of the first infinity or NaN, or -1.
func firstNotFinite(_ values: UnsafePointer<Float>, _ count: Int) -> Int {
  var i = 0
  // The largest exponent of eight vectors says whether to look closer.
  let stride = 8 &* lanes
  while i &+ stride <= count {
    var most = WordVector.zero
    for k in 0..<8 {
      let bits = unsafeBitCast(values.vector(i &+ k &* lanes), to: WordVector.self) & 0x7FFF_FFFF
      most = most.replacing(with: bits, where: most .< bits)
    }
    if any(most .>= 0x7F80_0000) { break }
    i &+= stride
  }
  while i < count {
    if values[i].bitPattern & 0x7F80_0000 == 0x7F80_0000 { return i }
    i &+= 1
  }
  return -1
}
