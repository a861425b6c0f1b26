#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// e^x.
func exponential(_ x: Double) -> Double { exp(x) }
