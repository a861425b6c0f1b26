import CZstd

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a file compressed with zstd, as one frame with a checksum, that is there whole or not at all
/// (see `AtomicFileWriter`).
///
/// Source: RFC 8878; the compression is libzstd's.
public struct ZstdWriter: ~Copyable {
  private var file: AtomicFileWriter
  private let context: OpaquePointer
  private let piece: UnsafeMutableRawBufferPointer

  /// Starts what will be the file at `path`. Throws as `AtomicFileWriter` does.
  public init(path: String, level: Int32 = 3) throws(ModelFileError) {
    guard let context = ZSTD_createCCtx() else {
      throw .systemFailure(path: path, call: "ZSTD_createCCtx", errno: ENOMEM)
    }
    let file: AtomicFileWriter
    do { file = try AtomicFileWriter(path: path) } catch {
      ZSTD_freeCCtx(context)
      throw error
    }
    self.file = file
    self.context = context
    piece = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 64)
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  }

  deinit {
    ZSTD_freeCCtx(context)
    piece.deallocate()
  }

  /// Adds `bytes` at the end.
  public mutating func append(_ bytes: RawSpan) throws(ModelFileError) {
    try compress(bytes, ZSTD_e_continue)
  }

  /// Adds the bytes of `text` in UTF-8.
  public mutating func append(_ text: String) throws(ModelFileError) {
    let bytes = Array(text.utf8)
    try append(bytes.span.bytes)
  }

  /// Puts the finished file in its place.
  public mutating func commit() throws(ModelFileError) {
    let nothing: [UInt8] = []
    try compress(nothing.span.bytes, ZSTD_e_end)
    try file.commit()
  }

  private mutating func compress(
    _ bytes: RawSpan, _ directive: ZSTD_EndDirective
  ) throws(ModelFileError) {
    var offset = 0
    while true {
      let (remaining, consumed, produced) = bytes.withUnsafeBytes { source in
        var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: offset)
        var output = ZSTD_outBuffer(dst: piece.baseAddress, size: piece.count, pos: 0)
        let left = ZSTD_compressStream2(context, &output, &input, directive)
        return (left, input.pos, output.pos)
      }
      // The only errors are of memory: the input is not looked at.
      guard ZSTD_isError(remaining) == 0 else {
        throw .systemFailure(path: file.path, call: "ZSTD_compressStream2", errno: ENOMEM)
      }
      offset = consumed
      try file.append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: piece[..<produced])))
      if directive == ZSTD_e_end ? remaining == 0 : offset == bytes.byteCount { return }
    }
  }
}
