// What the checks need of the system beneath them, which Embedded Swift has none of.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// `byteCount` bytes, the last of which is followed by memory that must not be touched.
void *driver_allocate(size_t byteCount);
void driver_free(void *address, size_t byteCount);
/// A line of the report.
void driver_report(const unsigned char *set, const unsigned char *what, long comparisons, long failures, unsigned long digest);
/// One failure: where, and what was found.
void driver_failure(const unsigned char *set, const unsigned char *what, long place, double found, double wanted);
double driver_exp(double x);
double driver_tanh(double x);
double driver_sqrt(double x);
char *driver_environment(const char *name);
