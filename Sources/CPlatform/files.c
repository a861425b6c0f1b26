// Faults of files that are mapped or written: what a signal handler may do is little, so it is C.
#define _GNU_SOURCE
#include "CPlatform.h"
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { most_paths = 256, path_bytes = 1024 };

/// A path and what it is kept for. `key` is 0 where the place is free and 1 while it is being filled.
struct place {
  atomic_uintptr_t key;
  size_t byteCount;
  char path[path_bytes];
};
static struct place mappings[most_paths];
static struct place temporaries[most_paths];

/// Takes a free place; where there is none, the file is not remembered, and only its name is lost.
static struct place *claim(struct place *places) {
  for (int i = 0; i < most_paths; i++) {
    uintptr_t free_key = 0;
    if (atomic_compare_exchange_strong(&places[i].key, &free_key, 1)) return &places[i];
  }
  return NULL;
}

static void fill(struct place *place, const char *path, size_t byteCount, uintptr_t key) {
  size_t length = strlen(path);
  if (length >= path_bytes) length = path_bytes - 1;
  memcpy(place->path, path, length);
  place->path[length] = 0;
  place->byteCount = byteCount;
  atomic_store(&place->key, key);
}

void emend_mapping_added(const void *base, size_t byteCount, const char *path) {
  struct place *place = claim(mappings);
  if (place) fill(place, path, byteCount, (uintptr_t)base);
}

void emend_mapping_removed(const void *base) {
  for (int i = 0; i < most_paths; i++) {
    uintptr_t key = (uintptr_t)base;
    if (atomic_compare_exchange_strong(&mappings[i].key, &key, 0)) return;
  }
}

void emend_temporary_added(const char *path) {
  // A path that was cut would be another file's.
  if (strlen(path) >= path_bytes) return;
  struct place *place = claim(temporaries);
  if (place) fill(place, path, 0, 2);
}

void emend_temporary_removed(const char *path) {
  for (int i = 0; i < most_paths; i++)
    if (atomic_load(&temporaries[i].key) == 2 && !strcmp(temporaries[i].path, path)) {
      atomic_store(&temporaries[i].key, 0);
      return;
    }
}

static void say(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t count = write(STDERR_FILENO, text, left);
    if (count <= 0) return;
    text += count;
    left -= (size_t)count;
  }
}

/// SIGBUS. Only calls that are safe in a handler.
static void lost_bytes(int number, siginfo_t *info, void *context) {
  (void)context;
  uintptr_t address = (uintptr_t)info->si_addr;
  for (int i = 0; i < most_paths; i++) {
    uintptr_t base = atomic_load(&mappings[i].key);
    // The last page of a mapping is whole.
    if (base <= 1 || address < base || address - base >= mappings[i].byteCount + 65536) continue;
    struct stat status;
    int is_shorter = stat(mappings[i].path, &status) || (size_t)status.st_size < mappings[i].byteCount;
    say("error: ");
    say(mappings[i].path);
    say(is_shorter ? ": it became shorter while it was being read; start again when nothing writes to it any more\n"
                   : ": the disk could not give the bytes of it that are needed; copy it to another disk\n");
    for (int t = 0; t < most_paths; t++)
      if (atomic_load(&temporaries[t].key) == 2) unlink(temporaries[t].path);
    _exit(1);
  }
  signal(number, SIG_DFL);
}

void emend_guard_files(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = lost_bytes;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, NULL);
  signal(SIGXFSZ, SIG_IGN);
}
