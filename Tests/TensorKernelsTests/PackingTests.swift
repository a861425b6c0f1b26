import BlockFormats
import KernelInterface
import TensorKernels
import TestSupport
import Testing

@Suite struct PackingTests {
  /// Packing loses nothing, and unpacking rounds where the reference does. For Q4_1 the kernels fuse
  /// the product and the sum and the reference does not, which is the same: a code of 4 bits by a
  /// scale of 11 is exact in a Float.
  @Test(arguments: InstructionSet.available, BlockFormat.allCases)
  func decodesAsTheReference(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 1)
    for rows in [1, 15, 16, 17, 37] {
      for columns in [1, 2, 3].map({ $0 * max(32, format.elementsPerBlock) }) {
        for scales in [RandomMatrix.Scales.ordinary, .extreme] {
          let matrix = RandomMatrix(format, rows: rows, columns: columns, scales: scales, &random)
          let packed = try matrix.packed(set, Pools.all[rows % 3])
          let found = decoded(packed, set)
          #expect(
            bitPatterns(found) == bitPatterns(matrix.values), "\(rows) x \(columns), \(scales)")
        }
      }
    }
  }

  /// Plain formats need no whole blocks.
  @Test(arguments: InstructionSet.available, [BlockFormat.f32, .f16, .bf16])
  func decodesRaggedColumns(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 2)
    for columns in [1, 7, 33, 257] {
      let matrix = RandomMatrix(format, rows: 5, columns: columns, scales: .extreme, &random)
      #expect(bitPatterns(decoded(try matrix.packed(set), set)) == bitPatterns(matrix.values))
    }
  }

  /// One row with one infinity or NaN, in every place where a float stands and in several blocks.
  @Test(arguments: InstructionSet.available, BlockFormat.allCases)
  func reportsTheRowThatIsNotFinite(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 3)
    let columns = 2 * max(32, format.elementsPerBlock)
    let blocksPerRow = columns / format.elementsPerBlock
    let good = RandomMatrix(format, rows: 37, columns: columns, scales: .extreme, &random)
    for row in [0, 15, 16, 31, 32, 36] {
      for block in [0, blocksPerRow - 1] {
        for place in format.floatOffsets {
          for bits in format.nonFiniteFloats {
            var matrix = good
            matrix.put(bits, at: (row * blocksPerRow + block) * format.bytesPerBlock + place)
            #expect(throws: KernelError.notFinite(row: row)) {
              try matrix.packed(set, Pools.all[1])
            }
          }
        }
      }
    }
  }

  /// `BlockFormat.isFinite` finds in blocks what packing finds.
  @Test(arguments: BlockFormat.allCases)
  func blocksThatAreNotFiniteAreFound(format: BlockFormat) throws {
    var random = SplitMix64(seed: 5)
    let good = RandomMatrix(
      format, rows: 3, columns: 2 * max(32, format.elementsPerBlock), scales: .extreme, &random)
    func isFinite(_ matrix: RandomMatrix) -> Bool {
      matrix.bytes.withUnsafeBytes { format.isFinite($0) }
    }
    #expect(isFinite(good))
    let blocks = good.bytes.count / format.bytesPerBlock
    for block in [0, blocks / 2, blocks - 1] {
      for place in format.floatOffsets {
        for bits in format.nonFiniteFloats {
          var matrix = good
          matrix.put(bits, at: block * format.bytesPerBlock + place)
          #expect(!isFinite(matrix))
        }
      }
    }
  }

  /// Groups that lie elsewhere, as in a packed file, are the matrix that was packed; sizes agree.
  @Test(arguments: BlockFormat.allCases)
  func groupsCanLieAnywhere(format: BlockFormat) throws {
    var random = SplitMix64(seed: 6)
    for rows in [1, 16, 37] {
      let columns = 2 * max(32, format.elementsPerBlock)
      let packed = try RandomMatrix(format, rows: rows, columns: columns, &random).packed(.best)
      #expect(
        packed.byteCount == PackedLayout.byteCount(format, rows: rows, columns: columns))
      let bytes = UnsafeRawBufferPointer(start: packed.view.groups, count: packed.byteCount)
      let copy = GuardedBytes(Array(bytes))
      let there = PackedMatrix(
        format, rows: rows, columns: columns, packed: copy.bytes, owner: copy)
      #expect(there.byteCount == packed.byteCount)
      #expect(bitPatterns(decoded(there, .best)) == bitPatterns(decoded(packed, .best)))
    }
    #expect(PackedLayout.byteCount(format, rows: .max, columns: 1 << 40) == nil)
    #expect(PackedLayout.byteCount(format, rows: 0, columns: 256) == nil)
  }

  /// Nothing past the last row is read: the memory behind it is not there.
  @Test(arguments: InstructionSet.available, BlockFormat.allCases)
  func readsNothingPastTheEnd(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 4)
    let columns = max(32, format.elementsPerBlock)
    let matrix = RandomMatrix(format, rows: 17, columns: columns, &random)
    let guarded = GuardedBytes(matrix.bytes)
    let packed = try PackedMatrix(
      format, rows: 17, columns: columns, source: guarded.bytes, kernels: set.kernels,
      pool: Pools.one)
    #expect(bitPatterns(decoded(packed, set)) == bitPatterns(matrix.values))
  }

  private func decoded(_ packed: PackedMatrix, _ set: InstructionSet) -> [Float] {
    var values = [Float](repeating: .nan, count: packed.rows * packed.columns)
    var panel = [Float](repeating: .nan, count: PackedMatrix.panelScratch)
    values.withUnsafeMutableBufferPointer { values in
      panel.withUnsafeMutableBufferPointer { panel in
        for row in 0..<packed.rows {
          packed.dequantize(
            row: row, kernels: set.kernels, panel: panel.baseAddress!,
            into: values.baseAddress! + row * packed.columns)
        }
      }
    }
    return values
  }
}
