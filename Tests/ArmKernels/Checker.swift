import BlockFormats
import Driver
import KernelInterface
import TestSupport

/// Memory that ends at a page that must not be touched.
final class Bytes {
  let address: UnsafeMutableRawPointer
  let count: Int

  /// `count` bytes, each of them `fill`.
  init(_ count: Int, fill: UInt8 = 0) {
    self.count = count
    address = driver_allocate(count)!
    for i in 0..<count { address.storeBytes(of: fill, toByteOffset: i, as: UInt8.self) }
  }

  convenience init(_ values: [Float]) {
    self.init(4 * values.count)
    for i in 0..<values.count { floats[i] = values[i] }
  }

  convenience init(_ values: [UInt8]) {
    self.init(values.count)
    for i in 0..<values.count { address.storeBytes(of: values[i], toByteOffset: i, as: UInt8.self) }
  }

  deinit { driver_free(address, count) }

  var floats: UnsafeMutablePointer<Float> { address.assumingMemoryBound(to: Float.self) }
  var input: UnsafePointer<Float> { UnsafePointer(floats) }
  var words: UnsafeMutablePointer<UInt32> { address.assumingMemoryBound(to: UInt32.self) }
  var integers: UnsafeMutablePointer<Int32> { address.assumingMemoryBound(to: Int32.self) }
  var codes: UnsafeMutablePointer<Int8> { address.assumingMemoryBound(to: Int8.self) }
  var bytes: UnsafeMutablePointer<UInt8> { address.assumingMemoryBound(to: UInt8.self) }

  /// Bytes of the same size.
  func copy() -> Bytes {
    let other = Bytes(count)
    for i in 0..<count { other.bytes[i] = bytes[i] }
    return other
  }
}

/// Kernels of one instruction set beside the portable ones, and how often they agreed.
final class Checker {
  let name: StaticString
  let kernels: KernelTable
  /// To whose results others are compared to the bit; nil for themselves.
  let plain: KernelTable?
  var random = SplitMix64(seed: 1)
  private(set) var comparisons = 0
  private(set) var failures = 0
  private var digest: UInt64 = 0xCBF2_9CE4_8422_2325
  private var begun = (comparisons: 0, failures: 0)

  init(_ kernels: KernelTable, plain: KernelTable?) {
    name = kernels.name
    self.kernels = kernels
    self.plain = plain
  }

  /// Runs a group of checks and reports it.
  func group(_ what: StaticString, _ body: (Checker) -> Void) {
    random = SplitMix64(seed: 11)
    digest = 0xCBF2_9CE4_8422_2325
    begun = (comparisons, failures)
    body(self)
    driver_report(
      name.utf8Start, what.utf8Start, comparisons - begun.comparisons, failures - begun.failures,
      UInt(digest))
  }

  /// Runs `body` for both tables on copies of `memory`, and compares every 32-bit word (or byte, where they do
  /// not fill words) to the bit. Returns what the kernels under test made of it.
  @discardableResult func same(
    _ what: StaticString, _ memory: Bytes, _ body: (KernelTable, Bytes) -> Void
  ) -> Bytes {
    let found = memory.copy()
    body(kernels, found)
    var i = 0
    while i < found.count {
      digest = (digest ^ UInt64(found.bytes[i])) &* 0x100_0000_01B3
      i += 1
    }
    guard let plain else { return found }
    let wanted = memory.copy()
    body(plain, wanted)
    if found.count % 4 == 0 {
      for i in 0..<found.count / 4 {
        comparisons += 1
        if found.words[i] != wanted.words[i] {
          fail(what, i, Double(found.floats[i]), Double(wanted.floats[i]))
        }
      }
    } else {
      for i in 0..<found.count {
        comparisons += 1
        if found.bytes[i] != wanted.bytes[i] {
          fail(what, i, Double(found.bytes[i]), Double(wanted.bytes[i]))
        }
      }
    }
    return found
  }

  func near(
    _ what: StaticString, _ place: Int, _ found: Float, _ wanted: Double, _ tolerance: Double
  ) {
    comparisons += 1
    var error = Double(found) - wanted
    if error < 0 { error = -error }
    if !(error <= tolerance) { fail(what, place, Double(found), wanted) }
  }

  func equal(_ what: StaticString, _ place: Int, _ found: Int, _ wanted: Int) {
    comparisons += 1
    if found != wanted { fail(what, place, Double(found), Double(wanted)) }
  }

  private func fail(_ what: StaticString, _ place: Int, _ found: Double, _ wanted: Double) {
    failures += 1
    if failures - begun.failures <= 3 {
      driver_failure(name.utf8Start, what.utf8Start, place, found, wanted)
    }
  }

  func floats(_ count: Int, _ size: Float = 1) -> Bytes {
    Bytes(randomFloats(count, size: size, &random))
  }
}

func magnitude(_ x: Double) -> Double { x < 0 ? -x : x }
