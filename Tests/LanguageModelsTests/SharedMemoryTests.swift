import LanguageModels
import TensorKernels
import TestSupport
import Testing

@Suite struct SharedMemoryTests {
  /// What a further sequence takes is its cache: the memory of passes is one.
  @Test func furtherSequencesTakeTheirCaches() throws {
    let fixture = try LogitsFixture("q8_0")
    let processor = try fixture.processor(.int8)
    let plan = try ProcessorState.plan(processor, contextLength: 300, cacheType: .q8_0)
    let memory = try PassMemory(processor, contextLength: 300)
    #expect(memory.byteCount == plan.workspace)
    let states = try [300, 20].map {
      try ProcessorState(sharing: memory, contextLength: $0, cacheType: .q8_0)
    }
    #expect(states.allSatisfy { $0.memory === memory })
    #expect(states[0].cacheByteCount == plan.cache && states[1].cacheByteCount < plan.cache / 4)
    let error = #expect(throws: LanguageModelError.self) {
      try ProcessorState(sharing: memory, contextLength: 301)
    }
    #expect(error == .contextTooLong(requested: 301, most: 300))
  }

  #if os(Linux)
    /// A process's peak, with caches of 7 B (32 blocks of 32 heads of 128) at 2048 tokens in f16: the
    /// second sequence, filled to its end and then run together with the first, adds its cache of 2^30 bytes and
    /// at most 2 MB. So does a third that both are decoded beside.
    @Test func peakOfFurtherSequences() async {
      await #expect(processExitsWith: .success) {
        let processor = try SevenBillionCache.processor()
        let memory = try PassMemory(processor, contextLength: 2048)
        func filled() throws -> ProcessorState {
          let state = try ProcessorState(sharing: memory)
          let count = 32 * 32 * 128
          let values = PositionKeyValues(
            keys: [Float](repeating: 0.5, count: count),
            values: [Float](repeating: 0.25, count: count))
          for _ in 0..<2045 { try state.append(values) }
          return state
        }
        let first = try filled()
        precondition(first.cacheByteCount == 1 << 30)
        // All rows that a pass can have are used once, and what a token needs of a full context.
        let warm = try ProcessorState(sharing: memory, contextLength: 256)
        _ = try warm.forward([Int](repeating: 1, count: 256))
        _ = try first.forward([1])
        var peak = SystemMemory.peakResidentBytes
        var states = [first]
        for _ in 0..<2 {
          states.append(try filled())
          first.truncate(to: 2045)
          for state in states { state.truncate(to: 2045) }
          let failures = memory.forward(states.map { PassSegment($0, [1, 2]) }) { _, _, _ in }
          let next = memory.forward(states.map { PassSegment($0, [3]) }) { _, _, _ in }
          precondition((failures + next).allSatisfy { $0 == nil })
          let grown = SystemMemory.peakResidentBytes - peak
          precondition(grown <= 1 << 30 + 2_000_000, "\(grown) bytes")
          precondition(grown > 1 << 29, "nothing was measured")
          peak = SystemMemory.peakResidentBytes
        }
      }
    }
  #endif
}

/// A model whose caches are those of LLaMA 2 7 B, and whose other parts are small.
enum SevenBillionCache {
  static func processor() throws -> Processor {
    var file = TinyFile()
    file.set("llama.context_length", .u32(2048))
    file.set("llama.block_count", .u32(32))
    file.set("llama.attention.head_count", .u32(32))
    file.set("llama.attention.head_count_kv", .u32(32))
    file.set("llama.attention.key_length", .u32(128))
    file.set("llama.attention.value_length", .u32(128))
    for (name, shape) in TinyFile.shapes where name.hasPrefix("blk.0.") {
      let part = name.dropFirst("blk.0.".count)
      let wide =
        switch part {
        case "attn_q.weight", "attn_k.weight", "attn_v.weight": [32, 4096]
        case "attn_output.weight": [4096, 32]
        default: shape
        }
      let value = Float(0.01).bitPattern
      let bytes = (0..<4 * wide.reduce(1, *)).map {
        UInt8(truncatingIfNeeded: value >> ($0 % 4 * 8))
      }
      for block in 0..<32 { file.setData("blk.\(block).\(part)", type: 0, shape: wide, bytes) }
    }
    return try Processor(file.open(), activations: .int8, pool: ThreadPool(threads: 2))
  }
}
