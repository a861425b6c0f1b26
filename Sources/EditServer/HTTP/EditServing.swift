#if Server
  import EditSessions
  import Foundation
  import Synchronization

  /// A server as a command runs it: on the calling thread, until it is asked to end.
  public struct EditServing {
    private let model: ServedModel

    /// Opens the model and the edits of `settings`. Throws what makes them unusable.
    ///
    /// - Parameters:
    ///   - settings: how it runs.
    ///   - listener: hears how the model is got ready, on whichever thread does it.
    ///   - note: hears what is not as it was asked for.
    public init(
      _ settings: ServerSettings, listener: @escaping PreparationListener = { _ in },
      note: (String) -> Void = { _ in }
    ) throws {
      model = try ServedModel(settings, listener: listener, note: note)
    }

    /// Listens and answers; returns once it was asked to end and has.
    ///
    /// - Parameters:
    ///   - listening: hears a line of JSON that says where, once it listens.
    ///   - isAsked: looked at several times a second.
    /// - Throws: `ServerSettingsError`, and what makes the model impossible to load.
    public func run(
      listening: @escaping @Sendable (String) -> Void, isAsked: @escaping @Sendable () -> Bool
    ) throws {
      let server = EditServer(model)
      let result = Mutex<Result<Void, any Error>?>(nil)
      let done = DispatchSemaphore(value: 0)
      Task.detached {
        let outcome: Result<Void, any Error>
        do {
          try await server.run(
            listening: { addresses in
              let all = addresses.map { address -> JSONValue in
                ["host": .string(address.host), "port": .integer(address.port)]
              }
              let value: JSONValue = [
                "listening": .array(all), "model": .string(server.model.name),
                "parallel": .integer(server.model.parallel),
                "context": .integer(server.model.context),
              ]
              listening(value.text)
            }, isAsked: isAsked)
          outcome = .success(())
        } catch {
          outcome = .failure(error)
        }
        result.withLock { $0 = outcome }
        done.signal()
      }
      done.wait()
      try result.withLock { $0 }?.get()
    }
  }

  extension ServerSettings.NamedFile {
    /// `NAME=FILE`, or a file under its own name.
    public init(parsing text: String) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      // A path may have an equals sign; a name has no slash.
      if parts.count == 2, !parts[0].contains("/") {
        self.init(name: String(parts[0]), path: String(parts[1]))
      } else {
        self.init(name: EditNames.stem(of: text), path: text)
      }
    }
  }
#endif
