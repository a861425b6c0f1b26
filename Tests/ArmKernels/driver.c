// Runs the kernel checks with the instruction set that this CPU is given.
#include "Driver.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/// In Swift: checks everything, returns the number of failures.
long run_checks(void);

void *driver_allocate(size_t byteCount) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (byteCount + page - 1) / page * page;
  char *base = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED || mprotect(base + size, page, PROT_NONE) != 0) {
    fprintf(stderr, "error: no memory for %zu bytes\n", byteCount);
    exit(1);
  }
  return base + (size - byteCount);
}

void driver_free(void *address, size_t byteCount) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (byteCount + page - 1) / page * page;
  munmap((char *)address + byteCount - size, size + page);
}

void driver_report(const unsigned char *set, const unsigned char *what, long comparisons, long failures,
                   unsigned long digest) {
  printf("%s %s: %ld comparisons, %ld failed, digest %016lx\n", set, what, comparisons, failures, digest);
  fflush(stdout);
}

void driver_failure(const unsigned char *set, const unsigned char *what, long place, double found, double wanted) {
  fprintf(stderr, "%s %s: %.9g at %ld, wanted %.9g\n", set, what, found, place, wanted);
}

char *driver_environment(const char *name) { return getenv(name); }
double driver_exp(double x) { return exp(x); }
double driver_tanh(double x) { return tanh(x); }
double driver_sqrt(double x) { return sqrt(x); }

// What the Swift standard library wants, and older C libraries do not have.
void arc4random_buf(void *address, size_t count) { memset(address, 7, count); }

int main(void) { return run_checks() == 0 ? 0 : 1; }
