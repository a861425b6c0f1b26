// One instruction each: what Swift's SIMD types cannot spell. Tiles, loops and dequantization are
// Swift; nothing else belongs here. A function exists only where the importing target is compiled
// for its instruction set.
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__AVX512VNNI__)
/// acc + sums of four products u8 x i8 in each 32-bit lane (vpdpbusd).
static inline __m512i emend_dot_u8s8_512(__m512i acc, __m512i u, __m512i s) {
  return _mm512_dpbusd_epi32(acc, u, s);
}
#endif

#if defined(__AVX512BF16__)
/// acc + sums of two products bf16 x bf16 in each 32-bit lane (vdpbf16ps).
static inline __m512 emend_dot_bf16_512(__m512 acc, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(acc, (__m512bh)a, (__m512bh)b);
}
#endif

#if defined(__AVX2__)
/// Pairs of products u8 x i8 added with saturation to 16 bits (vpmaddubsw).
static inline __m256i emend_madd_u8s8_256(__m256i u, __m256i s) { return _mm256_maddubs_epi16(u, s); }
/// Pairs of products i16 x i16 added to 32 bits (vpmaddwd).
static inline __m256i emend_madd_s16_256(__m256i a, __m256i b) { return _mm256_madd_epi16(a, b); }
/// a, -a or 0 by the sign of b, bytewise (vpsignb).
static inline __m256i emend_sign_s8_256(__m256i a, __m256i b) { return _mm256_sign_epi8(a, b); }
#endif

#if defined(__SSE__)
static inline void emend_prefetch(const void *p) { _mm_prefetch((const char *)p, _MM_HINT_T0); }
#endif
#else
static inline void emend_prefetch(const void *p) { __builtin_prefetch(p); }
#endif

/// Sixteen lanes: SIMD16<Float> in Swift.
typedef float emend_float16 __attribute__((ext_vector_type(16)));
/// The square roots (sqrtps and its like): Swift's own is a scalar one with a branch for each lane.
static inline emend_float16 emend_square_roots(emend_float16 x) { return __builtin_elementwise_sqrt(x); }
