import TestSupport

/// Damages bytes, preferably at places known to matter.
struct ByteMutator {
  /// Files to copy pieces from.
  var donors: [[UInt8]]

  /// Numbers that lengths, counts and offsets go wrong at.
  private static let interesting: [UInt64] = {
    var numbers: [UInt64] = [0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 127, 128, 255, 256, 65535, 65536]
    for shift in UInt64(30)...63 {
      let power = UInt64(1) << shift
      numbers += [power - 1, power, power + 1]
    }
    return numbers + [.max, .max - 1, .max - 31]
  }()

  /// Makes one change to `bytes`; `places` are offsets of fields that deserve it.
  func mutate(_ bytes: inout [UInt8], places: [Int], _ random: inout SplitMix64) {
    guard !bytes.isEmpty else { return }
    let anywhere = Int.random(in: 0..<bytes.count, using: &random)
    let known = places.randomElement(using: &random).flatMap {
      bytes.indices.contains($0) ? $0 : nil
    }
    let place = Int.random(in: 0..<4, using: &random) > 0 ? known ?? anywhere : anywhere
    let width = [1, 2, 4, 8].randomElement(using: &random)!
    let length = 1 << Int.random(in: 0...6, using: &random)
    let end = min(place + length, bytes.count)

    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1:
      bytes[place] = .random(in: 0...255, using: &random)
    case 2:
      var value = Self.interesting.randomElement(using: &random)!
      if Bool.random(using: &random) {
        value = UInt64(bytes.count - place) &+ UInt64.random(in: 0..<3, using: &random) &- 1
      }
      store(value, width, at: place, in: &bytes)
    case 3:
      let change = UInt64.random(in: 0..<17, using: &random) &- 8
      store(load(width, at: place, in: bytes) &+ change, width, at: place, in: &bytes)
    case 4:
      bytes.removeSubrange(place..<end)
    case 5:
      let filler = [0, 0xFF, UInt8.random(in: 0...255, using: &random)]
        .randomElement(using: &random)!
      bytes.insert(contentsOf: repeatElement(filler, count: length), at: place)
    case 6:
      bytes.insert(contentsOf: Array(bytes[place..<end]), at: anywhere)
    case 7:
      let count = min(end - place, bytes.count - anywhere)
      bytes.replaceSubrange(anywhere..<anywhere + count, with: Array(bytes[place..<place + count]))
    case 8:
      guard let donor = donors.randomElement(using: &random), !donor.isEmpty else { return }
      let from = Int.random(in: 0..<donor.count, using: &random)
      bytes.replaceSubrange(place..<end, with: donor[from..<min(from + length, donor.count)])
    default:
      bytes.removeSubrange(place...)
    }
  }

  private func load(_ width: Int, at place: Int, in bytes: [UInt8]) -> UInt64 {
    bytes[place...].prefix(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func store(_ value: UInt64, _ width: Int, at place: Int, in bytes: inout [UInt8]) {
    for index in 0..<min(width, bytes.count - place) {
      bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
    }
  }
}
