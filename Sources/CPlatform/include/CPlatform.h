// What Swift has no words for: CPU features, the spin-wait hint, parking on an address, advice on
// memory; and Instructions.h, one-instruction wrappers for the kernels.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "Instructions.h"

/// What kernels ask of a CPU beyond its architecture, a bit each.
enum EmendFeature {
  EmendFeatureAVX2 = 1 << 0,         // x86-64-v3: AVX2, FMA, F16C
  EmendFeatureAVX512VNNI = 1 << 1,   // x86-64-v4 and VNNI
  EmendFeatureAVX512BF16 = 1 << 2,   // AVX512-BF16
  EmendFeatureDotProduct = 1 << 3,   // Arm: sdot (FEAT_DotProd)
  EmendFeatureInt8Matrix = 1 << 4,   // Arm: smmla (FEAT_I8MM)
  EmendFeatureBrainFloat = 1 << 5,   // Arm: bfdot (FEAT_BF16)
};

/// The features that this CPU and its operating system run, of those that its architecture can have.
uint32_t emend_processor_features(void);

/// Bytes by which a loop that goes through weights once, with little arithmetic, asks for them ahead: 8 KB, and 0 on
/// AMD's Zen 4, whose own prefetching was measured to be faster alone (docs/performance.md).
int emend_row_prefetch_distance(void);

/// Cores that do not share execution units with another one, of those this process may use.
int emend_physical_core_count(void);

/// Cores of the machine, whichever of them this process may use.
int emend_machine_core_count(void);

/// Logical processors that this process may use.
int emend_hardware_thread_count(void);

/// Sleeps until `*address` differs from `expected` or somebody wakes it; may return early.
void emend_park(uint32_t *address, uint32_t expected);

/// Wakes at most `count` of those parked on `address`.
void emend_wake(uint32_t *address, int count);

/// Nanoseconds of a clock that only goes forward.
int64_t emend_clock_nanoseconds(void);

/// A handle of the calling thread for `emend_processor_nanoseconds`, from any other thread, while it lives.
uint64_t emend_this_thread(void);

/// Nanoseconds for which a thread has been on a core; -1 where the system does not tell.
int64_t emend_processor_nanoseconds(uint64_t thread);

/// `byteCount` bytes of zeroed memory from the system, on large pages where it offers them and
/// `largePages` is true; NULL when there is none. Give it back with `emend_free_pages` and the same count.
void *emend_allocate_pages(size_t byteCount, bool largePages);
void emend_free_pages(void *address, size_t byteCount);

/// Lets the disk begin to write `byteCount` bytes of an open file from `offset` on, without waiting;
/// does nothing where the system has no call for it.
void emend_start_write_back(int descriptor, int64_t offset, int64_t byteCount);

/// Remembers a file that is mapped, for `emend_guard_files`; `path` is copied. Forgets it.
void emend_mapping_added(const void *base, size_t byteCount, const char *path);
void emend_mapping_removed(const void *base);

/// Remembers a file that is to be removed where the process has to end; forgets it.
void emend_temporary_added(const char *path);
void emend_temporary_removed(const char *path);

/// From now on a mapped file whose bytes are gone (SIGBUS) ends the process with exit code 1 and one line on
/// standard error in the place of a crash, temporary files removed; and a write past the limit on the size of
/// files fails with EFBIG in the place of SIGXFSZ. A fault anywhere else stays what it is.
void emend_guard_files(void);

/// Tells the processor that this thread waits for another one's store.
static inline void emend_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
