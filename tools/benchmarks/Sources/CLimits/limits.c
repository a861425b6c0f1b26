#include "CLimits.h"
#include <string.h>
#include <sys/mman.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// Keeps a chain's value in its register and the loop as it is written.
#if defined(__x86_64__)
#define KEEP(value) __asm__ volatile("" : "+v"(value))
#else
#define KEEP(value) __asm__ volatile("" : "+w"(value))
#endif

/// More than latency times instructions per cycle of any CPU of today.
#define CHAINS 12

#define EACH_CHAIN _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++)

// A vector of 16 bytes is what every architecture here has.
typedef float Float4 __attribute__((vector_size(16)));
typedef int32_t Int4 __attribute__((vector_size(16)));
typedef uint64_t Word2 __attribute__((vector_size(16)));

static uint64_t sum_portable(const char *p, size_t n) {
  Word2 a[4] = {{0}};
  for (size_t i = 0; i < n; i += 64)
    for (int j = 0; j < 4; j++) {
      Word2 v;
      memcpy(&v, p + i + 16 * j, 16);
      a[j] += v;
    }
  Word2 s = a[0] + a[1] + a[2] + a[3];
  return s[0] + s[1];
}

static float multiply_add_portable(long count) {
  Float4 a[CHAINS], x = {0.999f, 0.999f, 0.999f, 0.999f}, y = x * 1e-3f, s = {0};
  EACH_CHAIN a[i] = x * (float)i;
  for (long k = 0; k < count; k++) EACH_CHAIN {
    a[i] = a[i] * x + y;
    KEEP(a[i]);
  }
  EACH_CHAIN s += a[i];
  return s[0] + s[1] + s[2] + s[3];
}

static int32_t integer_dot_portable(long count) {
  Int4 a[CHAINS], x = {3, 5, 7, 9}, s = {0};
  EACH_CHAIN a[i] = x + i;
  for (long k = 0; k < count; k++) EACH_CHAIN {
    a[i] += a[i] * x;
    KEEP(a[i]);
  }
  EACH_CHAIN s += a[i];
  return s[0] + s[1] + s[2] + s[3];
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512vnni")))
#define BF16 __attribute__((target("avx512f,avx512bf16")))

AVX2 static uint64_t sum_avx2(const char *p, size_t n) {
  __m256i a[4] = {0};
  for (size_t i = 0; i < n; i += 128)
    for (int j = 0; j < 4; j++)
      a[j] = _mm256_add_epi64(a[j], _mm256_loadu_si256((const __m256i *)(p + i + 32 * j)));
  uint64_t s[4];
  _mm256_storeu_si256((__m256i *)s, _mm256_add_epi64(_mm256_add_epi64(a[0], a[1]), _mm256_add_epi64(a[2], a[3])));
  return s[0] + s[1] + s[2] + s[3];
}

AVX2 static float multiply_add_avx2(long count) {
  __m256 a[CHAINS], x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(1e-3f);
  EACH_CHAIN a[i] = _mm256_set1_ps((float)i);
  for (long k = 0; k < count; k++) EACH_CHAIN {
    a[i] = _mm256_fmadd_ps(a[i], x, y);
    KEEP(a[i]);
  }
  float s = 0;
  EACH_CHAIN s += _mm256_cvtss_f32(a[i]);
  return s;
}

AVX2 static int32_t integer_dot_avx2(long count) {
  __m256i a[CHAINS], x = _mm256_set1_epi32(0x01020304), y = _mm256_set1_epi32(0x05060708);
  EACH_CHAIN a[i] = _mm256_set1_epi32(i);
  for (long k = 0; k < count; k++) EACH_CHAIN {
    __m256i product = x;
    KEEP(product);
    a[i] = _mm256_add_epi16(a[i], _mm256_maddubs_epi16(product, y));
    KEEP(a[i]);
  }
  int32_t s = 0;
  EACH_CHAIN s += _mm_cvtsi128_si32(_mm256_castsi256_si128(a[i]));
  return s;
}

AVX512 static uint64_t sum_avx512(const char *p, size_t n) {
  __m512i a[4];
  for (int j = 0; j < 4; j++) a[j] = _mm512_setzero_si512();
  for (size_t i = 0; i < n; i += 256)
    for (int j = 0; j < 4; j++) a[j] = _mm512_add_epi64(a[j], _mm512_loadu_si512(p + i + 64 * j));
  return (uint64_t)_mm512_reduce_add_epi64(
      _mm512_add_epi64(_mm512_add_epi64(a[0], a[1]), _mm512_add_epi64(a[2], a[3])));
}

AVX512 static float multiply_add_avx512(long count) {
  __m512 a[CHAINS], x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(1e-3f);
  EACH_CHAIN a[i] = _mm512_set1_ps((float)i);
  for (long k = 0; k < count; k++) EACH_CHAIN {
    a[i] = _mm512_fmadd_ps(a[i], x, y);
    KEEP(a[i]);
  }
  float s = 0;
  EACH_CHAIN s += _mm512_cvtss_f32(a[i]);
  return s;
}

AVX512 static int32_t integer_dot_avx512(long count) {
  __m512i a[CHAINS], x = _mm512_set1_epi32(0x01020304), y = _mm512_set1_epi32(0x05060708);
  EACH_CHAIN a[i] = _mm512_set1_epi32(i);
  for (long k = 0; k < count; k++) EACH_CHAIN {
    a[i] = _mm512_dpbusd_epi32(a[i], x, y);
    KEEP(a[i]);
  }
  int32_t s = 0;
  EACH_CHAIN s += _mm512_cvtsi512_si32(a[i]);
  return s;
}

BF16 static float brain_dot(long count) {
  __m512 a[CHAINS];
  __m512i x = _mm512_set1_epi32(0x3F803F80);
  EACH_CHAIN a[i] = _mm512_set1_ps((float)i);
  for (long k = 0; k < count; k++) EACH_CHAIN {
    a[i] = _mm512_dpbf16_ps(a[i], (__m512bh)x, (__m512bh)x);
    KEEP(a[i]);
  }
  float s = 0;
  EACH_CHAIN s += _mm512_cvtss_f32(a[i]);
  return s;
}
#endif

/// Lanes of 32 bits in a vector of these instructions.
static long lanes(int instructions) {
  return instructions >= LimitsAVX512 ? 16 : instructions == LimitsAVX2 ? 8 : 4;
}

uint64_t limits_sum(int instructions, const void *address, size_t byteCount) {
#if defined(__x86_64__)
  if (instructions >= LimitsAVX512) return sum_avx512(address, byteCount);
  if (instructions == LimitsAVX2) return sum_avx2(address, byteCount);
#endif
  return sum_portable(address, byteCount);
}

float limits_multiply_add(int instructions, long count) {
#if defined(__x86_64__)
  if (instructions >= LimitsAVX512) return multiply_add_avx512(count);
  if (instructions == LimitsAVX2) return multiply_add_avx2(count);
#endif
  return multiply_add_portable(count);
}

int32_t limits_integer_dot(int instructions, long count) {
#if defined(__x86_64__)
  if (instructions >= LimitsAVX512) return integer_dot_avx512(count);
  if (instructions == LimitsAVX2) return integer_dot_avx2(count);
#endif
  return integer_dot_portable(count);
}

float limits_brain_dot(int instructions, long count) {
#if defined(__x86_64__)
  if (instructions == LimitsAVX512BF16) return brain_dot(count);
#endif
  return 0;
}

long limits_multiply_add_operations(int instructions) { return CHAINS * lanes(instructions) * 2; }

long limits_integer_dot_operations(int instructions) {
  // Four products to a lane, or one where there is no instruction for it.
  return CHAINS * lanes(instructions) * 2 * (instructions == LimitsPortable ? 1 : 4);
}

long limits_brain_dot_operations(int instructions) {
  return instructions == LimitsAVX512BF16 ? CHAINS * 16 * 4 : 0;
}

void *limits_allocate(size_t byteCount) {
  void *address =
      mmap(NULL, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) return NULL;
#if defined(__linux__)
  madvise(address, byteCount, MADV_HUGEPAGE);
#endif
  memset(address, 1, byteCount);
  return address;
}

void limits_free(void *address, size_t byteCount) { munmap(address, byteCount); }
