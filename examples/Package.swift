// swift-tools-version: 6.2
// A program that uses Emend, as somebody outside writes it: a package of its own.
import PackageDescription

let package = Package(
  name: "emend-examples",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "emend", path: "..", traits: [])],
  targets: [
    .executableTarget(
      name: "edit-an-answer", dependencies: [.product(name: "Emend", package: "emend")])
  ],
  swiftLanguageModes: [.v6]
)
