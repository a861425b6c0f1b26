import BlockFormats

/// How weights lie in memory once packed: rows in groups of 16, a vector lane for each, so that a
/// dot-product instruction meets the same columns of sixteen rows and nothing is summed across
/// lanes. A group holds the same number of bytes as its 16 rows in the file, or 3 to 4 % (Q3_K, Q4_K,
/// Q5_K; IQ4_XS 1.5 %) more, their 6-bit scales being taken apart.
///
/// B = columns / 32 blocks, r = row in the group, all little endian:
/// - plain formats: elements `[column][r]`.
/// - Q4_0: B blocks, each: scales f16 `[r]`; nibbles `[4][r]` words, of which byte t of word j holds
///   column 4j + t in its low half and column 16 + 4j + t in its high half.
/// - Q4_1: blocks, each: scales f16 `[r]`; minima f16 `[r]`; nibbles as Q4_0.
/// - Q5_0: blocks, each: scales f16 `[r]`; nibbles as Q4_0; fifth bits `[r]` words, bit j of byte t for column
///   4j + t.
/// - Q5_1: blocks, each: scales f16 `[r]`; minima f16 `[r]`; nibbles and fifth bits as Q5_0.
/// - Q8_0: blocks, each: scales f16 `[r]`; bytes `[8][r]` words, byte t of word j being column 4j + t,
///   with 128 added.
/// - Q4_K: superblocks of 256 columns, each: f16 `[d, dmin][r]`; scales u8 `[8][r]`; minima u8
///   `[8][r]`; nibbles `[8][4][r]` words.
/// - Q5_K: superblocks, each: f16 `[d, dmin][r]`; 8 blocks, each: scale u8 `[r]`; minimum u8 `[r]`; nibbles
///   and fifth bits as Q5_0.
/// - Q6_K: superblocks, each: d f16 `[r]`; 8 blocks, each: scales i8 `[2][r]`, one for 16 columns; low nibbles
///   as Q4_0; high pairs `[2][r]` words, bits 2j and 2j + 1 of byte t for column 4j + t of 16.
///
/// - Q2_K: superblocks, each: f16 `[d, dmin][r]`; 8 blocks, each: bytes `[2][r]`, scale low and minimum high, one
///   for 16 columns; pairs `[2][r]` words, bits 2j and 2j + 1 of byte t for column 4j + t of 16.
/// - Q3_K: superblocks, each: d f16 `[r]`; 8 blocks, each: scales i8 `[2][r]`, 32 taken off; low pairs as Q2_K;
///   third bits `[r]` words, as Q5_0's fifth.
/// - IQ4_NL: as Q4_0.
/// - IQ4_XS: superblocks, each: d f16 `[r]`; 8 blocks, each: scale i8 `[r]`, 32 taken off; nibbles as Q4_0.
/// - MXFP4: blocks, each: exponents u8 `[r]`; nibbles as Q4_0.
///
/// What a block needs lies together, so that one row of activations reads one stream.
public enum PackedLayout {
  /// Rows in a group.
  public static let groupRows = 16

  /// Bytes of one Q4_K superblock of 16 rows by 256 columns.
  public static let q4_KSuperblock = 64 + 256 + 2048
  /// Bytes of one Q5_K superblock.
  public static let q5_KSuperblock = 64 + 8 * q5_KBlock
  /// Bytes of a block in it: of 16 rows by 32 columns.
  public static let q5_KBlock = 32 + 256 + 64
  /// Bytes of one Q6_K superblock.
  public static let q6_KSuperblock = 32 + 8 * q6_KBlock
  /// Bytes of a block in it.
  public static let q6_KBlock = 32 + 256 + 128

  /// Bytes of one Q2_K superblock.
  public static let q2_KSuperblock = 64 + 8 * q2_KBlock
  /// Bytes of a block in it.
  public static let q2_KBlock = 32 + 128
  /// Bytes of one Q3_K superblock.
  public static let q3_KSuperblock = 32 + 8 * q3_KBlock
  /// Bytes of a block in it.
  public static let q3_KBlock = 32 + 128 + 64
  /// Bytes of one IQ4_XS superblock.
  public static let iq4_XSSuperblock = 32 + 8 * iq4_XSBlock
  /// Bytes of a block in it.
  public static let iq4_XSBlock = 16 + 256

  /// Groups that hold `rows` rows, the last one padded with zeros.
  public static func groupCount(rows: Int) -> Int { (rows + groupRows - 1) / groupRows }

  /// Bytes of one group of 16 rows of `columns` columns.
  public static func groupBytes(_ format: BlockFormat, columns: Int) -> Int {
    switch format {
    case .f32: columns &* 64
    case .f16, .bf16: columns &* 32
    case .q4_0, .iq4_NL: columns / 32 &* 288
    case .mxfp4: columns / 32 &* 272
    case .q4_1: columns / 32 &* 320
    case .q5_0: columns / 32 &* 352
    case .q5_1: columns / 32 &* 384
    case .q8_0: columns / 32 &* 544
    case .q2_K: columns / 256 &* q2_KSuperblock
    case .q3_K: columns / 256 &* q3_KSuperblock
    case .q4_K: columns / 256 &* q4_KSuperblock
    case .q5_K: columns / 256 &* q5_KSuperblock
    case .q6_K: columns / 256 &* q6_KSuperblock
    case .iq4_XS: columns / 256 &* iq4_XSSuperblock
    }
  }

  /// Bytes of a packed matrix, or nil where rows do not fill whole blocks or the number does not fit.
  public static func byteCount(_ format: BlockFormat, rows: Int, columns: Int) -> Int? {
    guard rows > 0, columns > 0, columns % format.elementsPerBlock == 0 else { return nil }
    let groups = (rows - 1) / groupRows + 1
    let (group, first) = (columns / format.elementsPerBlock).multipliedReportingOverflow(
      by: groupBytes(format, columns: format.elementsPerBlock))
    let (all, second) = groups.multipliedReportingOverflow(by: group)
    return first || second ? nil : all
  }

  /// The number by which a format crosses the border to the kernels.
  public static func number(_ format: BlockFormat) -> Int { Int(format.rawValue) }

  /// The format with that number. Written out and always inlined: a call of `init(rawValue:)` would
  /// leave a weak copy of it, compiled for this instruction set, in the kernels' objects.
  @inline(__always) public static func format(_ number: Int) -> BlockFormat {
    switch number {
    case 0: .f32
    case 1: .f16
    case 2: .q4_0
    case 3: .q4_1
    case 6: .q5_0
    case 7: .q5_1
    case 8: .q8_0
    case 10: .q2_K
    case 11: .q3_K
    case 12: .q4_K
    case 13: .q5_K
    case 14: .q6_K
    case 20: .iq4_NL
    case 23: .iq4_XS
    case 39: .mxfp4
    default: .bf16
    }
  }
}
