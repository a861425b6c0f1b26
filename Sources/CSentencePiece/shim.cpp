#include "CSentencePiece.h"

#include <sentencepiece_processor.h>

#include <cstring>
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

struct spm_processor {
  sentencepiece::SentencePieceProcessor model;
};

namespace {

// Not a status of the library: an exception was stopped here.
constexpr int32_t kException = -1;

int32_t report(int32_t status, const char *text, char *message, size_t capacity) {
  if (capacity > 0) {
    const size_t length = strnlen(text, capacity - 1);
    memcpy(message, text, length);
    message[length] = 0;
  }
  return status;
}

template <typename Body>
int32_t guarded(char *message, size_t capacity, Body body) {
  try {
    const sentencepiece::util::Status status = body();
    if (status.ok()) return 0;
    return report(static_cast<int32_t>(status.code()), status.error_message(), message, capacity);
  } catch (const std::exception &error) {
    return report(kException, error.what(), message, capacity);
  } catch (...) {
    return report(kException, "an exception without a description", message, capacity);
  }
}

}  // namespace

int32_t spm_create(const void *model, size_t size, spm_processor **processor, char *message,
                   size_t capacity) {
  *processor = nullptr;
  return guarded(message, capacity, [&] {
    auto created = std::make_unique<spm_processor>();
    auto status = created->model.LoadFromSerializedProto(
        std::string_view(static_cast<const char *>(model), size));
    if (status.ok()) *processor = created.release();
    return status;
  });
}

void spm_destroy(spm_processor *processor) { delete processor; }

int32_t spm_encode(const spm_processor *processor, const void *text, size_t size, spm_sink sink,
                   void *context, char *message, size_t capacity) {
  return guarded(message, capacity, [&] {
    static_assert(sizeof(int) == sizeof(int32_t), "ids of the library are 32 bits wide");
    std::vector<int> ids;
    auto status = processor->model.Encode(
        std::string_view(static_cast<const char *>(text), size), &ids);
    if (status.ok()) sink(context, ids.data(), ids.size());
    return status;
  });
}
