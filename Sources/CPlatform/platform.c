// The one file with calls that differ between operating systems.
#define _GNU_SOURCE
#include "CPlatform.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#elif defined(__APPLE__)
#include <mach/mach.h>
#include <sys/sysctl.h>
// The system's address wait, the same one its C++ library uses.
extern int __ulock_wait(uint32_t operation, void *address, uint64_t value, uint32_t timeout);
extern int __ulock_wake(uint32_t operation, void *address, uint64_t value);
#endif

#if defined(__aarch64__) && defined(__APPLE__)
static bool has_feature(const char *name) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, NULL, 0) == 0 && value != 0;
}
#endif

uint32_t emend_processor_features(void) {
  uint32_t features = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v3")) features |= EmendFeatureAVX2;
  if (__builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni"))
    features |= EmendFeatureAVX512VNNI;
  if (__builtin_cpu_supports("avx512bf16")) features |= EmendFeatureAVX512BF16;
#elif defined(__aarch64__) && defined(__linux__)
  // The kernel's numbers (asm/hwcap.h), which older headers do not have.
  unsigned long first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);
  if (first & (1ul << 20)) features |= EmendFeatureDotProduct;    // HWCAP_ASIMDDP
  if (second & (1ul << 13)) features |= EmendFeatureInt8Matrix;   // HWCAP2_I8MM
  if (second & (1ul << 14)) features |= EmendFeatureBrainFloat;   // HWCAP2_BF16
#elif defined(__aarch64__) && defined(__APPLE__)
  if (has_feature("hw.optional.arm.FEAT_DotProd")) features |= EmendFeatureDotProduct;
  if (has_feature("hw.optional.arm.FEAT_I8MM")) features |= EmendFeatureInt8Matrix;
  if (has_feature("hw.optional.arm.FEAT_BF16")) features |= EmendFeatureBrainFloat;
#endif
  return features;
}

int emend_row_prefetch_distance(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_is("znver4")) return 0;
#endif
  return 8192;
}

#if defined(__linux__)
/// Lowest-numbered sibling of a logical CPU, or the CPU itself where the kernel does not say.
static int first_sibling(int cpu) {
  char path[128];
  snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
  FILE *file = fopen(path, "r");
  int first = cpu;
  if (file) {
    if (fscanf(file, "%d", &first) != 1) first = cpu;
    fclose(file);
  }
  return first;
}
#endif

int emend_physical_core_count(void) {
#if defined(__linux__)
  cpu_set_t allowed, cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
      int core = CPU_ISSET(cpu, &allowed) ? first_sibling(cpu) : -1;
      if (core >= 0 && core < CPU_SETSIZE) CPU_SET(core, &cores);
    }
    int count = CPU_COUNT(&cores);
    if (count > 0) return count;
  }
#elif defined(__APPLE__)
  int count = 0;
  size_t size = sizeof count;
  // Performance cores alone: a static split of rows waits for the slowest core.
  if (sysctlbyname("hw.perflevel0.physicalcpu", &count, &size, NULL, 0) == 0 && count > 0)
    return count;
  size = sizeof count;
  if (sysctlbyname("hw.physicalcpu", &count, &size, NULL, 0) == 0 && count > 0) return count;
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

int emend_machine_core_count(void) {
#if defined(__linux__)
  cpu_set_t cores;
  CPU_ZERO(&cores);
  long configured = sysconf(_SC_NPROCESSORS_CONF);
  for (int cpu = 0; cpu < configured && cpu < CPU_SETSIZE; cpu++) {
    int core = first_sibling(cpu);
    if (core >= 0 && core < CPU_SETSIZE) CPU_SET(core, &cores);
  }
  int count = CPU_COUNT(&cores);
  if (count > 0) return count;
#endif
  return emend_physical_core_count();
}

int emend_hardware_thread_count(void) {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
    return CPU_COUNT(&allowed);
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

void emend_park(uint32_t *address, uint32_t expected) {
#if defined(__linux__)
  syscall(SYS_futex, address, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
#elif defined(__APPLE__)
  __ulock_wait(1, address, expected, 0);
#else
  usleep(50);
#endif
}

void emend_wake(uint32_t *address, int count) {
#if defined(__linux__)
  syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
#elif defined(__APPLE__)
  for (int i = 0; i < count; i++)
    if (__ulock_wake(1, address, 0) < 0) break;  // nobody is left
#endif
}

int64_t emend_clock_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t emend_this_thread(void) {
#if defined(__linux__)
  clockid_t clock;
  return pthread_getcpuclockid(pthread_self(), &clock) == 0 ? (uint32_t)clock : 0;
#elif defined(__APPLE__)
  return pthread_mach_thread_np(pthread_self());
#else
  return 0;
#endif
}

int64_t emend_processor_nanoseconds(uint64_t thread) {
#if defined(__linux__)
  struct timespec used;
  if (thread != 0 && clock_gettime((clockid_t)(uint32_t)thread, &used) == 0)
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
#elif defined(__APPLE__)
  thread_basic_info_data_t info;
  mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;
  if (thread_info((thread_act_t)thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count) == KERN_SUCCESS)
    return ((int64_t)info.user_time.seconds + info.system_time.seconds) * 1000000000 +
           ((int64_t)info.user_time.microseconds + info.system_time.microseconds) * 1000;
#else
  (void)thread;
#endif
  return -1;
}

void *emend_allocate_pages(size_t byteCount, bool largePages) {
  void *address =
      mmap(NULL, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) return NULL;
#if defined(__linux__)
  madvise(address, byteCount, largePages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
  (void)largePages;
#endif
  return address;
}

void emend_free_pages(void *address, size_t byteCount) { munmap(address, byteCount); }

void emend_start_write_back(int descriptor, int64_t offset, int64_t byteCount) {
#if defined(__linux__)
  // Nothing depends on it: fsync comes later and reports what went wrong.
  (void)sync_file_range(descriptor, offset, byteCount, SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor, (void)offset, (void)byteCount;
#endif
}
