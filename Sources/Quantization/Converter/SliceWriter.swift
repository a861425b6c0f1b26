import Crypto
import Foundation
import ModelFiles

/// Memory for one slice on its way to the file.
final class SliceBuffer: @unchecked Sendable {
  // Unchecked only because of the pointer: one thread at a time has the buffer.
  let bytes: UnsafeMutableRawBufferPointer
  var count = 0

  init(byteCount: Int) throws(ConversionError) {
    // Aligned as pages are, so that no element of any type straddles two.
    guard let address = aligned_alloc(16_384, (byteCount + 16_383) / 16_384 * 16_384) else {
      throw .outOfMemory(bytes: byteCount)
    }
    bytes = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
  }

  deinit { free(bytes.baseAddress) }
}

/// Appends slices to a GGUF file, or a packed file, in the order they come, on a thread of its own,
/// and sums them up: the threads that make slices wait for the disk only when all buffers are full.
final class SliceWriter: @unchecked Sendable {
  // Unchecked: `file` and `digest` are touched by the thread while it runs, and only before and after
  // it by others; all else behind `condition`.
  private var file: File?
  private let digest: Digest
  private let condition = NSCondition()
  private var unused: [SliceBuffer]
  private var waiting: [SliceBuffer] = []
  private var failure: ConversionError?
  private var isEnding = false
  private var hasEnded = false

  /// The file, which is removed when this is released before it was committed. The thread may hold
  /// on to the slice writer for longer than its caller: that must not keep the file.
  private final class File {
    var writer: GGUFWriter
    private var packer: GroupPacker?

    init(_ writer: consuming GGUFWriter, packer: GroupPacker?) {
      self.writer = writer
      self.packer = packer
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(ConversionError) {
      if packer != nil {
        try packer?.append(bytes, to: &writer)
      } else {
        do throws(ModelFileError) { try writer.append(bytes.bytes) } catch { throw .file(error) }
      }
    }
  }

  /// The SHA-256 of what was written. A slice is summed up on a queue while it is written: one thread
  /// for both would be slower than the disk.
  private final class Digest: @unchecked Sendable {
    // Unchecked: `hash` is touched on the queue, or while nothing is on it.
    private var hash = SHA256()
    private let queue = DispatchQueue(label: "emend.digest")
    private var slice: Range<UInt>?

    /// Bytes of `slice` stay as they are until `wait` returns; no others do.
    func lend(_ slice: UnsafeRawBufferPointer) { self.slice = Self.range(slice) }

    func add(_ bytes: UnsafeRawBufferPointer) {
      guard let slice, let range = Self.range(bytes), slice.lowerBound <= range.lowerBound,
        range.upperBound <= slice.upperBound
      else {
        queue.sync { hash.update(bufferPointer: bytes) }
        return
      }
      nonisolated(unsafe) let bytes = bytes
      queue.async { self.hash.update(bufferPointer: bytes) }
    }

    /// Returns when all that was added is summed up, and takes the slice back.
    func wait() {
      queue.sync {}
      slice = nil
    }

    var hexadecimal: String {
      wait()
      return hash.finalize().hexadecimal
    }

    private static func range(_ bytes: UnsafeRawBufferPointer) -> Range<UInt>? {
      guard let start = bytes.baseAddress.map({ UInt(bitPattern: $0) }) else { return nil }
      return start..<start + UInt(bytes.count)
    }
  }

  /// Starts the file, a packed one where `packed`, and the thread. `buffers` slices of at most
  /// `sliceBytes` can be under way.
  init(
    path: String, metadata: [(key: String, value: GGUFEntry)], tensors: [GGUFWriter.Tensor],
    packed: Bool, buffers: Int, sliceBytes: Int
  ) throws(ConversionError) {
    var unused: [SliceBuffer] = []
    for _ in 0..<buffers { unused.append(try SliceBuffer(byteCount: sliceBytes)) }
    self.unused = unused
    let digest = Digest()
    self.digest = digest
    do {
      file = File(
        try GGUFWriter(path: path, metadata: metadata, tensors: tensors, packed: packed) {
          digest.add($0)
        }, packer: packed ? GroupPacker(tensors) : nil)
    } catch { throw .file(error) }
    let thread = Thread { [self] in work() }
    thread.stackSize = 1 << 20
    thread.start()
  }

  /// A buffer to fill. Throws what writing an earlier slice came to.
  func buffer() throws(ConversionError) -> SliceBuffer {
    condition.lock()
    defer { condition.unlock() }
    while unused.isEmpty, failure == nil { condition.wait() }
    if let failure { throw failure }
    return unused.removeLast()
  }

  /// Hands over a buffer, its `count` set.
  func append(_ buffer: SliceBuffer) {
    condition.lock()
    waiting.append(buffer)
    condition.broadcast()
    condition.unlock()
  }

  /// Ends the thread and removes what was written. Either this or `commit` must be called, or the
  /// thread waits for ever.
  func abandon() {
    condition.lock()
    waiting.removeAll()
    condition.unlock()
    end()
    file = nil
  }

  /// Waits until all is written, brings the file to the disk and gives it its name. Returns its size
  /// and SHA-256.
  func commit() throws(ConversionError) -> (byteCount: Int, sha256: String) {
    end()
    defer { file = nil }
    if let failure { throw failure }
    guard let file else { preconditionFailure("the file was abandoned") }
    do { try file.writer.commit() } catch { throw .file(error) }
    return (file.writer.byteCount, digest.hexadecimal)
  }

  /// Waits until the thread has written what is waiting, and ended.
  private func end() {
    condition.lock()
    isEnding = true
    condition.broadcast()
    while !hasEnded { condition.wait() }
    condition.unlock()
  }

  private func work() {
    while let slice = next() {
      var failure: ConversionError?
      let bytes = UnsafeRawBufferPointer(rebasing: slice.bytes[..<slice.count])
      digest.lend(bytes)
      do throws(ConversionError) {
        try file?.append(bytes)
      } catch {
        failure = error
      }
      digest.wait()
      finish(slice, failure)
    }
    condition.lock()
    hasEnded = true
    condition.broadcast()
    condition.unlock()
  }

  /// The next slice, or nil at the end or after a failure.
  private func next() -> SliceBuffer? {
    condition.lock()
    defer { condition.unlock() }
    while waiting.isEmpty, !isEnding { condition.wait() }
    return waiting.isEmpty || failure != nil ? nil : waiting.removeFirst()
  }

  private func finish(_ slice: SliceBuffer, _ error: ConversionError?) {
    condition.lock()
    unused.append(slice)
    if failure == nil { failure = error }
    condition.broadcast()
    condition.unlock()
  }
}
