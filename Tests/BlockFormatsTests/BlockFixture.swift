import BlockFormats
import Foundation
import TestSupport

/// One file that tools/fixtures/make_block_fixtures.py wrote from ggml's own results.
enum BlockFixture {
  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: OutsideFiles.fixture("blocks/\(name)")))
  }

  /// The file's little-endian floats.
  static func floats(_ name: String) throws -> [Float] {
    let bytes = try bytes(name)
    return bytes.withUnsafeBytes { buffer in
      stride(from: 0, to: buffer.count, by: 4).map { offset in
        let bits = buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return Float(bitPattern: UInt32(littleEndian: bits))
      }
    }
  }
}

/// The reference conversions on arrays.
extension BlockFormat {
  func decoded(_ bytes: [UInt8]) -> [Float] {
    var values = [Float](repeating: 0, count: bytes.count / bytesPerBlock * elementsPerBlock)
    bytes.withUnsafeBytes { source in
      values.withUnsafeMutableBufferPointer { ReferenceBlocks.dequantize(self, source, into: $0) }
    }
    return values
  }

  func encoded(_ values: [Float]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: values.count / elementsPerBlock * bytesPerBlock)
    values.withUnsafeBufferPointer { source in
      bytes.withUnsafeMutableBytes { ReferenceBlocks.quantize(self, source, into: $0) }
    }
    return bytes
  }
}

/// The places where two sequences differ, for messages a person can read.
func differences<Element: Equatable>(_ a: [Element], _ b: [Element]) -> [Int] {
  a.count == b.count ? a.indices.filter { a[$0] != b[$0] } : [min(a.count, b.count)]
}
