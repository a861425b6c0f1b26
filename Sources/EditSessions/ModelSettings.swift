import LanguageModels
import TensorKernels

/// Which model is run, and how.
public struct ModelSettings: Sendable, Equatable {
  /// The model, a GGUF or packed file.
  public var path: String
  /// Threads that were asked for; nil for one for each physical core.
  public var threads: Int?
  /// Tokens the context holds, prompt and answer; nil for 2048, or fewer where the model was trained for
  /// fewer.
  public var contextLength: Int?
  /// `int8` rounds activations for speed; `f32` is exact.
  public var activations: ActivationPrecision
  /// How keys and values are stored; nil for f16, or f32 with exact activations.
  public var cacheType: CacheType?
  /// Bytes that may be taken; nil for what the machine has.
  public var memoryLimit: Int?

  /// Settings of the model at `path`; the defaults are those of `emend`.
  public init(
    path: String, threads: Int? = nil, contextLength: Int? = nil,
    activations: ActivationPrecision = .int8, cacheType: CacheType? = nil, memoryLimit: Int? = nil
  ) {
    self.path = path
    self.threads = threads
    self.contextLength = contextLength
    self.activations = activations
    self.cacheType = cacheType
    self.memoryLimit = memoryLimit
  }

  /// The number of threads, chosen or not: threads that take turns on a core wait for each other at
  /// every step of a model, so that there are never more than run at once.
  public var threadCount: Int {
    min(threads ?? ThreadPool.defaultThreadCount, ThreadPool.hardwareThreadCount)
  }

  /// The cache's type, chosen or implied.
  public var resolvedCacheType: CacheType { cacheType ?? (activations == .f32 ? .f32 : .f16) }
}
