import Driver
import KernelInterface
import TestSupport

func exponential(_ x: Double) -> Double { driver_exp(x) }
func driver_root(_ n: Int) -> Double { driver_sqrt(Double(n)) }

/// The cache and attention over it, in every type of elements.
func checkAttention(_ c: Checker) {
  for kind in [CacheKind.f32, .f16, .q8_0] {
    for headSize in [8, 24, 64, 80, 128] {
      let capacity = 1280
      let keyBytes = capacity / 16 * CacheLayout.keyTileBytes(kind, headSize)
      let valueBytes = capacity * CacheLayout.valueBytes(kind, headSize)
      let keys = Bytes(keyBytes, fill: 0xFF)
      let values = Bytes(valueBytes, fill: 0xFF)
      let filled = 560
      let heads = c.floats(2 * filled * headSize, 3)
      // Stored alike, to the bit.
      let both = c.same("storeKeyValue", Bytes(keyBytes + valueBytes, fill: 0xFF)) { table, out in
        for position in 0..<filled {
          table.attention.storeKeyValue(
            kind.rawValue, heads.input + position * headSize,
            heads.input + (filled + position) * headSize, position, headSize, out.address,
            out.address + keyBytes)
        }
      }
      for i in 0..<keyBytes { keys.bytes[i] = both.bytes[i] }
      for i in 0..<valueBytes { values.bytes[i] = both.bytes[keyBytes + i] }
      let kept = c.same("loadKeyValue", Bytes(2 * filled * headSize * 4)) { table, out in
        for position in 0..<filled {
          table.attention.loadKeyValue(
            kind.rawValue, keys.address, values.address, position, headSize,
            out.floats + position * headSize, out.floats + (filled + position) * headSize)
        }
      }
      let scale = 1 / Float(driver_root(headSize))
      for visible in [1, 15, 16, 17, 33, 511, 513] {
        for (columns, step) in [(1, 0), (5, 0), (8, 1), (3, 1), (20, 1)] {
          let queryStride = headSize + 3
          let outStride = headSize + 5
          let queries = c.floats(columns * queryStride, 2)
          let found = c.same("attend", Bytes(columns * outStride * 4, fill: 7)) { table, out in
            let scratch = Bytes(CacheLayout.attentionScratch(headSize) * 4, fill: 0xFF)
            table.attention.attend(
              kind.rawValue, queries.input, queryStride, columns, visible, step, headSize, scale,
              keys.address, values.address, out.floats, outStride, scratch.floats)
          }
          if columns <= 8 {
            let end = visible + (columns - 1) * step
            let blocks = (end + CacheLayout.softmaxBlock - 1) / CacheLayout.softmaxBlock
            let size = CacheLayout.attentionPartial(headSize)
            let merged = c.same("attendBlock", Bytes(columns * outStride * 4, fill: 7)) {
              table, out in
              let partials = Bytes(blocks * size * 4, fill: 0xFF)
              let scratch = Bytes(CacheLayout.attentionScratch(headSize) * 4, fill: 0xFF)
              for block in 0..<blocks {
                table.attention.attendBlock(
                  kind.rawValue, queries.input, queryStride, columns, visible, step, headSize,
                  scale, keys.address, values.address, block, partials.floats + block * size,
                  scratch.floats)
              }
              table.attention.mergeAttention(
                partials.floats, blocks, columns, headSize, out.floats, outStride)
            }
            for i in 0..<columns * outStride {
              c.equal("attendBlock and attend", i, Int(merged.words[i]), Int(found.words[i]))
            }
          }
          for n in [0, columns - 1] {
            var weights: [Double] = []
            var peak = -Double.infinity
            for p in 0..<visible + n * step {
              var s = 0.0
              for d in 0..<headSize {
                s +=
                  Double(queries.floats[n * queryStride + d])
                  * Double(kept.floats[p * headSize + d])
              }
              s *= Double(scale)
              weights.append(s)
              if s > peak { peak = s }
            }
            var total = 0.0
            for p in 0..<weights.count {
              weights[p] = exponential(weights[p] - peak)
              total += weights[p]
            }
            for d in 0..<headSize {
              var sum = 0.0
              for p in 0..<weights.count {
                sum += weights[p] * Double(kept.floats[(filled + p) * headSize + d])
              }
              // Scores up to about 60 of headSize roundings each, values up to 3.
              c.near(
                "attend in Double", n * outStride + d, found.floats[n * outStride + d],
                sum / total, Double(headSize + weights.count + 64) * 0x1p-19)
            }
          }
        }
      }
    }
  }
}
