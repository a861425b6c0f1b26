// dx[n, k] (+)= sum_m W[m, k] g[n, m] in whole numbers, where one instruction sums four products of
// bytes: codes of weights are bytes already, and the gradient is cut into three slices of eight bits,
// the splitting of Ozaki et al. (Numerical Algorithms 59, 2012) with one factor in a single slice.
//
// A column's scale d differs from row to row of W, so the gradient takes it, once for the 32 (16)
// columns that share it: v[n, m] = d[m] g[n, m] is rounded to a multiple of a power of two u[n] such that
// every |v| < 2^22 u. A fused multiply-add onto 1.5 * 2^23 u leaves those bits, with the sign, in its
// mantissa, the product itself unrounded. u is 2^-21 max |d| max |g| at most, so a term is off by
// |q| 2^-22 max |d| max |g| at most: as much as a chain of f32 sums loses where gradients and scales are
// spread evenly, and up to a few bits more where one of them is far above the others. Sums within a
// slice are exact; three roundings for each result and pass remain, and the f32 sums of the minima.
//
// Three dot products of bytes do the work of four fused multiply-adds.

import BlockFormats
import KernelInterface

/// Blocks of columns whose panels lie ready for every row, in the second-level cache, while a tile's
/// gradients are in the first-level one.
private let mostPanels = KernelTable.slicedPanels
/// Rows that panels meet.
private let mostRows = KernelTable.slicedRows
/// Rows of a tile.
private let tileRows = KernelTable.slicedTile
/// Bytes of a tile's slices.
private let sliceBytes = 4 * tileRows * SlicedPanel.mostOutputs

/// `LinearGradientKernels.LinearTransposedSlices`.
func linearTransposedSlices(
  _ format: BlockFormat, _ weights: UnsafeRawPointer, _ k: Int, _ outputs: Int,
  _ g: UnsafePointer<Float>, _ gStride: Int, _ rows: Int, _ firstColumn: Int, _ endColumn: Int,
  _ dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ accumulate: Bool,
  _ scratch: UnsafeMutablePointer<Float>
) {
  func run<F: IntegerBlock>(_: F.Type) {
    multiplyPasses(
      F.self, weights, k / 32, outputs, g, gStride, rows, firstColumn / 32, endColumn / 32, dx,
      dxStride, accumulate, Workspace(scratch))
  }
  switch format {
  case .q4_0: run(Q4_0Block.self)
  case .q4_1: run(Q4_1Block.self)
  case .q5_0: run(Q5_0Block.self)
  case .q5_1: run(Q5_1Block.self)
  case .iq4_NL: run(IQ4_NLBlock.self)
  case .mxfp4: run(MXFP4Block.self)
  case .q2_K: run(Q2_KBlock.self)
  case .q3_K: run(Q3_KBlock.self)
  case .q4_K: run(Q4_KBlock.self)
  case .q5_K: run(Q5_KBlock.self)
  case .q6_K: run(Q6_KBlock.self)
  case .iq4_XS: run(IQ4_XSBlock.self)
  default: run(Q8_0Block.self)  // the only format left that has blocks
  }
}

/// The outputs m in as few passes as have room, each over all rows and columns.
@inline(__always) private func multiplyPasses<F: IntegerBlock>(
  _: F.Type, _ weights: UnsafeRawPointer, _ blocks: Int, _ outputs: Int,
  _ g: UnsafePointer<Float>, _ gStride: Int, _ rows: Int, _ firstBlock: Int, _ endBlock: Int,
  _ dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ accumulate: Bool, _ own: Workspace
) {
  let groups = PackedLayout.groupCount(rows: outputs)
  let groupBytes = blocks &* F.blockBytes
  let groupsPerPass = evenPart(of: groups, most: SlicedPanel.mostOutputs / 16)
  let panelsTogether = evenPart(of: endBlock &- firstBlock, most: mostPanels)
  var firstRow = 0
  while firstRow < rows {
    let count = min(mostRows, rows &- firstRow)
    var group = 0
    while group < groups {
      let some = min(groupsPerPass, groups &- group)
      let valid = min(16 &* some, outputs &- 16 &* group)
      let gradients = g + (firstRow &* gStride &+ 16 &* group)
      for row in 0..<count {
        own.bounds[row] = largestMagnitude(gradients + row &* gStride, valid)
      }
      var block = firstBlock
      while block < endBlock {
        let panels = min(panelsTogether, endBlock &- block)
        for i in 0..<panels {
          own.panel(i).fill(
            F.self, weights + group &* groupBytes, groupBytes: groupBytes, outputs: valid,
            block: block &+ i)
        }
        Pass<F>(
          g: gradients, gStride: gStride, valid: valid, groups: some, rows: count,
          panels: panels, dx: dx + (firstRow &* dxStride &+ 32 &* block), dxStride: dxStride,
          accumulate: accumulate || group > 0, own: own
        ).multiply()
        block &+= panels
      }
      group &+= some
    }
    firstRow &+= count
  }
}

/// The size of the parts of `count`, as few as can be and as even, of at most `most` each.
@inline(__always) private func evenPart(of count: Int, most: Int) -> Int {
  let parts = (count &+ most &- 1) / most
  return (count &+ parts &- 1) / parts
}

/// Bits of the largest magnitude; those of infinities and NaNs are above all others.
@inline(__always) private func largestMagnitude(_ g: UnsafePointer<Float>, _ count: Int) -> UInt32 {
  var largest = WordVector.zero
  var m = 0
  while m < count {
    let bits = unsafeBitCast(loadRows(g + m, count &- m), to: WordVector.self) & 0x7FFF_FFFF
    largest = largest.replacing(with: bits, where: largest .< bits)
    m &+= 16
  }
  return largest.max()
}

/// Memory of one call, `KernelTable.slicedScratch`.
private struct Workspace {
  private let panels: UnsafeMutableRawPointer
  /// Two tiles' slices, `[row][m / 4][slice]`: words of four m. The fourth holds signs
  /// and exponents, and is not read.
  let slices: UnsafeMutableRawPointer
  /// A tile's sums of products, bits of Int32, `[slice][row][32 columns]`.
  let sums: UnsafeMutablePointer<Float>
  /// sum_m minimum[m] g[n, m], `[panel][row of the tile]`.
  let minima: UnsafeMutablePointer<Float>
  /// Bits of the largest magnitude of each row's gradients.
  let bounds: UnsafeMutablePointer<UInt32>

  @inline(__always) init(_ scratch: UnsafeMutablePointer<Float>) {
    panels = UnsafeMutableRawPointer(scratch)
    slices = panels + mostPanels &* SlicedPanel.byteCount
    sums = (slices + 2 &* sliceBytes).assumingMemoryBound(to: Float.self)
    minima = sums + 3 &* tileRows &* 32
    bounds = UnsafeMutableRawPointer(minima + 2 &* mostPanels &* tileRows).bindMemory(
      to: UInt32.self, capacity: mostRows)
  }

  @inline(__always) func panel(_ i: Int) -> SlicedPanel {
    SlicedPanel(panels + i &* SlicedPanel.byteCount)
  }
}

/// What a row's v are multiples of.
private struct Unit {
  /// u; NaN where the row's gradients are not finite, or times d not below 2^108, so that no sum
  /// overflows.
  let value: Float
  /// 1.5 * 2^23 u.
  let shift: Float
  /// What bits 16-23 of v + shift are too large by: 64 from the 1.5, and 128 where the last bit of the
  /// exponent is set.
  let excess: Int32

  /// - Parameters:
  ///   - bound: Bits of the largest |g|.
  ///   - scale: The largest |d|.
  @inline(__always) init(bound: UInt32, scale: Float) {
    // A little more, so that no v is rounded to 2^22 u.
    let largest = Float(bitPattern: bound) * scale * 1.000_001
    let biased = largest.bitPattern &>> 23
    // |v| < 2^(e + 1) = 2^22 u, and u a normal number; of what is below 2^-104 the last bits are lost.
    let e = min(max(biased, 22), 234)
    value = biased > 234 ? .nan : Float(bitPattern: (e &- 21) &<< 23)
    shift = Float(bitPattern: (e &+ 2) &<< 23 | 0x0040_0000)
    excess = e & 1 == 0 ? 64 : 64 &+ 128
  }
}

/// Some rows by some panels.
private struct Pass<F: IntegerBlock> {
  let g: UnsafePointer<Float>
  let gStride: Int
  /// Outputs, and groups of 16 that hold them.
  let valid: Int
  let groups: Int
  let rows: Int
  let panels: Int
  let dx: UnsafeMutablePointer<Float>
  let dxStride: Int
  let accumulate: Bool
  let own: Workspace

  /// Items, columns that share a scale, come one after the other: panels, or halves of panels. While a tile's
  /// slices are multiplied those of the next are made: one takes the multipliers, the other the memory.
  @inline(__always) func multiply() {
    let items = F.hasHalves ? 2 &* panels : panels
    var (slices, others) = (own.slices, own.slices + sliceBytes)
    let start = TileSource(0, 0, self, others)
    forEachGroup { group, load in start.slice(group, load) }
    var row = 0
    while row < rows {
      if !F.hasZeroPoint { addMinima(row) }
      for item in 0..<items {
        swap(&slices, &others)
        let next =
          item &+ 1 < items
          ? TileSource(row, item &+ 1, self, others)
          : TileSource(row &+ tileRows, 0, self, others)
        multiplyTile(row, item, slices, next)
      }
      row &+= tileRows
    }
  }

  @inline(__always) func panel(_ item: Int) -> SlicedPanel {
    own.panel(F.hasHalves ? item &>> 1 : item)
  }
  @inline(__always) func half(_ item: Int) -> Int { F.hasHalves ? item & 1 : 0 }
  @inline(__always) func unit(_ row: Int, _ item: Int) -> Unit {
    Unit(bound: own.bounds[row], scale: panel(item).largestScale[half(item)])
  }
  /// Gradients of a row; of those past the last, the last row's.
  @inline(__always) func gradients(_ row: Int) -> UnsafePointer<Float> {
    g + min(row, rows &- 1) &* gStride
  }

  /// Sixteen outputs of every row at a time, the last ones with zeros for what is missing.
  @inline(__always) func forEachGroup(
    _ body: (_ group: Int, _ load: (UnsafePointer<Float>) -> FloatVector) -> Void
  ) {
    for group in 0..<valid / 16 { body(group) { $0.vector() } }
    if valid % 16 != 0 { body(valid / 16) { loadRows($0, valid % 16) } }
  }

  /// One item of a tile, a vector of columns or two, and the slices of the next. The sums' lanes are
  /// bits of Int32.
  @inline(__always) func multiplyTile(
    _ row: Int, _ item: Int, _ slices: UnsafeMutableRawPointer, _ next: TileSource
  ) {
    let perRow = F.hasHalves ? 1 : 2
    let count = tileRows &* perRow
    let panel = self.panel(item)
    var low = Eight()
    var middle = Eight()
    var high = Eight()
    var codes = UnsafeRawPointer(panel.codes) + 64 &* half(item)
    var words = UnsafeRawPointer(slices)
    // The gradients after these are far apart, and nothing else would ask for them in time.
    let ahead = gradients(row &+ tileRows &+ item % tileRows)
    for group in 0..<groups {
      prefetch(ahead + 16 &* group)
      // Four steps but at the end; a compiler that knew would not keep the sums in registers.
      for _ in 0..<SlicedPanel.fours(group, outputs: valid) {
        let first = codes.signedBytes()
        let last = perRow == 2 ? codes.signedBytes(64) : first
        func add(_ slice: Int, _ i: Int, _ sum: FloatVector) -> FloatVector {
          let word = words.loadUnaligned(
            fromByteOffset: 4 &* SlicedPanel.mostOutputs &* (i / perRow) &+ 4 &* slice,
            as: UInt32.self)
          return unsafeBitCast(
            dotCodes(
              unsafeBitCast(sum, to: IntVector.self), WordVector(repeating: word),
              i % perRow == 0 ? first : last), to: FloatVector.self)
        }
        low.updatePairs(count) { i, a, b in (add(0, i, a), add(0, i &+ 1, b)) }
        middle.updatePairs(count) { i, a, b in (add(1, i, a), add(1, i &+ 1, b)) }
        high.updatePairs(count) { i, a, b in (add(2, i, a), add(2, i &+ 1, b)) }
        codes += 128
        words += 16
      }
      if group < valid / 16 { next.slice(group) { $0.vector() } }
    }
    if valid % 16 != 0 { next.slice(valid / 16) { loadRows($0, valid % 16) } }

    low.forFirst(count) { i, sum in own.sums.store(sum, at: 16 &* i) }
    middle.forFirst(count) { i, sum in own.sums.store(sum, at: 16 &* (count &+ i)) }
    high.forFirst(count) { i, sum in own.sums.store(sum, at: 16 &* (2 &* count &+ i)) }
    for i in 0..<min(tileRows, rows &- row) {
      let unit = self.unit(row &+ i, item)
      let minimum = F.hasZeroPoint ? 0 : own.minima[item &* tileRows &+ i]
      let out = dx + ((row &+ i) &* dxStride &+ 16 &* perRow &* item)
      for vector in 0..<perRow {
        let sums = own.sums + 16 &* (i &* perRow &+ vector)
        let value = combine(
          sums, 16 &* count, panel.codeSums(perRow == 2 ? vector : half(item)), unit, minimum)
        let target = out + 16 &* vector
        target.store(accumulate ? target.vector() + value : value)
      }
    }
  }

  /// u (2^16 high + 2^8 middle + low) + minimum.
  @inline(__always) func combine(
    _ sums: UnsafeMutablePointer<Float>, _ stride: Int, _ codeSums: IntVector, _ unit: Unit,
    _ minimum: Float
  ) -> FloatVector {
    @inline(__always) func slice(_ i: Int) -> IntVector {
      unsafeBitCast(sums.vector(i &* stride), to: IntVector.self)
    }
    @inline(__always) func times(_ factor: Float, _ sums: IntVector, _ rest: FloatVector)
      -> FloatVector
    {
      multiplyAdd(toFloat(sums), FloatVector(repeating: factor * unit.value), rest)
    }
    let low = times(1, slice(0), FloatVector(repeating: minimum))
    return times(0x1p16, slice(2) &- codeSums &* unit.excess, times(0x1p8, slice(1), low))
  }

  /// The minima's part of a tile, two items at a time.
  @inline(__always) func addMinima(_ row: Int) {
    let items = F.hasHalves ? 2 &* panels : panels
    var item = 0
    while item < items {
      let second = min(item &+ 1, items &- 1)
      let x = panel(item).minima + half(item) &* SlicedPanel.mostOutputs
      let y = panel(second).minima + half(second) &* SlicedPanel.mostOutputs
      var a = Four()
      var b = Four()
      forEachGroup { group, load in
        let minimum = x.vector(16 &* group)
        let other = y.vector(16 &* group)
        let g = Four(
          v0: load(gradients(row) + 16 &* group), v1: load(gradients(row &+ 1) + 16 &* group),
          v2: load(gradients(row &+ 2) + 16 &* group), v3: load(gradients(row &+ 3) + 16 &* group))
        a.addProducts(g, minimum)
        b.addProducts(g, other)
      }
      a.forFirst(4) { i, total in own.minima[item &* tileRows &+ i] = sum(total) }
      b.forFirst(4) { i, total in own.minima[second &* tileRows &+ i] = sum(total) }
      item &+= 2
    }
  }
}

/// What the slices of a tile are made of.
private struct TileSource {
  let g0: UnsafePointer<Float>
  let g1: UnsafePointer<Float>
  let g2: UnsafePointer<Float>
  let g3: UnsafePointer<Float>
  /// Each row's `Unit.shift`.
  let shifts: SIMD4<Float>
  let scales: UnsafeMutablePointer<Float>
  let target: UnsafeMutableRawPointer

  /// Rows past the last are the last again.
  @inline(__always) init<F>(
    _ row: Int, _ item: Int, _ pass: Pass<F>, _ target: UnsafeMutableRawPointer
  ) {
    func shift(_ i: Int) -> Float { pass.unit(min(row &+ i, pass.rows &- 1), item).shift }
    g0 = pass.gradients(row)
    g1 = pass.gradients(row &+ 1)
    g2 = pass.gradients(row &+ 2)
    g3 = pass.gradients(row &+ 3)
    shifts = SIMD4(shift(0), shift(1), shift(2), shift(3))
    scales = pass.panel(item).scales + pass.half(item) &* SlicedPanel.mostOutputs
    self.target = target
  }

  /// Sixteen outputs of each row.
  @inline(__always) func slice(_ group: Int, _ load: (UnsafePointer<Float>) -> FloatVector) {
    let scale = scales.vector(16 &* group)
    func store(_ g: UnsafePointer<Float>, _ row: Int) {
      let v = multiplyAdd(load(g + 16 &* group), scale, FloatVector(repeating: shifts[row]))
      (target + (4 &* SlicedPanel.mostOutputs &* row &+ 64 &* group)).storeBytes(
        of: transposeBytes(unsafeBitCast(v, to: WordVector.self)), as: WordVector.self)
    }
    store(g0, 0)
    store(g1, 1)
    store(g2, 2)
    store(g3, 3)
  }
}

extension Four {
  /// Adds the products of each value of `x` with `factor`.
  @inline(__always) fileprivate mutating func addProducts(_ x: Four, _ factor: FloatVector) {
    v0 = multiplyAdd(x.v0, factor, v0)
    v1 = multiplyAdd(x.v1, factor, v1)
    v2 = multiplyAdd(x.v2, factor, v2)
    v3 = multiplyAdd(x.v3, factor, v3)
  }
}
