#if Server
  import Hummingbird
  import Logging
  import NIOCore
  import ServiceLifecycle
  import Synchronization

  /// `emend serve`: a model behind llama-server's dialect of OpenAI's API, with edits as a field of requests.
  public final class EditServer: Sendable {
    /// Where it listens.
    public struct Address: Sendable {
      /// The host as it was asked for.
      public let host: String
      /// The port, which the system chose where 0 was asked for.
      public let port: Int
    }

    package let model: ServedModel
    private let end = End()

    /// What became of the engine.
    private final class End: Sendable {
      private let state = Mutex<(hasEnded: Bool, error: (any Error)?)>((false, nil))

      var hasEnded: Bool { state.withLock { $0.hasEnded } }
      var error: (any Error)? { state.withLock { $0.error } }
      func set(_ error: (any Error)?) { state.withLock { $0 = (true, error) } }
    }

    /// The addresses that are listened at so far.
    private final class Bound: Sendable {
      private let addresses = Mutex<[Address]>([])

      /// All of them, with `address`.
      func add(_ address: Address) -> [Address] {
        addresses.withLock { addresses in
          addresses.append(address)
          return addresses
        }
      }
    }

    package init(_ model: ServedModel) { self.model = model }

    /// Listens, loads the weights meanwhile, and answers until `isAsked` says to end: then it takes no more
    /// requests, gives running answers the drain time, and returns.
    ///
    /// - Parameters:
    ///   - listening: hears where it listens, once it does at all addresses.
    ///   - isAsked: looked at several times a second.
    /// - Throws: `ServerSettingsError.address`, and what makes the model impossible to load.
    package func run(
      listening: @escaping @Sendable ([Address]) -> Void, isAsked: @escaping @Sendable () -> Bool
    ) async throws {
      let settings = model.settings
      var logger = Logger(label: "emend")
      logger.logLevel = settings.isVerbose ? .notice : .critical
      let responder = EditResponder(model)
      let bound = Bound()
      let services = settings.hosts.map { host in
        Application(
          responder: responder,
          server: .http1(
            configuration: .init(
              additionalChannelHandlers: [ClientWatch()],
              idleTimeout: .seconds(Int64(settings.idleTimeout)))),
          configuration: .init(address: .hostname(host, port: settings.port)),
          onServerRunning: { channel in
            let address = Address(host: host, port: channel.localAddress?.port ?? settings.port)
            let all = bound.add(address)
            if all.count == settings.hosts.count { listening(all) }
          }, logger: logger)
      }
      let group = ServiceGroup(
        configuration: .init(services: services.map { $0 as any Service }, logger: logger))
      model.start { [end] error in end.set(error) }
      try await withThrowingTaskGroup(of: Bool.self) { tasks in
        tasks.addTask {
          do {
            try await group.run()
          } catch let error as IOError {
            throw ServerSettingsError.address(
              host: settings.hosts.joined(separator: ","), port: settings.port, reason: "\(error)")
          }
          return false
        }
        tasks.addTask { [model, end] in
          while !isAsked(), !end.hasEnded {
            try await Task.sleep(for: .milliseconds(50))
          }
          model.engine.drain(seconds: settings.drainSeconds)
          while !end.hasEnded { try await Task.sleep(for: .milliseconds(10)) }
          await group.triggerGracefulShutdown()
          // Clients may keep a connection without a request, or read slowly.
          try await Task.sleep(for: .milliseconds(500))
          return true
        }
        _ = try await tasks.next()
        tasks.cancelAll()
      }
      if let error = end.error { throw error }
    }
  }
#endif
