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

#if defined(__AVX512BW__)
/// Byte i of each 128-bit quarter is the one that byte i of `order` numbers (vpshufb).
// The bits of each 32-bit lane of `a`, `n` places up, the highest coming in below.
static inline __m512i emend_rotate_left_512(__m512i a, int n) { return _mm512_rolv_epi32(a, _mm512_set1_epi32(n)); }
static inline __m512i emend_shuffle_bytes_512(__m512i a, __m512i order) { return _mm512_shuffle_epi8(a, order); }
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
// Bytes of `a` at the places that the low four bits of `order` give, in each half.
static inline __m256i emend_shuffle_bytes_256(__m256i a, __m256i order) { return _mm256_shuffle_epi8(a, order); }
static inline __m256i emend_sign_s8_256(__m256i a, __m256i b) { return _mm256_sign_epi8(a, b); }
#endif

#if defined(__SSE__)
static inline void emend_prefetch(const void *p) { _mm_prefetch((const char *)p, _MM_HINT_T0); }
#endif
#else
static inline void emend_prefetch(const void *p) { __builtin_prefetch(p); }
#endif

// Operations on sixteen lanes that every compiler has a vector instruction for, where Swift's own are
// loops over the lanes. The types are SIMD16<Float>, SIMD16<Int32> and SIMD16<UInt8> in Swift.
typedef float emend_float16 __attribute__((ext_vector_type(16)));
typedef int emend_int16 __attribute__((ext_vector_type(16)));
typedef unsigned char emend_byte16 __attribute__((ext_vector_type(16)));
/// The square roots.
static inline emend_float16 emend_square_roots(emend_float16 x) { return __builtin_elementwise_sqrt(x); }
/// Bytes as integers.
static inline emend_int16 emend_widen_bytes(emend_byte16 x) { return __builtin_convertvector(x, emend_int16); }
/// The low bytes of integers.
static inline emend_byte16 emend_narrow_bytes(emend_int16 x) { return __builtin_convertvector(x, emend_byte16); }
/// Integers as floats.
static inline emend_float16 emend_to_floats(emend_int16 x) { return __builtin_convertvector(x, emend_float16); }
/// a where x >= y, b elsewhere.
static inline emend_float16 emend_where_at_least(emend_float16 x, emend_float16 y, emend_float16 a, emend_float16 b) {
  emend_int16 mask = x >= y;
  return (emend_float16)(((emend_int16)a & mask) | ((emend_int16)b & ~mask));
}
