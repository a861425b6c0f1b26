import Crypto

/// The page, as files of the binary.
enum PageFiles {
  /// One file.
  struct File: Sendable {
    let type: String
    let bytes: [UInt8]
    /// What tells its content.
    let tag: String

    init(_ type: String, _ bytes: [UInt8]) {
      self.type = type
      self.bytes = bytes
      tag = "\"" + SHA256.hash(data: bytes).prefix(8).map { String($0, radix: 16) }.joined() + "\""
    }
  }

  private static let files: [String: File] = [
    "/": File("text/html; charset=utf-8", PackageResources.index_html),
    "/app.js": File("text/javascript; charset=utf-8", PackageResources.app_js),
    "/style.css": File("text/css; charset=utf-8", PackageResources.style_css),
    "/icon.svg": File("image/svg+xml", PackageResources.icon_svg),
    // Asked for by browsers that have met llama-server's page at this address.
    "/sw.js": File(
      "text/javascript; charset=utf-8", Array("// There is no service worker.\n".utf8)),
    "/manifest.webmanifest": File(
      "application/manifest+json",
      Array(#"{"name":"emend","start_url":"/","icons":[{"src":"/icon.svg","sizes":"any"}]}"#.utf8)),
    "/_app/version.json": File("application/json", Array(#"{"version":"emend"}"#.utf8)),
  ]

  /// The paths that there are.
  static let names = Set(files.keys)

  /// The file at `path`.
  static func file(_ path: String) -> File? { files[path] }
}
