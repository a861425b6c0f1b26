// What the hardware gives at most, measured: bandwidth by summing memory, arithmetic by chains of
// instructions that touch none. A kernel is judged against these, in the same run.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The instructions a limit is measured with, in rising order.
enum LimitsInstructions {
  LimitsPortable = 0,
  LimitsAVX2 = 1,
  LimitsAVX512 = 2,
  LimitsAVX512BF16 = 3,
};

/// Sums `byteCount` bytes (a multiple of 256) at `address` as 64-bit words.
uint64_t limits_sum(int instructions, const void *address, size_t byteCount);

/// Twelve chains of `count` steps each, on one thread. A step adds to every lane of 32 bits, in each
/// chain, one product of floats; four products u8 x i8 (AVX2: in sums of 16 bits; portable: one
/// product of integers); or two products bf16. The result is of no use, but keeps the compiler from
/// leaving the work out.
float limits_multiply_add(int instructions, long count);
int32_t limits_integer_dot(int instructions, long count);
float limits_brain_dot(int instructions, long count);

/// Additions and multiplications in one step of all chains; 0 where there is no such instruction.
long limits_multiply_add_operations(int instructions);
long limits_integer_dot_operations(int instructions);
long limits_brain_dot_operations(int instructions);

/// Memory on large pages where the system offers them, written once; NULL when there is none. Give it
/// back with `limits_free` and the same count.
void *limits_allocate(size_t byteCount);
void limits_free(void *address, size_t byteCount);
