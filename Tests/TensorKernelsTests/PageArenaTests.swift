import TensorKernels
import Testing

struct PageArenaTests {
  /// Parts lie apart, on cache lines, one after the other in a region; what is larger than a region has
  /// one of its own. They outlive the arena by their owners.
  @Test func partsLieApart() throws {
    var parts: [(address: UnsafeMutableRawPointer, owner: PageBuffer, size: Int)] = []
    do {
      var arena = PageArena(regionBytes: 1 << 20)
      for size in [1, 64, 65, 700_000, 400_000, 3 << 20, 100] {
        let part = try arena.allocate(byteCount: size)
        parts.append((part.address, part.owner, size))
      }
    }
    for (index, part) in parts.enumerated() {
      #expect(Int(bitPattern: part.address) % 64 == 0)
      let bytes = UnsafeRawBufferPointer(start: part.address, count: part.size)
      #expect(bytes.allSatisfy { $0 == 0 }, "part \(index) is not zeroed")
      part.address.initializeMemory(as: UInt8.self, repeating: UInt8(index + 1), count: part.size)
    }
    for (index, part) in parts.enumerated() {
      let bytes = UnsafeRawBufferPointer(start: part.address, count: part.size)
      #expect(bytes.allSatisfy { $0 == UInt8(index + 1) }, "part \(index) was written over")
    }
    let large = 2 << 20
    for first in [0, 4, 5] {
      #expect(
        Int(bitPattern: parts[first].address) % large == 0, "part \(first) begins a region")
    }
    #expect(parts[1].address == parts[0].address + 64 && parts[3].owner === parts[0].owner)
    #expect(parts[4].owner !== parts[3].owner && parts[5].owner !== parts[4].owner)
  }

  /// Address space that no machine has is an error.
  @Test func refusesWhatThereIsNot() {
    var arena = PageArena()
    #expect(throws: KernelError.self) { try arena.allocate(byteCount: 1 << 60) }
  }
}
