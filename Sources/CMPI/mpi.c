#include "CMPI.h"

#ifdef EMEND_MPI

#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(MPI_Request) <= sizeof(emend_mpi_request), "a request fits into its place");

static MPI_Request unpack(const emend_mpi_request *from) {
  MPI_Request request;
  memcpy(&request, &from->bits, sizeof request);
  return request;
}

static void pack(MPI_Request request, emend_mpi_request *to) {
  to->bits = 0;
  memcpy(&to->bits, &request, sizeof request);
}

int emend_mpi_begin(int *rank, int *count) {
  // Open MPI takes over the signals of memory faults; Emend has its own message for a mapped file that shrinks.
  int signals[] = {SIGBUS, SIGSEGV, SIGFPE, SIGABRT};
  struct sigaction actions[4];
  for (int i = 0; i < 4; i++) sigaction(signals[i], NULL, &actions[i]);
  int provided = 0;
  int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  for (int i = 0; i < 4; i++) sigaction(signals[i], &actions[i], NULL);
  if (error != MPI_SUCCESS) return error;
  if (provided < MPI_THREAD_FUNNELED) return MPI_ERR_UNSUPPORTED_OPERATION;
  error = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (error == MPI_SUCCESS) error = MPI_Comm_rank(MPI_COMM_WORLD, rank);
  if (error == MPI_SUCCESS) error = MPI_Comm_size(MPI_COMM_WORLD, count);
  return error;
}

int emend_mpi_end(void) { return MPI_Finalize(); }

void emend_mpi_abort(int code) {
  MPI_Abort(MPI_COMM_WORLD, code);
  _Exit(code);
}

int emend_mpi_send(const void *bytes, int count, int to, int tag, emend_mpi_request *request) {
  MPI_Request begun = MPI_REQUEST_NULL;
  int error = MPI_Isend(bytes, count, MPI_BYTE, to, tag, MPI_COMM_WORLD, &begun);
  pack(begun, request);
  return error;
}

int emend_mpi_receive(void *bytes, int count, int from, int tag, emend_mpi_request *request) {
  MPI_Request begun = MPI_REQUEST_NULL;
  int error = MPI_Irecv(bytes, count, MPI_BYTE, from, tag, MPI_COMM_WORLD, &begun);
  pack(begun, request);
  return error;
}

int emend_mpi_test(emend_mpi_request *request, int *is_done) {
  MPI_Request begun = unpack(request);
  int error = MPI_Test(&begun, is_done, MPI_STATUS_IGNORE);
  pack(begun, request);
  return error;
}

void emend_mpi_describe(int error, char *text, int capacity) {
  char whole[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(error, whole, &length);
  snprintf(text, (size_t)capacity, "%s", whole);
}

void emend_mpi_host(char *text, int capacity) {
  char whole[MPI_MAX_PROCESSOR_NAME] = "";
  int length = 0;
  MPI_Get_processor_name(whole, &length);
  snprintf(text, (size_t)capacity, "%s", whole);
}

void emend_mpi_version(char *text, int capacity) {
  char whole[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_Get_library_version(whole, &length);
  snprintf(text, (size_t)capacity, "%s", whole);
}

#endif
