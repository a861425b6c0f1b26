import LanguageModels
import TensorKernels
import TestSupport
import Testing

/// Sequences that go through a pass together have the logits that each has alone, to the bit.
@Suite struct PassTests {
  /// One to eight sequences of different lengths and edits: their prompts in one pass, then tokens of all, each
  /// pass beside a slice of the next one's prompt. Every format, instruction set and type of cache.
  @Test(arguments: InstructionSet.available, LogitsFixture.names)
  func together(set: InstructionSet, name: String) throws {
    let fixture = try LogitsFixture(name)
    for activations in ActivationPrecision.allCases {
      let processor = try fixture.processor(activations, set: set)
      for type in CacheType.allCases {
        let given = PassCase.several(8, fixture, [1, 9, 17, 40, 3, 64, 2, 30], answer: 5)
        let wanted = try given.map { try $0.alone(processor, type) }
        // The portable kernels are some thirty times as slow.
        for count in set == .portable ? [1, 2, 5, 8] : Array(1...8) {
          let found = try PassCase.together(Array(given[..<count]), processor, type)
          #expect(found == Array(wanted[..<count]), "\(activations), \(type), \(count) together")
        }
      }
    }
  }

  /// Past the first block of the online softmax, where the positions of single rows are shared out if there is
  /// room for what comes of them, and are not otherwise.
  @Test(arguments: ["q4_1", "mixed", "q8_0"])
  func longSequencesTogether(name: String) throws {
    let fixture = try LogitsFixture(name)
    for pool in Pools.all {
      let processor = try fixture.processor(.int8, pool: pool)
      for type in CacheType.allCases {
        let given = PassCase.several(4, fixture, [530, 7, 1030, 511], answer: 3)
        let wanted = try given.map { try $0.alone(processor, type) }
        for chosen in [[0], [0, 1], [1, 0], [0, 2], [3, 0, 1], [0, 1, 2, 3]] {
          let found = try PassCase.together(chosen.map { given[$0] }, processor, type)
          #expect(found == chosen.map { wanted[$0] }, "\(type), \(chosen)")
        }
      }
    }
  }

  @Test(arguments: ["q4_1", "k", "bf16"])
  func threadsDoNotChangeLogits(name: String) throws {
    let fixture = try LogitsFixture(name)
    let given = PassCase.several(8, fixture, [1, 9, 17, 40, 3, 64, 2, 30], answer: 5)
    for activations in ActivationPrecision.allCases {
      let alone = try fixture.processor(activations)
      let wanted = try given.map { try $0.alone(alone, .f16) }
      for pool in Pools.all {
        let processor = try fixture.processor(activations, pool: pool)
        for count in [2, 3, 8] {
          let found = try PassCase.together(Array(given[..<count]), processor, .f16)
          #expect(found == Array(wanted[..<count]), "\(pool.threadCount) threads, \(count)")
        }
      }
    }
  }

  /// Passes of sequences chosen at random, each with so many of its next tokens, and logits wanted from anywhere
  /// on, in passes of few rows: all logits are those of the sequence alone.
  @Test(arguments: ["q4_1", "q8_0", "q5", "f16"], [3, 16, 256])
  func cutAnyhow(name: String, chunkSize: Int) throws {
    let fixture = try LogitsFixture(name)
    for activations in ActivationPrecision.allCases {
      let processor = try fixture.processor(activations, pool: Pools.all[1])
      let given = PassCase.several(5, fixture, [50, 90, 20, 70, 33], answer: 0)
      let wanted = try given.map { item in
        let state = try ProcessorState(processor, contextLength: 100)
        return bitPatterns(try state.allLogits(item.tokens, visitor: item.visitor()))
      }
      let memory = try PassMemory(processor, contextLength: 100, chunkSize: chunkSize)
      let states = try given.map { _ in try ProcessorState(sharing: memory) }
      let visitors = given.map { $0.visitor() }
      var random = SplitMix64(seed: 101)
      var passes = 0
      while zip(states, given).contains(where: { $0.position < $1.tokens.count }) {
        passes += 1
        var chosen: [Int] = []
        for index in given.indices.shuffled(using: &random)
        where states[index].position < given[index].tokens.count && Bool.random(using: &random) {
          chosen.append(index)
        }
        let starts = chosen.map { states[$0].position }
        let segments = chosen.map { index in
          let rest = given[index].tokens[states[index].position...]
          let tokens = Array(rest.prefix(.random(in: 1...12, using: &random)))
          return PassSegment(
            states[index], tokens, logitsFrom: .random(in: 0...tokens.count, using: &random),
            visitor: visitors[index])
        }
        var seen = segments.map(\.logitsFrom)
        let failures = memory.forward(segments) { segment, index, logits in
          #expect(index == seen[segment])
          seen[segment] += 1
          let width = logits.count
          let place = (starts[segment] + index) * width
          let found = (0..<width).map { logits[$0].bitPattern }
          #expect(found == Array(wanted[chosen[segment]][place..<place + width]))
        }
        #expect(failures.allSatisfy { $0 == nil })
        let ends = segments.map { $0.tokens.count }
        #expect(seen == ends)
        for (index, start, count) in zip(zip(chosen, starts), ends).map({ ($0.0, $0.1, $1) }) {
          #expect(states[index].position == start + count)
        }
      }
      #expect(passes > 8)
    }
  }

  /// What is wrong with one sequence is its own affair.
  @Test func failuresLeaveTheOthersAlone() throws {
    let fixture = try LogitsFixture("q4_1")
    let processor = try fixture.processor(.int8)
    let given = PassCase.several(3, fixture, [9, 17, 12], answer: 0)
    let wanted = try given.map { try $0.alone(processor, .f16) }
    let memory = try PassMemory(processor, contextLength: 40, chunkSize: 16)
    let states = try (0..<6).map {
      try ProcessorState(sharing: memory, contextLength: $0 == 4 ? 8 : 40)
    }
    let infinite = [Float](repeating: .infinity, count: processor.configuration.hiddenSize)
    let segments = [
      PassSegment(states[0], given[0].tokens, visitor: given[0].visitor()),
      PassSegment(states[1], [1, fixture.vocabularySize]),
      PassSegment(states[2], given[1].tokens, visitor: given[1].visitor()),
      PassSegment(states[3], []),
      PassSegment(states[4], [Int](repeating: 1, count: 9)),
      PassSegment(states[5], [Int](repeating: 1, count: 20), visitor: Shift(infinite, at: (1, 3))),
    ]
    var found: [Int: [UInt32]] = [:]
    let failures = memory.forward(segments) { segment, _, logits in
      found[segment] = logits.indices.map { logits[$0].bitPattern }
    }
    let size = fixture.vocabularySize
    let reasons: [LanguageModelError?] = [
      nil, .tokenOutOfRange(token: size, vocabularySize: size), nil, .noTokens,
      .contextFull(position: 0, count: 9, contextLength: 8),
      .streamOverflow(point: 1, position: 3),
    ]
    #expect(failures == reasons)
    #expect(found[0] == wanted[0][0] && found[2] == wanted[1][0] && found.count == 2)
    #expect(states.map(\.position) == [9, 0, 17, 0, 0, 0])
    // The sequence that failed can be used again.
    let last = PassSegment(states[5], given[2].tokens, visitor: given[2].visitor())
    let again = memory.forward([last]) { _, _, logits in
      found[5] = logits.indices.map { logits[$0].bitPattern }
    }
    #expect(again[0] == nil && found[5] == wanted[2][0])
  }

  /// A copy of the beginning of a sequence goes on as that one does, in a cache of another length too; what it
  /// is a copy of does not notice.
  @Test(arguments: CacheType.allCases)
  func copiesOfPrefixes(type: CacheType) throws {
    let fixture = try LogitsFixture("q4_1")
    let processor = try fixture.processor(.int8)
    let tokens = fixture.randomTokens(60, seed: 102)
    let memory = try PassMemory(processor, contextLength: 100)
    let source = try ProcessorState(sharing: memory, cacheType: type)
    _ = try source.forward(tokens)
    for count in [0, 1, 15, 16, 17, 59, 60] {
      let next = fixture.randomTokens(7, seed: UInt64(count))
      let fresh = try ProcessorState(processor, contextLength: 100, cacheType: type)
      let wanted = bitPatterns(try fresh.forward(Array(tokens[..<count]) + next))
      let copy = try ProcessorState(sharing: memory, contextLength: 67, cacheType: type)
      _ = try copy.forward(next)
      copy.copy(prefix: count, of: source)
      #expect(copy.position == count)
      #expect(bitPatterns(try copy.forward(next)) == wanted, "\(count) copied")
    }
    #expect(source.position == 60)
    let whole = try ProcessorState(processor, contextLength: 100, cacheType: type)
    #expect(try source.forward([5]) == whole.forward(tokens + [5]))
  }

  /// What two sequences have changes hands, and each goes on as the other would have.
  @Test(arguments: CacheType.allCases) func exchanged(type: CacheType) throws {
    let fixture = try LogitsFixture("q4_1")
    let processor = try fixture.processor(.int8)
    let (long, short) = (fixture.randomTokens(60, seed: 104), fixture.randomTokens(9, seed: 105))
    let memory = try PassMemory(processor, contextLength: 100)
    let first = try ProcessorState(sharing: memory, cacheType: type)
    let second = try ProcessorState(sharing: memory, cacheType: type)
    #expect(first.touchedByteCount == 0)
    _ = try first.forward(long)
    _ = try second.forward(short)
    let touched = (first.touchedByteCount, second.touchedByteCount)
    #expect(touched.1 > 0 && touched.1 <= touched.0 && touched.0 <= first.cacheByteCount)
    first.exchange(with: second)
    #expect(first.position == 9 && second.position == 60)
    #expect((second.touchedByteCount, first.touchedByteCount) == touched)
    let wholes = try [short, long].map { tokens in
      try ProcessorState(processor, contextLength: 100, cacheType: type).forward(tokens + [5])
    }
    #expect(try [first.forward([5]), second.forward([5])] == wholes)
    // What was forgotten was in memory all the same.
    second.truncate(to: 1)
    #expect(second.touchedByteCount == touched.0)
  }
}

/// A sequence of a test: a prompt, tokens after it, and what is done to it.
struct PassCase {
  let prompt: [Int]
  let answer: [Int]
  /// Added before the second block at position `place`; nil for nothing.
  let edit: (vector: [Float], place: Int)?

  var tokens: [Int] { prompt + answer }
  func visitor() -> Shift? { edit.map { Shift($0.vector, at: (1, $0.place)) } }

  /// Sequences of those lengths, of which every third is not edited.
  static func several(
    _ count: Int, _ fixture: LogitsFixture, _ lengths: [Int], answer: Int
  ) -> [PassCase] {
    (0..<count).map { index in
      var random = SplitMix64(seed: UInt64(200 + index))
      let vector = (0..<512).map { _ in Float.random(in: -2...2, using: &random) }
      return PassCase(
        prompt: fixture.randomTokens(lengths[index], seed: UInt64(300 + index)),
        answer: fixture.randomTokens(answer, seed: UInt64(400 + index)),
        edit: index % 3 == 2 ? nil : (vector, lengths[index] / 2))
    }
  }

  /// The logits after its prompt, and those after each token of its answer.
  func alone(_ processor: Processor, _ type: CacheType) throws -> [[UInt32]] {
    let state = try ProcessorState(processor, contextLength: tokens.count, cacheType: type)
    let visitor = visitor()
    return try [prompt].appending(answer.map { [$0] }).map {
      bitPatterns(try state.forward($0, visitor: visitor))
    }
  }

  /// The same of several at once: the prompts of the first half, then a token of each in a pass with the
  /// prompts of the others.
  static func together(
    _ cases: [PassCase], _ processor: Processor, _ type: CacheType
  ) throws -> [[[UInt32]]] {
    let memory = try PassMemory(
      processor, contextLength: cases.map(\.tokens.count).max()!)
    let states = try cases.map {
      try ProcessorState(sharing: memory, contextLength: $0.tokens.count, cacheType: type)
    }
    let visitors = cases.map { $0.visitor() }
    var steps = cases.map { [$0.prompt].appending($0.answer.map { [$0] }) }
    var found = [[[UInt32]]](repeating: [], count: cases.count)
    var joined = (cases.count + 1) / 2
    while steps.contains(where: { !$0.isEmpty }) {
      let chosen = cases.indices.filter { $0 < joined && !steps[$0].isEmpty }
      let segments = chosen.map {
        PassSegment(states[$0], steps[$0].removeFirst(), visitor: visitors[$0])
      }
      let failures = memory.forward(segments) { segment, _, logits in
        found[chosen[segment]].append(logits.indices.map { logits[$0].bitPattern })
      }
      #expect(failures.allSatisfy { $0 == nil })
      joined = cases.count
    }
    return found
  }
}

extension Array {
  fileprivate func appending(_ others: [Element]) -> [Element] { self + others }
}

/// Adds a vector at one place of the stream, and says where it overflowed.
final class Shift: ResidualStreamVisitor {
  private let vector: [Float]
  private let place: (point: Int, position: Int)
  private(set) var overflow: (point: Int, position: Int)?

  init(_ vector: [Float], at place: (point: Int, position: Int)) {
    self.vector = vector
    self.place = place
  }

  func visits(point: Int) -> Bool { point == place.point }

  func visit(_ rows: ResidualRows) {
    let row = place.position - rows.firstPosition
    guard (0..<rows.count).contains(row) else { return }
    rows.withRow(row) { stream in
      for i in stream.indices {
        stream[i] += vector[i]
        if !stream[i].isFinite { overflow = (rows.point, place.position) }
      }
    }
  }
}
