import Foundation
import KernelInterface
import ModelFiles
import TensorKernels
import TestSupport

/// Thread pools that the tests share; runs of one pool queue up.
enum Pools {
  static let one = ThreadPool(threads: 1)
  static let all = [one, ThreadPool(threads: 2), ThreadPool(threads: 3)]
}

extension InstructionSet {
  /// Those that this machine can test.
  static let available = allCases.filter(\.isAvailable)
}

/// Half the distance from 1 to the next Float: the relative error of one rounding.
let unit = 0x1p-24

func bitPatterns(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }

/// A number of the normal distribution (Box and Muller).
func normal(_ random: inout SplitMix64) -> Float {
  let radius = (-2 * log(Double.random(in: 0x1p-53..<1, using: &random))).squareRoot()
  return Float(radius * cos(2 * .pi * .random(in: 0..<1, using: &random)))
}

/// The tensors of a file of Tests/Fixtures, all F32.
struct TensorFixture {
  private let file: SafetensorsFile

  init(_ name: String) throws { file = try SafetensorsFile(path: OutsideFiles.fixture(name).path) }

  func values(_ name: String) throws -> [Float] {
    try file.tensors.floats(of: file.tensors.tensor(named: name))
  }
}

/// Calls `body` with the path of a new folder, which is removed afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID())").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}
