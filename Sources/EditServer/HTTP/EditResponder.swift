#if Server
  import Foundation
  import HTTPTypes
  import Hummingbird
  import NIOCore

  /// A request's connection, for those who want to know whether its client is still there.
  struct ServerContext: InitializableFromSource, Sendable {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }
  }

  /// Answers every request: by its path, with errors in JSON, and what browsers want to know.
  struct EditResponder: HTTPResponder {
    typealias Context = ServerContext

    let model: ServedModel
    let crossOrigin: CrossOrigin

    init(_ model: ServedModel) {
      self.model = model
      crossOrigin = CrossOrigin(
        origins: model.settings.corsOrigins, allowedHeaders: model.settings.corsHeaders)
    }

    func respond(to request: Request, context: ServerContext) async throws -> Response {
      let id = model.newID("req")
      var response: Response
      let isPreflight = request.method == .options
      if isPreflight {
        response = Response(status: .ok)
        response.headers[.contentLength] = "0"
      } else {
        do {
          response = try await answer(request, context)
        } catch {
          response = failure(error, id)
        }
      }
      // Of a request for the head alone the body would be taken for the next answer.
      if request.method == .head { response.body = ResponseBody() }
      if let name = HTTPField.Name("X-Request-Id") { response.headers[name] = id }
      for (name, value) in crossOrigin.fields(for: request.headers, isPreflight: isPreflight) {
        response.headers[name] = value
      }
      return response
    }

    private func failure(_ error: any Error, _ id: String) -> Response {
      var served = (error as? ServerError) ?? .from(error)
      if served.status == 500 { served.message += " (request \(id))" }
      var response = json(served.body, status: served.status)
      for (name, value) in served.headers {
        if let name = HTTPField.Name(name) { response.headers[name] = value }
      }
      return response
    }

    private func json(_ value: JSONValue, status: Int = 200) -> Response {
      Response(
        status: .init(code: status),
        headers: [.contentType: "application/json; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.bytes)))
    }

    // MARK: Paths

    private func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
      let path = request.uri.path
      let endpoints = Routes.endpoints(path)
      let endpoint = endpoints?[request.method == .head ? .get : request.method]
      if endpoint?.isPublic != true { try authorize(request) }
      guard let endpoints else {
        throw ServerError.notFound("there is nothing at \(path)")
      }
      guard let endpoint else {
        let methods = endpoints.keys.map(\.rawValue).sorted().joined(separator: ", ")
        var error = ServerError(
          405, .invalidRequest, "\(path) does not take \(request.method.rawValue); use \(methods)")
        error.headers["Allow"] = methods
        throw error
      }
      switch endpoint {
      case .health:
        if model.engine.phase == .loading { throw ServerError.loading }
        if model.engine.phase != .running { throw ServerError.draining }
        return json(["status": "ok"])
      case .page(let name): return try page(name, request)
      case .models: return json(model.models())
      case .model(let name):
        guard let entry = model.model(named: name) else {
          throw ServerError.notFound("there is no model '\(name)'", code: "model_not_found")
        }
        return json(entry)
      case .props: return json(model.props())
      case .slots: return try slots(request)
      case .metrics: return try metrics()
      case .edits: return json(model.edits())
      case .adapters: return json([])
      case .tokenizerInfo: return json(model.tokenizerInfo())
      case .unsupported(let remedy):
        throw ServerError.notSupported("\(path) is not supported here; \(remedy)")
      case .tokenize: return json(try model.tokenize(try await body(request)))
      case .detokenize: return json(try model.detokenize(try await body(request)))
      case .applyTemplate: return json(try model.applyTemplate(try await body(request)))
      case .inputTokens: return json(try model.inputTokens(try await body(request)))
      case .checkEdit:
        try model.engine.check()
        return json(try await model.checkEdit(try await body(request)))
      case .compileEdit:
        try model.engine.check()
        return json(try await model.compileEdit(try await body(request)))
      case .chat: return try await generate(.chat, request, context)
      case .completions: return try await generate(.text, request, context)
      case .completion: return try await generate(.native(fields: []), request, context)
      }
    }

    private func authorize(_ request: Request) throws(ServerError) {
      let keys = model.settings.keys
      guard !keys.isEmpty else { return }
      var given: [String] = []
      if let bearer = request.headers[.authorization], bearer.lowercased().hasPrefix("bearer ") {
        given.append(String(bearer.dropFirst(7)))
      }
      if let name = HTTPField.Name("X-Api-Key"), let key = request.headers[name] {
        given.append(key)
      }
      // Every key is compared to its end, so that the time does not tell how much of one was right.
      let isRight = given.contains { key in
        keys.reduce(false) { $0 || Self.isSame(key, $1) }
      }
      guard isRight else {
        throw ServerError(401, .authentication, "Invalid API Key")
      }
    }

    private static func isSame(_ a: String, _ b: String) -> Bool {
      let (a, b) = (Array(a.utf8), Array(b.utf8))
      var difference = a.count ^ b.count
      for index in b.indices { difference |= Int((index < a.count ? a[index] : 0) ^ b[index]) }
      return difference == 0
    }

    private func body(_ request: Request) async throws -> [UInt8] {
      let limit = model.settings.bodyLimit
      do {
        let buffer = try await request.body.collect(upTo: limit)
        return Array(buffer.readableBytesView)
      } catch is NIOTooManyBytesError {
        throw ServerError(
          413, .invalidRequest,
          "the body has more than \(limit) bytes; send less, or start the server with --max-body")
      }
    }

    private func page(_ name: String, _ request: Request) throws -> Response {
      guard model.settings.showsPage, let file = PageFiles.file(name) else {
        throw ServerError.notFound("there is nothing at \(name)")
      }
      var headers: HTTPFields = [
        .contentType: file.type, .cacheControl: "no-cache", .eTag: file.tag,
        .contentSecurityPolicy: "default-src 'self'; connect-src 'self'; img-src 'self' data:",
      ]
      if request.headers[.ifNoneMatch] == file.tag {
        return Response(status: .notModified, headers: headers)
      }
      headers[.xContentTypeOptions] = "nosniff"
      return Response(
        status: .ok, headers: headers,
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }

    private func slots(_ request: Request) throws -> Response {
      guard model.settings.showsSlots else {
        throw ServerError.notSupported(
          "the server was started with --no-slots; start it with --slots to see them")
      }
      let slots = model.slots()
      let fails = request.uri.queryParameters["fail_on_no_slot"] == "1"
      if fails, slots.allSatisfy({ $0["is_processing"] == true }) {
        throw ServerError(503, .unavailable, "no slot available")
      }
      return json(.array(slots))
    }

    private func metrics() throws -> Response {
      guard model.settings.showsMetrics else {
        throw ServerError.notSupported(
          "the server does not tell metrics; start it with --metrics")
      }
      let (metrics, processing, deferred) = model.engine.metrics
      var headers: HTTPFields = [.contentType: "text/plain; version=0.0.4"]
      if let name = HTTPField.Name("Process-Start-Time-Unix") {
        headers[name] = "\(model.created)"
      }
      return Response(
        status: .ok, headers: headers,
        body: ResponseBody(
          byteBuffer: ByteBuffer(
            string: metrics.text(processing: processing, deferred: deferred))))
    }

    // MARK: Answers

    private func generate(
      _ form: AnswerPlan.Form, _ request: Request, _ context: ServerContext
    ) async throws -> Response {
      try model.engine.check()
      let bytes = try await body(request)
      let name = HTTPField.Name("extra-parameters")
      let prepared = try model.prepare(
        bytes, form: form,
        manners: RequestManners(extraParameters: name.flatMap { request.headers[$0] }))
      let watch = try await context.channel.pipeline.handler(type: ClientWatch.self).get()
      let answer = RunningRequest(prepared, model.engine, watch)
      do {
        try model.engine.submit(prepared.jobs)
      } catch {
        answer.end()
        throw error
      }
      var headers: HTTPFields = [:]
      if let name = HTTPField.Name("X-Emend-Edit") { headers[name] = prepared.plan.header }
      guard prepared.plan.streams else {
        let value = try await answer.whole()
        var response = json(value)
        response.headers.append(contentsOf: headers)
        return response
      }
      let stream = try await answer.stream()
      headers[.contentType] = "text/event-stream"
      headers[.cacheControl] = "no-cache"
      if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
      return Response(
        status: .ok, headers: headers,
        body: ResponseBody { writer in
          do {
            while let bytes = await stream.next() {
              try await writer.write(ByteBuffer(bytes: bytes))
            }
            try await writer.finish(nil)
          } catch {
            stream.leave()
            throw error
          }
        })
    }
  }
#endif
