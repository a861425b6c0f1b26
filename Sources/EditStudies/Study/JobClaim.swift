import EditorTraining
import Foundation

/// A process's claim to a folder of a study, so that several can work on it. On this machine it goes with the process;
/// that of a process elsewhere is taken to be dead when it was not renewed for ten minutes.
final class JobClaim {
  private static let patience: TimeInterval = 600
  private static let renewal: TimeInterval = 30
  private let lock: FolderLock
  private let path: String
  private var renewed = Date()

  /// Claims `folder`, which is there, by a file of that name; nil where somebody else has it. Throws what keeps the file
  /// from being made.
  init?(_ folder: String, name: String = "claim") throws {
    guard let lock = try Self.lock(folder, name) else { return nil }
    self.lock = lock
    path = "\(folder)/\(name)"
  }

  private static func lock(_ folder: String, _ name: String) throws -> FolderLock? {
    let first = attempt(folder, name)
    guard case .failure(.folderInUseElsewhere(_, _, let file)) = first else {
      return try lock(first)
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    let age = (attributes?[.modificationDate] as? Date).map { -$0.timeIntervalSinceNow }
    guard let age, age > patience else { return nil }
    try? FileManager.default.removeItem(atPath: file)
    return try lock(attempt(folder, name))
  }

  private static func attempt(
    _ folder: String, _ name: String
  ) -> Result<FolderLock, EditorTrainingError> {
    Result { () throws(EditorTrainingError) -> FolderLock in
      try FolderLock(folder: folder, name: name)
    }
  }

  /// Nil where somebody has it.
  private static func lock(
    _ result: Result<FolderLock, EditorTrainingError>
  ) throws -> FolderLock? {
    switch result {
    case .success(let lock): return lock
    case .failure(.folderInUse): return nil
    case .failure(let error): throw error
    }
  }

  /// Says that its owner is alive.
  func renew() {
    guard -renewed.timeIntervalSinceNow > Self.renewal else { return }
    renewed = Date()
    try? FileManager.default.setAttributes([.modificationDate: renewed], ofItemAtPath: path)
  }

  /// Waits for the claim, a minute at most. Throws `claimed`.
  static func waited(_ folder: String, name: String) throws -> JobClaim {
    for _ in 0..<1200 {
      if let claim = try JobClaim(folder, name: name) { return claim }
      Thread.sleep(forTimeInterval: 0.05)
    }
    throw StudyError.claimed(path: "\(folder)/\(name)", by: "another process")
  }
}
