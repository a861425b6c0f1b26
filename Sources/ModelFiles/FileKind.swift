/// What a file seems to be, by its first bytes: what people pass by mistake is named in the error.
public enum FileKind: Sendable, Equatable {
  case gguf
  /// GGUF with its magic reversed, as a writer that swaps everything makes it.
  case ggufReversed
  /// The formats before GGUF: "ggml", "ggmf", "ggjt", "ggla".
  case oldGGML(String)
  /// Emend's own packed layout.
  case packed
  case safetensors
  case zip
  case pickle
  case llama2c
  case zstd
  case gzip
  case html
  /// The few lines that stand in for a file that git-lfs has not fetched.
  case lfsPointer
  /// Words, JSON or code: its first bytes are printable.
  case text
  case unknown

  /// Bytes that `init(firstBytes:)` wants to see, where the file has so many.
  public static let bytesNeeded = 16

  /// The kind of the file that begins with `bytes`.
  public init(firstBytes bytes: some Collection<UInt8>) {
    let head = Array(bytes.prefix(Self.bytesNeeded))
    func starts(_ magic: String) -> Bool { head.starts(with: magic.utf8) }
    let text = String(decoding: head, as: UTF8.self).lowercased()

    if starts("GGUF") {
      self = .gguf
    } else if starts("FUGG") {
      self = .ggufReversed
    } else if starts("EMDP") {
      self = .packed
    } else if starts("PK\u{3}\u{4}") || starts("PK\u{5}\u{6}") {
      self = .zip
    } else if head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
      self = .zstd
    } else if head.starts(with: [0x1F, 0x8B]) {
      self = .gzip
    } else if starts("24ka") {
      self = .llama2c
    } else if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") {
      self = .html
    } else if starts("version https://") {
      self = .lfsPointer
    } else if let old = ["ggml", "ggmf", "ggjt", "ggla"].first(where: {
      starts($0) || starts(String($0.reversed()))
    }) {
      self = .oldGGML(old)
    } else if head.count > 8, head[8] == UInt8(ascii: "{"), head[4..<8].allSatisfy({ $0 == 0 }) {
      // A header length below 4 GB, then the JSON header.
      self = .safetensors
    } else if head.count > 2, head[0] == 0x80, (2...5).contains(head[1]) {
      self = .pickle
    } else {
      self = Self.isText(head) ? .text : .unknown
    }
  }

  /// Whether the first bytes of a file are those of a text; a character may be cut at their end. Fewer bytes
  /// than are wanted may begin anything: a number of little digits is printable too.
  private static func isText(_ head: [UInt8]) -> Bool {
    guard head.count == Self.bytesNeeded,
      head.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || (9...13).contains($0) })
    else { return false }
    return (0..<4).contains { cut in
      String(validating: head.dropLast(cut), as: UTF8.self) != nil
    }
  }
}

extension FileKind: CustomStringConvertible {
  /// The kind in words, with an article: "a zip archive (PyTorch checkpoints are)".
  public var description: String {
    switch self {
    case .gguf: "a GGUF file"
    case .ggufReversed: "a byte-swapped GGUF file"
    case .oldGGML(let magic): "a file of the format before GGUF (\(magic))"
    case .packed: "a model packed by Emend (EMDP)"
    case .safetensors: "a safetensors file"
    case .zip: "a zip archive (PyTorch checkpoints are)"
    case .pickle: "a Python pickle (old PyTorch checkpoints are)"
    case .llama2c: "a llama2.c checkpoint"
    case .zstd: "a zstd archive"
    case .gzip: "a gzip archive"
    case .html: "a web page"
    case .lfsPointer: "a git-lfs pointer"
    case .text: "a text file"
    case .unknown: "a file of another kind"
    }
  }

  /// Whether the file that is wanted is inside it or behind it, or was not fetched.
  package var standsForAnother: Bool {
    switch self {
    case .zstd, .gzip, .html, .lfsPointer: true
    default: false
    }
  }

  /// What to do about it, to be appended to the sentence.
  package var remedy: String {
    switch self {
    case .zstd, .gzip: "; decompress it first"
    case .html: "; the download went wrong, fetch it again"
    case .lfsPointer: "; fetch the file itself with \"git lfs pull\""
    case .gguf, .text, .unknown: ""
    case .packed: "; use the file it was packed from"
    case .ggufReversed: "; convert it to little-endian first (gguf-convert-endian)"
    case .pickle:
      "; save it again with PyTorch 1.6 or newer: "
        + "torch.save(torch.load(OLD, weights_only=True), NEW)"
    case .oldGGML, .safetensors, .zip, .llama2c: "; convert it first"
    }
  }
}
