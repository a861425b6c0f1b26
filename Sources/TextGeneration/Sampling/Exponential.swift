#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// e^x in single precision: the logits are no more precise than that.
@inline(__always) func exponential(_ x: Float) -> Float { expf(x) }

/// ln x in single precision.
@inline(__always) func logarithm(_ x: Float) -> Float { logf(x) }
