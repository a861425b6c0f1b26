import ModelFiles
import TestSupport

private let path = "lie.gguf"

extension Lie {
  /// The header: magic, version, counts.
  static let headers: [Lie] =
    [
      ("PK\u{3}\u{4}aaaaaaaaaaaa", .zip),
      ("FUGGaaaaaaaaaaaa", .ggufReversed),
      ("EMDPaaaaaaaaaaaa", .packed),
      ("lmggaaaaaaaaaaaa", .oldGGML("ggml")),
      ("fmggaaaaaaaaaaaa", .oldGGML("ggmf")),
      ("tjggaaaaaaaaaaaa", .oldGGML("ggjt")),
      ("algg", .oldGGML("ggla")),
      ("24kaaaaaaaaaaaaa", .llama2c),
      ("<!DOCTYPE html><", .html),
      ("version https://git-lfs", .lfsPointer),
      ("\u{10}\0\0\0\0\0\0\0{\"a\":{}}       ", .safetensors),
      ("hello", .unknown),
      ("gguf", .unknown),
    ].map { (text: String, kind: FileKind) in
      Lie("magic of \(kind)", .wrongKind(path: path, wanted: .gguf, found: kind)) {
        $0.bytes += text.utf8
      }
    } + [
      Lie("magic of zstd", .wrongKind(path: path, wanted: .gguf, found: .zstd)) {
        $0.bytes += [0x28, 0xB5, 0x2F, 0xFD, 0x24]
      },
      Lie("magic of gzip", .wrongKind(path: path, wanted: .gguf, found: .gzip)) {
        $0.bytes += [0x1F, 0x8B, 0x08]
      },
      Lie("magic of pickle", .wrongKind(path: path, wanted: .gguf, found: .pickle)) {
        $0.bytes += [0x80, 0x02, 0x8A]
      },
      Lie(
        "three bytes of the magic",
        .truncated(path: path, field: "the magic", offset: 0, needed: 4, left: 3)
      ) { $0.bytes += "GGU".utf8 },
      Lie(
        "half a version",
        .truncated(path: path, field: "the version", offset: 4, needed: 4, left: 2)
      ) { $0.bytes += "GGUF\u{3}\0".utf8 },
      Lie("version 0", .unsupportedVersion(path: path, version: 0)) { $0.header(version: 0) },
      Lie("version 1", .unsupportedVersion(path: path, version: 1)) { $0.header(version: 1) },
      Lie("version 4", .unsupportedVersion(path: path, version: 4)) { $0.header(version: 4) },
      Lie("big-endian", .bigEndian(path: path)) { $0.header(version: 0x0300_0000) },
      Lie(
        "more tensors than bytes",
        .countTooLarge(path: path, field: "the number of tensors", count: 3, most: 2)
      ) {
        $0.header(tensors: 3)
        $0.zeros(71)
      },
      Lie(
        "2^64 - 1 tensors",
        .countTooLarge(path: path, field: "the number of tensors", count: .max, most: 41)
      ) {
        $0.header(tensors: .max)
        $0.zeros(1000)
      },
      Lie(
        "more keys than bytes",
        .countTooLarge(path: path, field: "the number of metadata keys", count: 2, most: 1)
      ) {
        $0.header(keys: 2)
        $0.zeros(25)
      },
      Lie(
        "2^63 keys",
        .countTooLarge(
          path: path, field: "the number of metadata keys", count: 1 << 63, most: 76)
      ) {
        $0.header(keys: 1 << 63)
        $0.zeros(1000)
      },
    ]
}
