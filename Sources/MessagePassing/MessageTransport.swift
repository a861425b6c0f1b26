/// Messages between ranks, none of which waits. Messages from one rank to another with one tag arrive in the order
/// in which they were sent. Used by one thread.
package protocol MessageTransport: AnyObject {
  /// This rank, and how many there are.
  var rank: Int { get }
  var count: Int { get }
  /// The machine's name.
  var host: String { get }

  /// Begins to send bytes, which stay as they are until it is done.
  func send(
    _ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int
  ) throws(CommunicationError) -> MessageRequest

  /// Begins to receive exactly so many bytes.
  func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
  ) throws(CommunicationError) -> MessageRequest

  /// Whether a message is done.
  func isDone(_ request: inout MessageRequest) throws(CommunicationError) -> Bool

  /// Leaves, once all the others do.
  func end()

  /// Ends all ranks. Does not return.
  func abort(code: Int32) -> Never
}

/// A message under way, by a number that its transport knows it by.
package struct MessageRequest {
  /// The transport's.
  package var bits: UInt64
  /// Whether it is done, so that nobody is asked again.
  package var isDone = false

  /// A message that is under way.
  package init(bits: UInt64) { self.bits = bits }
}

extension MessageTransport {
  /// Whether all messages are done; asks for each that was not.
  package func areDone(_ requests: inout [MessageRequest]) throws(CommunicationError) -> Bool {
    var all = true
    for index in requests.indices where !requests[index].isDone {
      if try isDone(&requests[index]) {
        requests[index].isDone = true
      } else {
        all = false
      }
    }
    return all
  }
}
