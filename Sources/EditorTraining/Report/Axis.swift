#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A range of numbers that ends at round ones, with a mark at each of some four to ten round ones.
struct Axis {
  /// The first number.
  let first: Double
  /// The last one.
  let last: Double
  /// Between two marks: 1, 2 or 5 times a power of ten.
  private let unit: Double
  private let digits: Int

  /// An axis that contains both numbers, which are finite.
  init(lowest: Double, highest: Double, isWhole: Bool) {
    // Numbers that are equal, or so large that steps between them are lost, get some room.
    let room = max(highest - lowest, abs(highest) * 1e-6, isWhole ? 1 : 1e-9)
    let rough = room / 5
    let power = pow(10, floor(log10(rough)))
    let unit = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999_999 } ?? 10 * power
    self.unit = isWhole ? max(unit, 1) : unit
    first = (lowest / self.unit).rounded(.down) * self.unit
    let end = (highest / self.unit).rounded(.up) * self.unit
    last = end > first ? end : first + self.unit
    digits = max(0, -Int(floor(log10(self.unit) + 1e-9)))
  }

  /// Where `value` is: 0 at the first, 1 at the last.
  func part(_ value: Double) -> Double { (value - first) / (last - first) }

  /// Marks and what stands beside them.
  var ticks: [(value: Double, label: String)] {
    (0...Int(((last - first) / unit).rounded())).map {
      let value = first + Double($0) * unit
      return (value, label(value))
    }
  }

  private func label(_ value: Double) -> String {
    let scaled = (value * pow(10, Double(digits))).rounded()
    guard abs(scaled) < 1e15 else { return "\(value)" }
    let whole = Int(abs(scaled))
    var text = String(whole)
    if digits > 0 {
      text = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
      text.insert(".", at: text.index(text.endIndex, offsetBy: -digits))
    }
    return (scaled < 0 ? "-" : "") + text
  }
}
