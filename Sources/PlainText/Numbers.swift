import Foundation

/// Numbers as people read them.
package enum Numbers {
  /// `value` with `digits` digits after the point.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  /// With a sign and one digit after the point.
  package static func signed(_ value: Double) -> String { String(format: "%+.1f", value) }
}
