import Foundation

/// Numbers as people read them.
enum Numbers {
  /// `value` with `digits` digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
