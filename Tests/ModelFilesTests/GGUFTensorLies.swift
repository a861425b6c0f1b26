import BlockFormats
import ModelFiles
import TestSupport

private let path = "lie.gguf"

extension Lie {
  /// Tensors and where they are. The info of the tensor "t" with one dimension has 33 bytes,
  /// so that behind one such tensor the data begins at 24 + 33, padded: 64.
  static let tensors: [Lie] = [
    Lie(
      "fewer tensors than the header says",
      .truncated(
        path: path, field: "the length of the name of tensor 1", offset: 72, needed: 8, left: 0)
    ) {
      $0.header(tensors: 2)
      $0.tensor("a name of length", [1])
    },
    Lie(
      "a name longer than the file",
      .truncated(path: path, field: "the name of tensor 0", offset: 32, needed: 1 << 62, left: 30)
    ) {
      $0.header(tensors: 1)
      $0.string("tensor", length: 1 << 62)
      $0.zeros(24)
    },
    Lie(
      "a name of 65536 bytes",
      .nameTooLong(path: path, field: "the name of tensor 0", length: 65536, most: 65535)
    ) {
      $0.header(tensors: 1)
      $0.tensor(String(repeating: "n", count: 65536), [1])
    },
    Lie("a name that is not UTF-8", .invalidText(path: path, field: "the name of tensor 0")) {
      $0.header(tensors: 1)
      $0.string([0xC0, 0x80])
      $0.zeros(100)
    },
    Lie("the same name twice", .duplicateTensor(path: path, tensor: "t")) {
      $0.header(tensors: 2)
      $0.tensor("t", [8], offset: 0)
      $0.tensor("t", [8], offset: 32)
      $0.zeros(100)
    },
    Lie(
      "five dimensions", .tooManyDimensions(path: path, tensor: "t", found: 5, most: 4)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [1, 1, 1, 1, 1])
      $0.zeros(100)
    },
    Lie(
      "2^32 - 1 dimensions", .tooManyDimensions(path: path, tensor: "t", found: .max, most: 4)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [1], dimensions: .max)
      $0.zeros(100)
    },
    Lie(
      "the shape cut off",
      .truncated(path: path, field: "the shape of t", offset: 45, needed: 8, left: 7)
    ) {
      $0.header(tensors: 1)
      $0.string("t")
      $0.u32(2)
      $0.u64(32)
      $0.zeros(7)
    },
    shape([0]),
    shape([32, 0]),
    shape([32, 1, 0, 1]),
    shape([1 << 63]),
    shape([.max, 1]),
    // These products wrap round to 0 and to 64.
    shape([1 << 32, 1 << 32]),
    shape([1 << 31, 1 << 31, 4, 1]),
    shape([(1 << 63) - 1, 3]),
    // The elements fit in 63 bits; their bytes do not.
    shape([1 << 62]),
    shape([1 << 61, 2], type: 1),
    type(4, "Q4_2"),
    type(16, "IQ2_XXS"),
    type(26, "I32"),
    type(21, "IQ3_S"),
    type(28, "F64"),
    type(35, "TQ2_0"),
    type(40, "NVFP4"),
    Lie("type 1000", .unknownTensorType(path: path, tensor: "t", type: 1000)) {
      $0.header(tensors: 1)
      $0.tensor("t", [32], type: 1000)
      $0.zeros(1000)
    },
    partialBlock(33, type: 2, "q4_0", 32),
    partialBlock(16, type: 3, "q4_1", 32),
    partialBlock(31, type: 8, "q8_0", 32),
    partialBlock(48, type: 6, "q5_0", 32),
    partialBlock(16, type: 20, "iq4_NL", 32),
    partialBlock(31, type: 39, "mxfp4", 32),
    partialBlock(128, type: 11, "q3_K", 256),
    partialBlock(32, type: 12, "q4_K", 256),
    partialBlock(255, type: 13, "q5_K", 256),
    partialBlock(257, type: 14, "q6_K", 256),
    Lie(
      "rows that fill blocks only together",
      .partialBlock(
        path: path, tensor: "t", rowLength: 16, format: "q8_0", elementsPerBlock: 32)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [16, 2], type: 8)
      $0.zeros(1000)
    },
    Lie(
      "no dimensions, but a block format",
      .partialBlock(path: path, tensor: "t", rowLength: 1, format: "q8_0", elementsPerBlock: 32)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [], type: 8)
      $0.zeros(1000)
    },
    Lie(
      "an offset between two blocks of the alignment",
      .misalignedTensor(path: path, tensor: "t", offset: 16, alignment: 32)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [8], offset: 16)
      $0.zeros(1000)
    },
    Lie(
      "an offset right for another alignment",
      .misalignedTensor(path: path, tensor: "t", offset: 32, alignment: 64)
    ) {
      $0.header(tensors: 1, keys: 1)
      $0.entry("general.alignment", .u32(64))
      $0.tensor("t", [8], offset: 32)
      $0.zeros(1000)
    },
    Lie(
      "data one byte short",
      .tensorPastEnd(path: path, tensor: "t", end: 64 + 32, byteCount: 64 + 31)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [8])
      $0.pad(to: 32)
      $0.zeros(31)
    },
    Lie(
      "no data, not even padding",
      .tensorPastEnd(path: path, tensor: "t", end: 64 + 32, byteCount: 57)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [8])
    },
    Lie(
      "an offset past the end",
      .tensorPastEnd(path: path, tensor: "t", end: 64 + 320 + 32, byteCount: 64 + 100)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [8], offset: 320)
      $0.pad(to: 32)
      $0.zeros(100)
    },
    Lie(
      "an offset that wraps round when the data's start is added",
      .tensorPastEnd(path: path, tensor: "t", end: .max, byteCount: 64 + 100)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [8], offset: .max - 31)
      $0.pad(to: 32)
      $0.zeros(100)
    },
    Lie(
      "an end that wraps round",
      .tensorPastEnd(path: path, tensor: "t", end: .max, byteCount: 64 + 100)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [(1 << 61) - 8], offset: 3 << 62)
      $0.pad(to: 32)
      $0.zeros(100)
    },
    Lie(
      "more data than any file has",
      .tensorPastEnd(path: path, tensor: "t", end: 64 + (1 << 50), byteCount: 64 + 100)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [1 << 48])
      $0.pad(to: 32)
      $0.zeros(100)
    },
    Lie("two at one place", .overlappingTensors(path: path, first: "a", second: "b")) {
      $0.header(tensors: 2)
      $0.tensor("a", [8], offset: 32)
      $0.tensor("b", [8], offset: 32)
      $0.zeros(1000)
    },
    Lie(
      "one that ends inside the next",
      .overlappingTensors(path: path, first: "b", second: "a")
    ) {
      $0.header(tensors: 3)
      $0.tensor("a", [8], offset: 64)
      $0.tensor("c", [8], offset: 128)
      $0.tensor("b", [9], offset: 32)
      $0.zeros(1000)
    },
    Lie("one around another", .overlappingTensors(path: path, first: "a", second: "b")) {
      $0.header(tensors: 2)
      $0.tensor("a", [100], offset: 0)
      $0.tensor("b", [1], offset: 32)
      $0.zeros(1000)
    },
  ]

  private static func shape(_ shape: [UInt64], type: UInt32 = 0) -> Lie {
    Lie("shape \(shape)", .invalidShape(path: path, tensor: "t", shape: shape)) {
      $0.header(tensors: 1)
      $0.tensor("t", shape, type: type)
      $0.zeros(1000)
    }
  }

  private static func type(_ number: UInt32, _ name: String) -> Lie {
    let read = BlockFormat.allCases.map { $0.name.uppercased() }.joined(separator: ", ")
    return Lie(
      "type \(name)",
      .unsupportedTensorType(path: path, tensor: "t", type: name, read: read)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [256], type: number)
      $0.zeros(1000)
    }
  }

  private static func partialBlock(
    _ rowLength: UInt64, type: UInt32, _ format: String, _ block: Int
  ) -> Lie {
    Lie(
      "rows of \(rowLength) in \(format)",
      .partialBlock(
        path: path, tensor: "t", rowLength: Int(rowLength), format: format,
        elementsPerBlock: block)
    ) {
      $0.header(tensors: 1)
      $0.tensor("t", [rowLength, 64], type: type)
      $0.zeros(100_000)
    }
  }
}
