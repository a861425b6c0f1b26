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
/// a, of which the compiler does not know how it was made: it joins shifts of two vectors into permutations and shifts
/// by vectors, which are slower (no instruction).
static inline __m256i emend_opaque_256(__m256i a) {
  __asm__("" : "+x"(a));
  return a;
}
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

#if defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>

// One register, as Swift's SIMD4<Int32>, SIMD4<Float>, SIMD16<Int8> and SIMD16<UInt8>.
typedef int emend_int4 __attribute__((ext_vector_type(4)));
typedef float emend_float4 __attribute__((ext_vector_type(4)));
typedef signed char emend_char16 __attribute__((ext_vector_type(16)));
typedef unsigned char emend_uchar16 __attribute__((ext_vector_type(16)));

/// acc + sums of four products i8 x i8 in each 32-bit lane, of `b` the four in word 0, 1, 2 or 3 (sdot).
static inline emend_int4 emend_dot_word0(emend_int4 acc, emend_char16 a, emend_char16 b) {
  return (emend_int4)vdotq_laneq_s32((int32x4_t)acc, (int8x16_t)a, (int8x16_t)b, 0);
}
static inline emend_int4 emend_dot_word1(emend_int4 acc, emend_char16 a, emend_char16 b) {
  return (emend_int4)vdotq_laneq_s32((int32x4_t)acc, (int8x16_t)a, (int8x16_t)b, 1);
}
static inline emend_int4 emend_dot_word2(emend_int4 acc, emend_char16 a, emend_char16 b) {
  return (emend_int4)vdotq_laneq_s32((int32x4_t)acc, (int8x16_t)a, (int8x16_t)b, 2);
}
static inline emend_int4 emend_dot_word3(emend_int4 acc, emend_char16 a, emend_char16 b) {
  return (emend_int4)vdotq_laneq_s32((int32x4_t)acc, (int8x16_t)a, (int8x16_t)b, 3);
}
/// Sixteen bytes from memory, each time anew (ldr): what an accumulator starts with. A copy from another register
/// takes a place among the arithmetic, which is what the loops are bound by.
static inline emend_int4 emend_load_anew(const void *p) {
  emend_int4 value;
  __asm__ volatile("ldr %q0, %1" : "=w"(value) : "Q"(*(const emend_int4 *)p));
  return value;
}
/// No instruction: what is loaded anew after this is loaded when `x` is there, not before. The compiler would begin
/// everything at once and keep what it has no registers for in memory.
static inline emend_float4 emend_then(emend_float4 x) {
  __asm__ volatile("" : "+w"(x));
  return x;
}
/// The bytes of `table` that the bytes of `numbers` number, 0 to 15 (tbl).
static inline emend_uchar16 emend_look_up(emend_uchar16 table, emend_uchar16 numbers) {
  return (emend_uchar16)vqtbl1q_u8((uint8x16_t)table, (uint8x16_t)numbers);
}
#endif

#if defined(__ARM_FEATURE_MATMUL_INT8)
/// acc + the products of two rows of eight bytes in `a` with two in `b`: lane 2i + j of row i with row j (smmla).
static inline emend_int4 emend_multiply_rows(emend_int4 acc, emend_char16 a, emend_char16 b) {
  return (emend_int4)vmmlaq_s32((int32x4_t)acc, (int8x16_t)a, (int8x16_t)b);
}
#endif

#if defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
/// acc + sums of two products bf16 x bf16 in each 32-bit lane, of `b` the two in word 0, 1, 2 or 3 (bfdot).
static inline emend_float4 emend_dot_bf16_word0(emend_float4 acc, emend_int4 a, emend_int4 b) {
  return (emend_float4)vbfdotq_laneq_f32((float32x4_t)acc, (bfloat16x8_t)a, (bfloat16x8_t)b, 0);
}
static inline emend_float4 emend_dot_bf16_word1(emend_float4 acc, emend_int4 a, emend_int4 b) {
  return (emend_float4)vbfdotq_laneq_f32((float32x4_t)acc, (bfloat16x8_t)a, (bfloat16x8_t)b, 1);
}
static inline emend_float4 emend_dot_bf16_word2(emend_float4 acc, emend_int4 a, emend_int4 b) {
  return (emend_float4)vbfdotq_laneq_f32((float32x4_t)acc, (bfloat16x8_t)a, (bfloat16x8_t)b, 2);
}
static inline emend_float4 emend_dot_bf16_word3(emend_float4 acc, emend_int4 a, emend_int4 b) {
  return (emend_float4)vbfdotq_laneq_f32((float32x4_t)acc, (bfloat16x8_t)a, (bfloat16x8_t)b, 3);
}
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
