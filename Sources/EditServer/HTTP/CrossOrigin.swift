#if Server
  import HTTPTypes

  /// Which pages browsers let use the server, and what they may send.
  struct CrossOrigin: Sendable {
    /// `localhost`, `*`, or origins.
    let origins: [String]
    /// Header fields that may be sent; nil for those that are asked for.
    let allowedHeaders: String?

    private static let hosts = ["localhost", "127.0.0.1", "[::1]"]

    /// Whether pages of `origin` may.
    func allows(_ origin: String) -> Bool {
      if origins.contains("*") || origins.contains(origin) { return true }
      guard origins.contains("localhost") else { return false }
      for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
        let rest = origin.dropFirst(scheme.count)
        for host in Self.hosts where rest.hasPrefix(host) {
          let port = rest.dropFirst(host.count)
          if port.isEmpty
            || port.first == ":" && port.count > 1
              && port.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber })
          {
            return true
          }
        }
      }
      return false
    }

    /// The fields that go with an answer to a request of those fields; none where it says no origin.
    func fields(for request: HTTPFields, isPreflight: Bool) -> [(HTTPField.Name, String)] {
      guard let origin = request[.origin] else { return [] }
      var fields: [(HTTPField.Name, String)] = [(.vary, "Origin")]
      guard allows(origin) else { return fields }
      fields.append((.accessControlAllowOrigin, origin))
      fields.append((.accessControlAllowCredentials, "true"))
      fields.append((.accessControlExposeHeaders, "X-Emend-Edit, X-Request-Id"))
      guard isPreflight else { return fields }
      // A "*" does not cover Authorization.
      let asked = request[.accessControlRequestHeaders]
      fields.append((.accessControlAllowHeaders, allowedHeaders ?? asked ?? "*"))
      fields.append((.accessControlAllowMethods, "GET, POST, DELETE, OPTIONS"))
      fields.append((.accessControlMaxAge, "600"))
      return fields
    }
  }
#endif
