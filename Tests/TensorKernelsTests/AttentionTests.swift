import KernelInterface
import TensorKernels
import TestSupport
import Testing

@Suite struct AttentionTests {
  static let headSizes = [8, 16, 24, 40, 64, 80, 128]
  /// First positions in, around and across tiles of 16 and blocks of 512.
  static let positions = [1, 15, 16, 17, 509, 511, 512, 513, 1200]

  @Test(arguments: InstructionSet.available, CacheType.allCases)
  func matchesDouble(set: InstructionSet, type: CacheType) throws {
    var random = SplitMix64(seed: 51)
    for headSize in AttentionTests.headSizes {
      let head = try AttentionHead(set, type, headSize: headSize, capacity: 1280)
      for visible in AttentionTests.positions {
        for (columns, step) in [
          (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (8, 1), (3, 1), (4, 1), (20, 1),
        ] {
          let last = visible + (columns - 1) * step
          head.fill(to: last, &random)
          let queries = (0..<columns).map { _ in randomFloats(headSize, size: 2, &random) }
          let out = head.attend(queries, visible: visible, step: step)
          for n in 0..<columns {
            let error = head.error(out[n], queries[n], visible: visible + n * step)
            #expect(
              error <= 1, "head size \(headSize), visible \(visible), column \(n) of \(columns)")
          }
        }
      }
    }
  }

  /// A query's result has the same bits alone, among queries of the same position (the heads that
  /// share a kv head) and among those of the positions around it (a chunk of a prompt), however wide
  /// the tile is.
  @Test(arguments: InstructionSet.available, CacheType.allCases)
  func queriesDoNotDependOnTheirNeighbours(set: InstructionSet, type: CacheType) throws {
    var random = SplitMix64(seed: 52)
    for headSize in AttentionTests.headSizes {
      let head = try AttentionHead(set, type, headSize: headSize, capacity: 1280)
      for visible in AttentionTests.positions {
        for step in [0, 1] {
          for columns in [2, 3, 4, 5, 8, 21, CacheLayout.mostQueries] {
            head.fill(to: visible + (columns - 1) * step, &random)
            let queries = (0..<columns).map { _ in randomFloats(headSize, size: 2, &random) }
            let together = head.attend(queries, visible: visible, step: step)
            for n in Set([0, columns / 2, columns - 1]) {
              let alone = head.attend([queries[n]], visible: visible + n * step, step: 0)
              #expect(
                bitPatterns(alone[0]) == bitPatterns(together[n]),
                "head size \(headSize), visible \(visible), column \(n) of \(columns), step \(step)"
              )
            }
          }
        }
      }
    }
  }

  /// Scores so far apart that weights vanish: the best position alone is left, to the bit.
  @Test(arguments: InstructionSet.available, CacheType.allCases)
  func vanishingWeights(set: InstructionSet, type: CacheType) throws {
    var random = SplitMix64(seed: 53)
    let cache = try KeyValueCache(type: type, layers: 1, kvHeads: 1, headSize: 8, capacity: 1024)
    for best in [0, 5, 511, 512, 1000] {
      var value: [Float] = []
      for position in 0..<1001 {
        let key = [Float](repeating: position == best ? 100 : -100, count: 8)
        // Whole numbers up to 127, the largest of them there, are kept exactly by every type.
        let candidate: [Float] =
          [127] + (0..<7).map { _ in .init(Int.random(in: -127...127, using: &random)) }
        if position == best { value = candidate }
        set.kernels.attention.storeKeyValue(
          type.kind.rawValue, key, candidate, position, 8, cache.keys(layer: 0, head: 0),
          cache.values(layer: 0, head: 0))
      }
      var out = [Float](repeating: .nan, count: 8)
      var scratch = [Float](repeating: .nan, count: CacheLayout.attentionScratch(8))
      set.kernels.attention.attend(
        type.kind.rawValue, [Float](repeating: 1, count: 8), 8, 1, 1001, 0, 8, 1,
        cache.keys(layer: 0, head: 0), cache.values(layer: 0, head: 0), &out, 8, &scratch)
      #expect(out == value)
    }
  }

  /// Heads and layers have memory of their own: what one holds does not change with the others.
  @Test(arguments: CacheType.allCases)
  func headsDoNotOverlap(type: CacheType) throws {
    let (layers, kvHeads, headSize, capacity) = (2, 3, 24, 33)
    let cache = try KeyValueCache(
      type: type, layers: layers, kvHeads: kvHeads, headSize: headSize, capacity: capacity)
    let size = CacheLayout.keyTileBytes(type.kind, headSize) * 3
    let valueSize = CacheLayout.valueBytes(type.kind, headSize) * 48
    var ranges: [Range<UInt>] = []
    for layer in 0..<layers {
      for head in 0..<kvHeads {
        for (start, count) in [
          (cache.keys(layer: layer, head: head), size),
          (cache.values(layer: layer, head: head), valueSize),
        ] { ranges.append(UInt(bitPattern: start)..<UInt(bitPattern: start) + UInt(count)) }
      }
    }
    ranges.sort { $0.lowerBound < $1.lowerBound }
    for (a, b) in zip(ranges, ranges.dropFirst()) { #expect(a.upperBound <= b.lowerBound) }
    let total = KeyValueCache.byteCount(
      type: type, layers: layers, kvHeads: kvHeads, headSize: headSize, capacity: capacity)
    #expect(ranges.last!.upperBound - ranges[0].lowerBound == UInt(total!))
  }

  /// Bytes of a position: two vectors of the element type, plus a half for every 32 with q8_0.
  @Test func byteCounts() {
    func bytes(_ type: CacheType, _ headSize: Int, capacity: Int) -> Int? {
      KeyValueCache.byteCount(
        type: type, layers: 30, kvHeads: 3, headSize: headSize, capacity: capacity)
    }
    #expect(bytes(.f32, 64, capacity: 2048) == 30 * 3 * 2048 * 64 * 4 * 2)
    #expect(bytes(.f16, 64, capacity: 2048) == 30 * 3 * 2048 * 64 * 2 * 2)
    #expect(bytes(.q8_0, 64, capacity: 2048) == 30 * 3 * 2048 * (64 + 2 * 2) * 2)
    // Whole tiles of 16 positions; values in whole vectors of 16.
    #expect(bytes(.f16, 24, capacity: 17) == 30 * 3 * 32 * (24 * 2 + 32 * 2))
    #expect(bytes(.f32, 4096, capacity: .max - 16) == nil)
  }
}
