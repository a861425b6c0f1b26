// The few functions of MPI that ranks of a training need, for Swift, which cannot import mpi.h: its constants are
// macros over casts. Built empty without the package's trait MPI. All of them are called by one thread.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A message under way, whatever the MPI at hand has in an MPI_Request.
typedef struct {
  uint64_t bits;
} emend_mpi_request;

/// Becomes one of the ranks that mpirun began: its number, and how many there are. 0, or a number for
/// `emend_mpi_describe`, as with all that follow.
int emend_mpi_begin(int *rank, int *count);

/// Leaves; waits for all others to do so too.
int emend_mpi_end(void);

/// Ends all ranks with an exit code. Does not return.
void emend_mpi_abort(int code);

/// Begins to send bytes, which stay as they are until `emend_mpi_test` says that it is done.
int emend_mpi_send(const void *bytes, int count, int to, int tag, emend_mpi_request *request);

/// Begins to receive exactly so many bytes.
int emend_mpi_receive(void *bytes, int count, int from, int tag, emend_mpi_request *request);

/// Whether a message is done. Messages move while this is called.
int emend_mpi_test(emend_mpi_request *request, int *is_done);

/// Writes what an error number means into `text`, ended by 0.
void emend_mpi_describe(int error, char *text, int capacity);

/// Writes the name of this rank's machine into `text`, ended by 0.
void emend_mpi_host(char *text, int capacity);

/// Writes the MPI's name and version into `text`, ended by 0.
void emend_mpi_version(char *text, int capacity);

#ifdef __cplusplus
}
#endif
