#if MPI
  import CMPI

  /// Messages of MPI. All of it, its beginning too, on one thread.
  final class MPITransport: MessageTransport {
    let rank: Int
    let count: Int
    let host: String

    /// Joins the ranks. Throws `failed`.
    init() throws(CommunicationError) {
      var rank: Int32 = 0
      var count: Int32 = 0
      try Self.check(emend_mpi_begin(&rank, &count), "joining the ranks")
      self.rank = Int(rank)
      self.count = Int(count)
      host = Self.text(emend_mpi_host)
    }

    func send(
      _ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int
    ) throws(CommunicationError) -> MessageRequest {
      var request = emend_mpi_request(bits: 0)
      try Self.check(
        emend_mpi_send(
          bytes.baseAddress, Int32(bytes.count), Int32(rank), Int32(tag), &request),
        "sending to rank \(rank)")
      return MessageRequest(bits: request.bits)
    }

    func receive(
      _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
    ) throws(CommunicationError) -> MessageRequest {
      var request = emend_mpi_request(bits: 0)
      try Self.check(
        emend_mpi_receive(
          bytes.baseAddress, Int32(bytes.count), Int32(rank), Int32(tag), &request),
        "receiving from rank \(rank)")
      return MessageRequest(bits: request.bits)
    }

    func isDone(_ request: inout MessageRequest) throws(CommunicationError) -> Bool {
      var known = emend_mpi_request(bits: request.bits)
      var isDone: Int32 = 0
      let status = emend_mpi_test(&known, &isDone)
      request.bits = known.bits
      try Self.check(status, "waiting for a message")
      return isDone != 0
    }

    func end() { _ = emend_mpi_end() }

    func abort(code: Int32) -> Never {
      emend_mpi_abort(code)
      fatalError("MPI did not end the program")
    }

    private static func check(_ error: Int32, _ work: String) throws(CommunicationError) {
      guard error != 0 else { return }
      let reason = text { emend_mpi_describe(error, $0, $1) }
      throw .failed(work: work, reason: reason)
    }

    private static func text(
      _ write: (UnsafeMutablePointer<CChar>?, Int32) -> Void
    ) -> String {
      var bytes = [CChar](repeating: 0, count: 1024)
      bytes.withUnsafeMutableBufferPointer { write($0.baseAddress, Int32($0.count)) }
      return String(
        decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
#endif
