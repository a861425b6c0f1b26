#ifndef CSENTENCEPIECE_H
#define CSENTENCEPIECE_H

// libsentencepiece as C. No exception crosses this border, no string needs a terminating zero, and
// there is no global state: one processor may encode on many threads at once.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spm_processor spm_processor;

/// Receives consecutive ids of one encoding; called on the calling thread, before `spm_encode` ends.
typedef void (*spm_sink)(void *context, const int32_t *ids, size_t count);

/// Loads a serialized ModelProto. Returns 0 and the processor, or a status other than 0 and in
/// `message` (of `capacity` bytes, always terminated) why not.
int32_t spm_create(const void *model, size_t size, spm_processor **processor, char *message,
                   size_t capacity);

void spm_destroy(spm_processor *processor);

/// Encodes UTF-8 `text` and hands the ids to `sink`. Returns 0, or a status and a message.
int32_t spm_encode(const spm_processor *processor, const void *text, size_t size, spm_sink sink,
                   void *context, char *message, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
