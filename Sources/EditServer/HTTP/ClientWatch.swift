#if Server
  import NIOCore
  import Synchronization

  /// Hears when the client of a connection has left: a plain handler is not told, and one that streams
  /// notices at its next write only.
  ///
  /// A client that closes its side, and would still read, counts as gone.
  final class ClientWatch: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private struct State {
      var hasLeft = false
      var listeners: [Int: @Sendable () -> Void] = [:]
      var next = 0
    }

    private let state = Mutex(State())

    /// Calls `body` when the client leaves, at once where it has; returns what takes that back.
    func onLeaving(_ body: @escaping @Sendable () -> Void) -> Int {
      let number = state.withLock { state -> Int? in
        guard !state.hasLeft else { return nil }
        state.next += 1
        state.listeners[state.next] = body
        return state.next
      }
      guard let number else {
        body()
        return 0
      }
      return number
    }

    /// The answer is done.
    func forget(_ number: Int) { state.withLock { $0.listeners[number] = nil } }

    private func leave() {
      let listeners = state.withLock { state in
        state.hasLeft = true
        defer { state.listeners = [:] }
        return Array(state.listeners.values)
      }
      for listener in listeners { listener() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
      leave()
      context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if let event = event as? ChannelEvent, event == .inputClosed { leave() }
      context.fireUserInboundEventTriggered(event)
    }
  }
#endif
