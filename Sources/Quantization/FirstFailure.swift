import Synchronization

/// The first of the places where threads found something wrong, in the order of the tensor, so that
/// errors do not depend on the number of threads.
final class FirstFailure: Sendable {
  private let found = Mutex<(row: Int, column: Int)?>(nil)

  func record(row: Int, column: Int) {
    found.withLock { first in
      if let old = first, (old.row, old.column) <= (row, column) { return }
      first = (row, column)
    }
  }

  var place: (row: Int, column: Int)? { found.withLock { $0 } }
}
