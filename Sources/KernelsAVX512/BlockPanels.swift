// Many rows of activations: three groups of sixteen rows of weights at a time are unpacked to a panel of up to 384 columns
// of bytes, which stays in the first-level cache, and four rows of activations at a time meet it. A number that is
// broadcast serves three dot products, where a tile of one group loads one for each: two loads a cycle are as many as the
// dot products of a cycle, and what comes beside them (scales, offsets, codes) has no time left.
//
// Twelve registers of sums of a block, twelve of results, three of codes and one of activations.
//
// Each result has the same arithmetic in the same order as a tile of one group (`IntegerBlock.add`), to the bit.

import BlockFormats

/// Most blocks of a panel, bytes of a block's codes, groups of a panel.
private let panelBlocks = 12
private let codeBytes = 512
let groupsTogether = 3
/// Rows of activations from which on panels are faster: what unpacking costs is shared by them.
private let fewestColumns = 48
/// Tiles of eight rows of activations whose results are kept while a panel goes by, and floats of half of one's:
/// `[4 rows][3 groups][16]`.
private let panelTiles = 32
private let halfFloats = 192

extension PanelKind {
  /// Bytes of a block of one group: codes, steps and minima.
  @inline(__always) fileprivate static var groupBytes: Int {
    codeBytes &+ 64 &* (stepCount &+ minimumCount)
  }
  /// Of all three.
  @inline(__always) fileprivate static var blockBytes: Int { groupsTogether &* groupBytes }
}

/// Blocks first..<first+count of a group, `panel` being its place in the first block.
@inline(__always) private func unpack<F: IntegerBlock, K: PanelKind>(
  _: F.Type, _: K.Type, _ group: UnsafeRawPointer, _ first: Int, _ count: Int,
  _ panel: UnsafeMutableRawPointer
) {
  for b in 0..<count {
    let place = F.place(group, first &+ b)
    let target = panel + K.blockBytes &* b
    let c = F.codes(place)
    target.storeBytes(of: c.c0, as: WordVector.self)
    target.storeBytes(of: c.c1, toByteOffset: 64, as: WordVector.self)
    target.storeBytes(of: c.c2, toByteOffset: 128, as: WordVector.self)
    target.storeBytes(of: c.c3, toByteOffset: 192, as: WordVector.self)
    target.storeBytes(of: c.c4, toByteOffset: 256, as: WordVector.self)
    target.storeBytes(of: c.c5, toByteOffset: 320, as: WordVector.self)
    target.storeBytes(of: c.c6, toByteOffset: 384, as: WordVector.self)
    target.storeBytes(of: c.c7, toByteOffset: 448, as: WordVector.self)
    let steps = F.steps(place)
    target.storeBytes(of: steps.first, toByteOffset: codeBytes, as: FloatVector.self)
    if K.hasHalves {
      target.storeBytes(of: steps.last, toByteOffset: codeBytes &+ 64, as: FloatVector.self)
    }
    guard K.hasMinimum else { continue }
    let minima = codeBytes &+ 64 &* K.stepCount
    target.storeBytes(of: steps.minimum, toByteOffset: minima, as: FloatVector.self)
    if K.hasHalves {
      target.storeBytes(of: steps.lastMinimum, toByteOffset: minima &+ 64, as: FloatVector.self)
    }
  }
}

/// A vector for each of the three groups, of one row of activations.
private struct ThreeInts {
  var v0: IntVector
  var v1: IntVector
  var v2: IntVector

  @inline(__always) init(repeating v: IntVector) { (v0, v1, v2) = (v, v, v) }

  @inline(__always) mutating func add(_ c: ThreeWords, _ activations: IntVector) {
    v0 = dotCodes(v0, c.v0, activations)
    v1 = dotCodes(v1, c.v1, activations)
    v2 = dotCodes(v2, c.v2, activations)
  }
}

/// Columns 4j..<4j+4 of a block of the three groups.
private struct ThreeWords {
  let v0: WordVector
  let v1: WordVector
  let v2: WordVector

  @inline(__always) init<K: PanelKind>(_: K.Type, _ block: UnsafeRawPointer, _ j: Int) {
    v0 = block.words(64 &* j)
    v1 = block.words(K.groupBytes &+ 64 &* j)
    v2 = block.words(2 &* K.groupBytes &+ 64 &* j)
  }
}

private struct ThreeFloats {
  var v0: FloatVector
  var v1: FloatVector
  var v2: FloatVector

  @inline(__always) init(_ v0: FloatVector, _ v1: FloatVector, _ v2: FloatVector) {
    (self.v0, self.v1, self.v2) = (v0, v1, v2)
  }

  /// Three vectors `stride` bytes apart.
  @inline(__always) init(_ p: UnsafeRawPointer, _ stride: Int) {
    self.init(p.floats(), p.floats(stride), p.floats(2 &* stride))
  }

  /// The products of a block's first columns with their step.
  @inline(__always) init(_ sums: ThreeInts, _ steps: ThreeFloats) {
    self.init(
      toFloat(sums.v0) * steps.v0, toFloat(sums.v1) * steps.v1, toFloat(sums.v2) * steps.v2)
  }

  /// These and the products of a block's other columns with their step.
  @inline(__always) func adding(_ sums: ThreeInts, _ steps: ThreeFloats) -> ThreeFloats {
    ThreeFloats(
      multiplyAdd(toFloat(sums.v0), steps.v0, v0), multiplyAdd(toFloat(sums.v1), steps.v1, v1),
      multiplyAdd(toFloat(sums.v2), steps.v2, v2))
  }

  @inline(__always) func adding(_ a: ThreeFloats, times factor: FloatVector) -> ThreeFloats {
    ThreeFloats(
      multiplyAdd(a.v0, factor, v0), multiplyAdd(a.v1, factor, v1),
      multiplyAdd(a.v2, factor, v2))
  }

  @inline(__always) func store(_ p: UnsafeMutablePointer<Float>) {
    p.store(v0)
    p.store(v1, at: 16)
    p.store(v2, at: 32)
  }
}

/// One for each of four rows of activations.
private struct FourSums {
  var r0: ThreeInts
  var r1: ThreeInts
  var r2: ThreeInts
  var r3: ThreeInts

  /// What the dot products start from: the offsets of the zero point, if there is one.
  @inline(__always) init(_ offsets: UnsafeRawPointer?) {
    guard let offsets else {
      let zero = ThreeInts(repeating: .zero)
      (r0, r1, r2, r3) = (zero, zero, zero, zero)
      return
    }
    r0 = ThreeInts(repeating: offsets.broadcastInt())
    r1 = ThreeInts(repeating: offsets.broadcastInt(4))
    r2 = ThreeInts(repeating: offsets.broadcastInt(8))
    r3 = ThreeInts(repeating: offsets.broadcastInt(12))
  }

  /// Adds columns 4j..<4j+4; `a` is the tile's block of activations, `[8 rows][32]`.
  @inline(__always) mutating func add(_ c: ThreeWords, _ a: UnsafeRawPointer, _ j: Int) {
    r0.add(c, a.broadcastInt(4 &* j))
    r1.add(c, a.broadcastInt(32 &+ 4 &* j))
    r2.add(c, a.broadcastInt(64 &+ 4 &* j))
    r3.add(c, a.broadcastInt(96 &+ 4 &* j))
  }

  /// Adds sixteen columns from 16 `half`.
  @inline(__always) mutating func addHalf<K: PanelKind>(
    _ kind: K.Type, _ block: UnsafeRawPointer, _ a: UnsafeRawPointer, _ half: Int
  ) {
    add(ThreeWords(kind, block, 4 &* half), a, 4 &* half)
    add(ThreeWords(kind, block, 4 &* half &+ 1), a, 4 &* half &+ 1)
    add(ThreeWords(kind, block, 4 &* half &+ 2), a, 4 &* half &+ 2)
    add(ThreeWords(kind, block, 4 &* half &+ 3), a, 4 &* half &+ 3)
  }
}

/// Results, one for each of four rows of activations.
private struct FourResults {
  var r0: ThreeFloats
  var r1: ThreeFloats
  var r2: ThreeFloats
  var r3: ThreeFloats

  /// Replaces each by `body(row, value)`.
  @inline(__always) mutating func update(_ body: (Int, ThreeFloats) -> ThreeFloats) {
    r0 = body(0, r0)
    r1 = body(1, r1)
    r2 = body(2, r2)
    r3 = body(3, r3)
  }

  @inline(__always) init(_ memory: UnsafePointer<Float>) {
    let p = UnsafeRawPointer(memory)
    r0 = ThreeFloats(p, 64)
    r1 = ThreeFloats(p + 192, 64)
    r2 = ThreeFloats(p + 384, 64)
    r3 = ThreeFloats(p + 576, 64)
  }

  /// The products of sums with a step.
  @inline(__always) init(_ sums: FourSums, _ steps: ThreeFloats) {
    r0 = ThreeFloats(sums.r0, steps)
    r1 = ThreeFloats(sums.r1, steps)
    r2 = ThreeFloats(sums.r2, steps)
    r3 = ThreeFloats(sums.r3, steps)
  }

  @inline(__always) func adding(_ sums: FourSums, _ steps: ThreeFloats) -> FourResults {
    var r = self
    r.r0 = r0.adding(sums.r0, steps)
    r.r1 = r1.adding(sums.r1, steps)
    r.r2 = r2.adding(sums.r2, steps)
    r.r3 = r3.adding(sums.r3, steps)
    return r
  }

  /// Adds the products of a block, each row's times its activations' scale.
  @inline(__always) mutating func add(_ products: FourResults, _ scales: UnsafeRawPointer) {
    r0 = r0.adding(products.r0, times: scales.broadcastFloat())
    r1 = r1.adding(products.r1, times: scales.broadcastFloat(4))
    r2 = r2.adding(products.r2, times: scales.broadcastFloat(8))
    r3 = r3.adding(products.r3, times: scales.broadcastFloat(12))
  }

  /// Adds what a minimum adds, for the sums of activations at `offsets`.
  @inline(__always) mutating func add(_ minima: ThreeFloats, _ offsets: UnsafeRawPointer) {
    update { n, r in r.adding(minima, times: offsets.broadcastFloat(4 &* n)) }
  }

  @inline(__always) func store(_ memory: UnsafeMutablePointer<Float>) {
    r0.store(memory)
    r1.store(memory + 48)
    r2.store(memory + 96)
    r3.store(memory + 144)
  }
}

/// What is asked for meanwhile: the weights of the next panel, a line of each group with every block.
private struct NextWeights {
  var start: UnsafeRawPointer
  /// Bytes between groups.
  let groupStride: Int
  /// 64, or 0 once all has been asked for.
  var step: Int

  /// Asks for lines of all three groups.
  @inline(__always) mutating func prefetchLines() {
    prefetch(start)
    prefetch(start + groupStride)
    prefetch(start + 2 &* groupStride)
    start += step
  }
}

/// A panel by four rows of activations, which `sums` has the results of. Not inlined: one copy for all formats of a
/// kind, and registers that are its own.
@inline(never) private func halfTile<K: PanelKind>(
  _ kind: K.Type, _ panel: UnsafeRawPointer, _ tile: ActivationTile, _ blocks: Int,
  _ sums: UnsafeMutablePointer<Float>, _ next: NextWeights
) {
  var f = FourResults(sums)
  var next = next
  var w = panel
  var a = tile.codes
  var s = tile.scales
  var o = tile.offsets
  for _ in 0..<blocks {
    next.prefetchLines()
    var x = FourSums(K.hasMinimum ? nil : o)
    x.addHalf(kind, w, a, 0)
    let steps = w + codeBytes
    if K.hasHalves {
      let first = FourResults(x, ThreeFloats(steps, K.groupBytes))
      x = FourSums(K.hasMinimum ? nil : o + 32)
      x.addHalf(kind, w, a, 1)
      f.add(first.adding(x, ThreeFloats(steps + 64, K.groupBytes)), s)
    } else {
      x.addHalf(kind, w, a, 1)
      f.add(FourResults(x, ThreeFloats(steps, K.groupBytes)), s)
    }
    if K.hasMinimum {
      let minima = steps + 64 &* K.stepCount
      f.add(ThreeFloats(minima, K.groupBytes), o)
      if K.hasHalves { f.add(ThreeFloats(minima + 64, K.groupBytes), o + 32) }
    }
    w += K.blockBytes
    a += 256
    s += 32
    o += 32 &* K.offsetCount
  }
  f.store(sums)
}

/// Where results go, and how many of the rows from there on there are.
private struct Results {
  let out: UnsafeMutablePointer<Float>
  let stride: Int
  let rows: Int
  let accumulate: Bool

  /// Those of `count` rows of activations, from `first` on.
  @inline(__always) func store(_ sums: UnsafePointer<Float>, _ first: Int, _ count: Int) {
    for n in 0..<count {
      let target = out + (first &+ n) &* stride
      for g in 0..<groupsTogether {
        storeRows(
          sums.vector((n &* groupsTogether &+ g) &* 16), target + 16 &* g, rows &- 16 &* g,
          accumulate)
      }
    }
  }

  /// Asks for where four rows' results go.
  @inline(__always) func prefetchFour(_ first: Int) {
    for n in 0..<4 {
      for g in 0..<groupsTogether {
        prefetch(UnsafeRawPointer(out + ((first &+ n) &* stride &+ 16 &* g)))
      }
    }
  }
}

/// Three groups by tiles of eight rows of activations, the last of which may hold fewer. Results are stored with the last
/// panel, tile by tile: they lie far apart, and what is multiplied meanwhile hides the way there.
@inline(__always) private func runThree<F: IntegerBlock, K: PanelKind>(
  _ format: F.Type, _ kind: K.Type, _ weights: UnsafeRawPointer, _ blocks: Int,
  _ tiles: ActivationTile, _ columns: Int, _ panel: UnsafeMutableRawPointer,
  _ sums: UnsafeMutablePointer<Float>, _ results: Results
) {
  let halves = (columns &+ 3) &>> 2
  let groupBytes = blocks &* F.blockBytes
  // As few panels as there can be, of one size.
  let panels = (blocks &+ panelBlocks &- 1) / panelBlocks
  let size = (blocks &+ panels &- 1) / panels
  for i in 0..<halves &* halfFloats / 16 { sums.store(.zero, at: 16 &* i) }
  var b = 0
  while b < blocks {
    let count = min(size, blocks &- b)
    let isLast = b &+ count == blocks
    for g in 0..<groupsTogether {
      unpack(format, kind, weights + g &* groupBytes, b, count, panel + g &* K.groupBytes)
    }
    var next = NextWeights(
      start: weights + (isLast ? groupsTogether &* groupBytes : (b &+ count) &* F.blockBytes),
      groupStride: groupBytes, step: 64)
    let nextEnd = next.start + size &* F.blockBytes
    for h in 0..<halves {
      let block = (h &>> 1) &* blocks &+ b
      let row = 4 &* (h & 1)
      if isLast { results.prefetchFour(4 &* h) }
      halfTile(
        kind, UnsafeRawPointer(panel),
        ActivationTile(
          codes: tiles.codes + (256 &* block &+ 32 &* row),
          scales: tiles.scales + (32 &* block &+ 4 &* row),
          offsets: tiles.offsets + (32 &* K.offsetCount &* block &+ 4 &* row)),
        count, sums + h &* halfFloats, next)
      next.start += count &* next.step
      if next.start >= nextEnd { next.step = 0 }
      if isLast { results.store(sums + h &* halfFloats, 4 &* h, min(4, columns &- 4 &* h)) }
    }
    b &+= count
  }
}

extension IntegerBlock {
  /// Whether so many rows of activations meet panels. Not those of Q4_1, whose nibbles cost next to nothing to unpack and
  /// whose minimum leaves no room: 0.98 to 1.03 times as fast.
  @inline(__always) static func meetsPanels(_ columns: Int) -> Bool {
    columns >= fewestColumns && Self.self != Q4_1Block.self
  }
}

/// Rows of activations by threes of groups; the groups that are left over are the caller's.
@inline(__always) func runPanels<F: IntegerBlock, K: PanelKind>(
  _ format: F.Type, _ kind: K.Type, _ weights: UnsafeRawPointer, _ blocks: Int,
  _ codes: UnsafeRawPointer, _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer,
  _ columns: Int, _ firstGroup: Int, _ endGroup: Int, _ rows: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ accumulate: Bool
) {
  let panelBytes = panelBlocks &* K.blockBytes
  let memory = UnsafeMutableRawPointer.allocate(
    byteCount: panelBytes &+ 2 &* panelTiles &* halfFloats &* 4, alignment: 64)
  defer { memory.deallocate() }
  let sums = (memory + panelBytes).assumingMemoryBound(to: Float.self)
  var start = 0
  while start < columns {
    let some = min(8 &* panelTiles, columns &- start)
    let at = start &* blocks
    let tiles = ActivationTile(
      codes: codes + 32 &* at, scales: scales + 4 &* at,
      offsets: offsets + 4 &* K.offsetCount &* at)
    var group = firstGroup
    while group &+ groupsTogether <= endGroup {
      runThree(
        format, kind, weights + group &* blocks &* F.blockBytes, blocks, tiles, some, memory, sums,
        Results(
          out: out + (start &* outStride &+ 16 &* group), stride: outStride,
          rows: rows &- 16 &* group, accumulate: accumulate))
      group &+= groupsTogether
    }
    start &+= some
  }
}
