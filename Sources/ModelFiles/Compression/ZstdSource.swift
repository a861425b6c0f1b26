import CZstd

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Decompresses a zstd file frame by frame, a piece at a time. Frames may follow each other and
/// skippable ones may stand between them; anything else is an error.
///
/// Source: RFC 8878; the decompression is libzstd's.
package struct ZstdSource {
  private let file: MappedFile
  /// The window of a frame may be as large as zstd allows without being asked: 128 MB.
  private static let pieceBytes = ZSTD_DStreamOutSize()
  /// Compressed pages are given back after so many bytes.
  private static let releasedAtOnce = 4 << 20

  /// What `file` decompresses to.
  package init(_ file: MappedFile) { self.file = file }

  /// Whether the file at `path`, which begins with `bytes`, is to be decompressed.
  static func isCompressed(path: String, _ bytes: UnsafeRawBufferPointer) -> Bool {
    path.hasSuffix(".zst") || FileKind(firstBytes: bytes) == .zstd
  }

  /// What the first frame says it decompresses to, or nil where it does not say.
  var declaredBytes: UInt64? {
    let size = ZSTD_getFrameContentSize(file.bytes.baseAddress!, file.byteCount)
    // ZSTD_CONTENTSIZE_UNKNOWN and ZSTD_CONTENTSIZE_ERROR, which are the two greatest.
    return size >= UInt64.max - 1 ? nil : size
  }

  /// Calls `write` with each piece of the content, in order, and the number of compressed bytes
  /// that were used for it and those before it.
  package func decompress(
    _ write: (UnsafeRawBufferPointer, Int) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    guard let stream = ZSTD_createDStream() else {
      throw .systemFailure(path: file.path, call: "ZSTD_createDStream", errno: ENOMEM)
    }
    defer { ZSTD_freeDStream(stream) }
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 64)
    defer { piece.deallocate() }

    var input = ZSTD_inBuffer(src: file.bytes.baseAddress, size: file.byteCount, pos: 0)
    var released = 0
    while input.pos < input.size {
      let frame = input.pos
      try checkMagic(at: frame)
      var unfinished = 1
      while unfinished != 0 {
        var output = ZSTD_outBuffer(dst: piece.baseAddress, size: piece.count, pos: 0)
        let before = input.pos
        unfinished = ZSTD_decompressStream(stream, &output, &input)
        guard ZSTD_isError(unfinished) == 0 else {
          throw .damagedZstd(
            path: file.path, offset: frame, problem: String(cString: ZSTD_getErrorName(unfinished)))
        }
        guard unfinished == 0 || output.pos > 0 || input.pos > before else {
          throw .truncated(
            path: file.path, field: "the zstd frame", offset: frame,
            needed: UInt64(input.size - frame) + UInt64(unfinished), left: input.size - frame)
        }
        try write(UnsafeRawBufferPointer(rebasing: piece[..<output.pos]), input.pos)
        if input.pos - released >= Self.releasedAtOnce {
          file.releasePages(released..<input.pos)
          released = input.pos
        }
      }
    }
  }

  private func checkMagic(at offset: Int) throws(ModelFileError) {
    guard file.byteCount - offset >= 4 else {
      guard offset == 0 else { throw .trailingBytes(path: file.path, offset: offset) }
      throw .damagedZstd(path: file.path, offset: 0, problem: "shorter than a frame")
    }
    let magic = file.load(UInt32.self, at: offset)
    // A frame with data, or one to be skipped: ZSTD_MAGICNUMBER, ZSTD_MAGIC_SKIPPABLE_START.
    guard magic == 0xFD2F_B528 || magic & 0xFFFF_FFF0 == 0x184D_2A50 else {
      guard offset == 0 else { throw .trailingBytes(path: file.path, offset: offset) }
      throw .damagedZstd(path: file.path, offset: 0, problem: "it is no zstd frame")
    }
  }
}
