import Foundation
import MessagePassing
import ModelFiles

/// What the ranks of a study have in common: a folder, and that all stop where one is told to.
extension StudyRun {
  /// Runs `work` on each of the ranks, which gives it whether to stop. Throws `interrupted` on all where it does on one,
  /// `folderNotShared`, `CommunicationError`, and what `work` throws.
  func share(
    _ ranks: Communicator, _ isStopRequested: @escaping () -> Bool,
    _ work: (_ isStopRequested: @escaping () -> Bool) throws -> Void
  ) throws {
    try checkFolder(ranks)
    let notice = StopNotice(ranks)
    var isStopped = false
    do { try work { notice.isHeard || isStopRequested() } } catch StudyError.interrupted {
      isStopped = true
    }
    guard try !notice.end(stopped: isStopped) else {
      throw StudyError.interrupted(work: "studying")
    }
  }

  /// Sees that what the first rank writes is there for all.
  private func checkFolder(_ ranks: Communicator) throws {
    let path = configuration.output + "/ranks"
    let token = try ranks.gather(ranks.isFirst ? UUID().uuidString : "")[0]
    try ranks.agreeing {
      guard ranks.isFirst else { return }
      try FileManager.default.createDirectory(
        atPath: configuration.output, withIntermediateDirectories: true)
      try TextFile.write(token, to: path)
    }
    var isSeen = false
    // Network file systems keep what they know of a folder for some seconds.
    for _ in 0..<100 where !isSeen {
      isSeen = FileManager.default.contents(atPath: path).map { $0 == Data(token.utf8) } ?? false
      if !isSeen { Thread.sleep(forTimeInterval: 0.1) }
    }
    let hosts = try ranks.gather(ranks.host)
    let blind = try ranks.gather([isSeen ? 1 : 0]).firstIndex { $0[0] == 0 }
    if ranks.isFirst { try? FileManager.default.removeItem(atPath: path) }
    if let blind {
      throw StudyError.folderNotShared(
        path: configuration.output, rank: blind, host: hosts[blind])
    }
  }
}
