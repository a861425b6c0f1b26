import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

@Suite struct MemoryPlanTests {
  /// The header alone, the packed processor and the state itself give the same numbers.
  @Test(arguments: LogitsFixture.names)
  func plansAgree(name: String) throws {
    let fixture = try LogitsFixture(name)
    for activations in ActivationPrecision.allCases {
      for pool in Pools.all {
        let processor = try fixture.processor(activations, pool: pool)
        for type in CacheType.allCases {
          for (context, chunkSize) in [(1, 256), (17, 8), (500, 64), (300, 256)] {
            let plan = try ProcessorState.plan(
              processor, contextLength: context, cacheType: type, chunkSize: chunkSize)
            let early = try ProcessorState.plan(
              fixture.file, activations: activations, threads: pool.threadCount,
              contextLength: context, cacheType: type, chunkSize: chunkSize)
            let state = try ProcessorState(
              processor, contextLength: context, cacheType: type, chunkSize: chunkSize)
            #expect(plan == early)
            #expect(plan.weights == processor.weightBytes)
            #expect(state.byteCount == plan.cache + plan.workspace)
            #expect(plan.total == plan.weights + plan.cache + plan.workspace)
          }
        }
      }
    }
  }

  /// The cache by hand: layers x kv heads x whole tiles of positions x two vectors.
  @Test func cacheByHand() throws {
    let fixture = try LogitsFixture("q8_0")  // 2 layers, 2 kv heads of 64
    for (type, bytes) in [(CacheType.f32, 256), (.f16, 128), (.q8_0, 68)] {
      let plan = try ProcessorState.plan(
        fixture.file, activations: .int8, threads: 1, contextLength: 100, cacheType: type)
      #expect(plan.cache == 2 * 2 * 112 * 2 * bytes)
    }
  }

  /// Weights by hand: rows padded to 16, the bytes of the file's blocks; the mapped embedding is free.
  @Test func weightsByHand() throws {
    let plan = try ProcessorState.plan(
      try TinyFile().open(), activations: .int8, threads: 1, contextLength: 16)
    let rows = 32 + 16 + 16 + 32 + 32 + 32 + 32 + 16
    #expect(plan.weights == rows * 32 * 4)
  }

  /// What a long context costs is its cache, and room for the partial results of one token's
  /// attention: a few numbers for every 512 positions. Within one such block it is the cache alone.
  @Test func workspaceHardlyGrowsWithTheContext() throws {
    let file = try LogitsFixture("k").file
    func plan(_ context: Int, _ threads: Int) throws -> ProcessorState.MemoryPlan {
      try ProcessorState.plan(
        file, activations: .f32, threads: threads, contextLength: context, chunkSize: 64)
    }
    let short = try plan(64, 1)
    let long = try plan(1 << 20, 1)
    #expect(try short.workspace == plan(512, 1).workspace)
    // The fixture has one kv head of 64: eight sums, peaks and totals for each block.
    #expect(long.workspace - short.workspace == (1 << 20) / 512 * (8 * 64 + 8 + 8) * 4)
    #expect(long.cache == short.cache << 14)
    #expect(try plan(64, 2).workspace > short.workspace)
  }
}
