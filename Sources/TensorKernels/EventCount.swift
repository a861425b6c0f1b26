import CPlatform
import Synchronization

/// A counter that threads wait on: it goes up by one when what they wait for has happened.
///
/// Waiting spins first, because steps of a forward pass end within microseconds of each other, and
/// parks in the kernel when it takes long: then somebody is without a core, and a thread that spins
/// on would keep it from the one that is waited for.
final class EventCount: @unchecked Sendable {
  private let sleepers = Atomic<Int>(0)
  /// On a cache line of its own; also the address that threads park on.
  private let word: UnsafeMutablePointer<UInt32>
  private var count: UnsafeMutablePointer<Atomic<UInt32>> {
    UnsafeMutableRawPointer(word).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  init() {
    word = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
      .bindMemory(to: UInt32.self, capacity: 32)
    word.initialize(repeating: 0, count: 32)
  }

  deinit { word.deallocate() }

  /// The count; what was written before it went up is seen after.
  var value: UInt32 { count.pointee.load(ordering: .acquiring) }

  /// Counts one more and wakes those who wait, `most` of the parked ones.
  func advance(most: Int = Int(Int32.max)) {
    count.pointee.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 { emend_wake(word, Int32(most)) }
  }

  /// Returns once the count is not `old`; spins that often before it parks. A parked thread that was not
  /// woken sleeps on.
  func wait(past old: UInt32, spins: Int) {
    for _ in 0..<spins {
      if value != old { return }
      emend_spin_hint()
    }
    // A sleeper is counted before it looks again, and the count goes up before sleepers are looked
    // for, so that one of the two sees the other.
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while count.pointee.load(ordering: .sequentiallyConsistent) == old { emend_park(word, old) }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
  }
}
