import TensorKernels

/// Thread counts that tests run with: alone, even and odd.
public enum Pools {
  /// One thread.
  public static let one = ThreadPool(threads: 1)
  /// One, two and three.
  public static let all = [one, ThreadPool(threads: 2), ThreadPool(threads: 3)]
}

extension InstructionSet {
  /// Those that this machine can test.
  public static let available = allCases.filter(\.isAvailable)
}
