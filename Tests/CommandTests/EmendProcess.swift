import Foundation

/// The built `emend`, run as a user runs it.
struct EmendProcess {
  let output: Data
  let errors: String
  let status: Int32

  /// The product beside the test bundle.
  static let executable: URL = {
    let bundles = Bundle.allBundles.filter { $0.bundlePath.hasSuffix(".xctest") }
    let folders =
      bundles.map { $0.bundleURL.deletingLastPathComponent() }
      + [Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
      + [URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()]
    let found = folders.map { $0.appending(path: "emend") }.first {
      FileManager.default.isExecutableFile(atPath: $0.path)
    }
    guard let found else { fatalError("no emend in \(folders.map(\.path))") }
    return found
  }()

  /// Runs `emend` with `arguments`, `input` on its standard input, to its end; `environment` is added
  /// to this process's.
  init(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws {
    try self.init(arguments, input: input, environment: environment) { _ in }
  }

  /// As above; `onOutput` is called with the process each time something was written to standard
  /// output.
  init(
    _ arguments: [String], input: String = "", environment: [String: String] = [:],
    onOutput: (Process) -> Void
  ) throws {
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (standardInput, standardOutput, standardError) = (Pipe(), Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = standardError
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try standardInput.fileHandleForWriting.close()
    var output = Data()
    // What is written to standard error is a few lines, which its pipe holds.
    while true {
      let some = standardOutput.fileHandleForReading.availableData
      if some.isEmpty { break }
      output += some
      onOutput(process)
    }
    let errors = try standardError.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    self.output = output
    self.errors = String(decoding: errors, as: UTF8.self)
    status = process.terminationReason == .exit ? process.terminationStatus : -1
  }

  /// Runs `emend` with `arguments`, and kills it after so many seconds (SIGKILL), wherever it is then.
  static func kill(_ arguments: [String], afterSeconds seconds: Double) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    Thread.sleep(forTimeInterval: seconds)
    _ = Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Standard output as text.
  var text: String { String(decoding: output, as: UTF8.self) }

  /// Standard output as one JSON value.
  func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: output)
  }

  /// One line on standard error, `error: …`, and nothing on standard output.
  var isOneLineError: Bool {
    output.isEmpty && errors.hasPrefix("error: ") && errors.hasSuffix("\n")
      && errors.dropLast().allSatisfy { !$0.isNewline }
  }
}
