import Foundation
import ModelFiles

/// What an edit did in one run: for every site the sizes of what was there, of what was added and of
/// what came out, and for every generated token how far it moved the model's answer.
public struct EditTrace: Sendable, Equatable {
  /// One addition.
  public struct Site: Sendable, Equatable, Codable {
    /// The point of the residual stream, 0...layerCount: 0 is before block 0, and n after block n - 1.
    public var point: Int
    /// The token.
    public var position: Int
    /// ||h|| before.
    public var state: Double
    /// ||delta||, what was added.
    public var latent: Double
    /// ||h + delta||.
    public var result: Double
    /// The cosine of h and h + delta.
    public var cosine: Double

    private enum CodingKeys: String, CodingKey {
      case point, layer, position, state, latent, result, cosine
    }

    /// An addition at `point` and `position`, with the sizes of what was there, was added and came out.
    public init(
      point: Int, position: Int, state: Double, latent: Double, result: Double, cosine: Double
    ) {
      self.point = point
      self.position = position
      self.state = state
      self.latent = latent
      self.result = result
      self.cosine = cosine
    }

    /// Reads a site, of a file of version 1 too.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      point =
        try values.decodeIfPresent(Int.self, forKey: .point)
        ?? values.decode(Int.self, forKey: .layer)
      position = try values.decode(Int.self, forKey: .position)
      state = try values.decode(Double.self, forKey: .state)
      latent = try values.decode(Double.self, forKey: .latent)
      result = try values.decode(Double.self, forKey: .result)
      cosine = try values.decode(Double.self, forKey: .cosine)
    }

    /// Writes it.
    public func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(point, forKey: .point)
      try values.encode(position, forKey: .position)
      try values.encode(state, forKey: .state)
      try values.encode(latent, forKey: .latent)
      try values.encode(result, forKey: .result)
      try values.encode(cosine, forKey: .cosine)
    }
  }

  /// One token of the answer.
  public struct Token: Sendable, Equatable, Codable {
    /// Its position, the prompt counted.
    public var position: Int
    /// Its id.
    public var id: Int
    /// KL(unedited || edited) of the distributions that it was chosen from, in nat.
    public var divergence: Double

    /// The token `id` at `position`, and how far the edit moved its distribution.
    public init(position: Int, id: Int, divergence: Double) {
      self.position = position
      self.id = id
      self.divergence = divergence
    }
  }

  /// Blocks of the processor.
  public var layerCount: Int
  /// Tokens of the prompt, as the edit extends it.
  public var promptLength: Int
  /// The text of the tokens at the beginning that a reading prefix (P8) has read; none for other edits. Their
  /// sites compare what the processor by itself has there with what the editor wrote; of a network of the editor's own
  /// the words are its tokens, and what is compared is the mean of all edits with what was written.
  public var words: [String]
  /// The additions, in the order in which they happened.
  public var sites: [Site] = []
  /// The answer.
  public var tokens: [Token] = []

  /// A trace of nothing yet.
  public init(layerCount: Int, promptLength: Int, words: [String] = []) {
    self.words = words
    self.layerCount = layerCount
    self.promptLength = promptLength
  }
}

/// One line of a trace's file: exactly one of the fields is there.
private struct TraceLine: Codable {
  struct Header: Codable {
    var version: Int
    var layers: Int
    var prompt: Int
    var words: [String]?
  }
  var trace: Header?
  var site: EditTrace.Site?
  var token: EditTrace.Token?
}

extension EditTrace {
  /// Version 1 called the point of a site its layer.
  private static let version = 2

  /// Writes the trace as JSON lines, compressed with zstd: a header `{"trace": ...}`, then one line for
  /// each site, with its `point`, and each token. Throws `file`.
  public func write(to path: String) throws(LatentEditingError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    func line(_ value: TraceLine) -> String {
      // Numbers that are no JSON cannot come up: states and latents are finite.
      String(decoding: (try? encoder.encode(value)) ?? Data(), as: UTF8.self) + "\n"
    }
    do throws(ModelFileError) {
      var writer = try ZstdWriter(path: path)
      try writer.append(
        line(
          TraceLine(
            trace: .init(
              version: Self.version, layers: layerCount, prompt: promptLength,
              words: words.isEmpty ? nil : words))))
      for site in sites { try writer.append(line(TraceLine(site: site))) }
      for token in tokens { try writer.append(line(TraceLine(token: token))) }
      try writer.commit()
    } catch {
      throw .file(error)
    }
  }

  /// Reads a trace, compressed or not. Throws `traceUnreadable` and `file`.
  public init(path: String) throws(LatentEditingError) {
    let file: MappedFile
    do { file = try MappedFile.contents(path: path) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    let lines = file.bytes.split(separator: UInt8(ascii: "\n"))
    let decoder = JSONDecoder()
    var trace: EditTrace?
    for (index, bytes) in lines.enumerated() {
      let line: TraceLine
      do { line = try decoder.decode(TraceLine.self, from: Data(bytes)) } catch {
        throw .traceUnreadable(path: path, line: index + 1, problem: "it is no record of a trace")
      }
      if let header = line.trace, index == 0 {
        guard (1...Self.version).contains(header.version), (1...4096).contains(header.layers),
          header.prompt >= 0
        else {
          throw .traceUnreadable(
            path: path, line: 1, problem: "version \(header.version) or its sizes are unknown")
        }
        trace = EditTrace(
          layerCount: header.layers, promptLength: header.prompt, words: header.words ?? [])
      } else if let site = line.site, let layers = trace?.layerCount,
        (0...layers).contains(site.point), (0..<(1 << 24)).contains(site.position)
      {
        trace?.sites.append(site)
      } else if let token = line.token, trace != nil, (0..<(1 << 24)).contains(token.position) {
        trace?.tokens.append(token)
      } else {
        throw .traceUnreadable(
          path: path, line: index + 1, problem: "it is out of place or out of range")
      }
    }
    guard let trace else { throw .traceUnreadable(path: path, line: 1, problem: "it is missing") }
    self = trace
  }
}
