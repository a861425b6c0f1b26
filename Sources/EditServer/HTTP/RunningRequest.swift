#if Server
  /// A request whose sequences are queued or generated, between the engine and its client.
  final class RunningRequest: Sendable {
    private let prepared: PreparedRequest
    private let engine: Engine
    private let watch: ClientWatch
    private let number: Int
    private let pings: Task<Void, Never>?

    /// From here on the client's leaving ends it.
    init(_ prepared: PreparedRequest, _ engine: Engine, _ watch: ClientWatch) {
      self.prepared = prepared
      self.engine = engine
      self.watch = watch
      let request = prepared.request
      number = watch.onLeaving { engine.cancel(request) }
      guard prepared.plan.streams, prepared.pingInterval > 0 else {
        pings = nil
        return
      }
      // By the clock: a report of progress is silent just when a sign of life is needed.
      let interval = Duration.seconds(max(0.001, min(prepared.pingInterval, 86_400)))
      pings = Task {
        while !Task.isCancelled, !request.isCancelled {
          try? await Task.sleep(for: min(interval, .seconds(1)))
          request.events.ping(after: interval)
        }
      }
    }

    /// Nothing follows.
    func end() {
      watch.forget(number)
      pings?.cancel()
    }

    /// Nobody wants the rest.
    func leave() {
      end()
      engine.cancel(prepared.request)
    }

    /// The answer, once it is whole. Throws the error that ends it.
    func whole() async throws -> JSONValue {
      defer { end() }
      var writer = AnswerWriter(prepared.plan)
      while !writer.isDone {
        guard let event = await prepared.request.events.next() else { throw CancellationError() }
        do throws(ServerError) { try writer.take(event) } catch {
          engine.cancel(prepared.request)
          throw error
        }
      }
      return writer.whole()
    }

    /// The answer as a stream, once its first event is there: an error before it is an ordinary one.
    func stream() async throws -> AnswerStream {
      var writer = AnswerWriter(prepared.plan)
      while true {
        guard let event = await prepared.request.events.next() else { throw CancellationError() }
        if case .ping = event {
          return AnswerStream(self, writer, [AnswerStream.ping], prepared.request)
        }
        let chunks: [JSONValue]
        do throws(ServerError) { chunks = try writer.chunks(event) } catch {
          leave()
          throw error
        }
        if !chunks.isEmpty {
          return AnswerStream(self, writer, chunks.map(AnswerStream.line), prepared.request)
        }
      }
    }
  }

  /// The lines of a stream of events, one after the other; one task alone reads it.
  final class AnswerStream: @unchecked Sendable {
    /// A comment, which clients pass over.
    static let ping = Array(":\n\n".utf8)

    private let running: RunningRequest
    private let request: AnswerRequest
    private var writer: AnswerWriter
    private var lines: [[UInt8]]
    private var hasEnded = false

    init(
      _ running: RunningRequest, _ writer: AnswerWriter, _ lines: [[UInt8]],
      _ request: AnswerRequest
    ) {
      self.running = running
      self.writer = writer
      self.lines = lines
      self.request = request
      endIfDone()
    }

    /// One event.
    static func line(_ value: JSONValue) -> [UInt8] {
      Array("data: ".utf8) + value.bytes + Array("\n\n".utf8)
    }

    /// What is sent next; nil at the end.
    func next() async -> [UInt8]? {
      while lines.isEmpty {
        if hasEnded { return nil }
        guard let event = await request.events.next() else {
          hasEnded = true
          running.end()
          return nil
        }
        if case .ping = event { return Self.ping }
        do throws(ServerError) {
          lines += try writer.chunks(event).map(Self.line)
        } catch {
          // The head was sent: the error is an event, and the end.
          lines.append(Self.line(error.body))
          hasEnded = true
          running.leave()
        }
        endIfDone()
      }
      return lines.removeFirst()
    }

    /// The client has left.
    func leave() { running.leave() }

    private func endIfDone() {
      guard writer.isDone, !hasEnded else { return }
      hasEnded = true
      running.end()
      if writer.endsWithDone { lines.append(Array("data: [DONE]\n\n".utf8)) }
    }
  }
#endif
