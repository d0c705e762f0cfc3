// One file is one model: safetensors, with the configuration in its metadata.
//
//   u64 header length | JSON header | tensor data (row-major, little-endian, no holes)
//   weights in F32, BF16 or I8 (stored_tensors.h); assets in U8 (assets.h)
//   __metadata__: sequent.format = "1", sequent.config (ModelConfig as JSON), sequent.crc32c (of
//   the data section, 8 hex digits), sequent.training (JSON for people).
//
// The reader is strict: safetensors' own rules (header length, no holes or overlaps, shape x dtype
// = bytes, no duplicate keys), then the checksum, then the tensor table. Every refusal is
// INVALID_ARGUMENT or DATA_LOSS and says which part or tensor and why; no input crashes it or makes
// it allocate more than a small multiple of the file's size. Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_MODEL_FILE_H_
#define SEQUENT_CORE_MODEL_MODEL_FILE_H_

#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/model/tensor.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

struct ModelContents {
  v1::ModelConfig config;
  TensorMap tensors;
  std::string training;  // sequent.training as stored; may be empty
  std::string
      fingerprint;  // SHA-256 of the stored config string and the data section; set by readers
};

StatusOr<ModelContents> ParseModelFile(std::string_view bytes);
StatusOr<ModelContents> ReadModelFile(const std::string& path);

// The bytes of the file; fails if the config or tensors are not valid. The same contents give the
// same bytes.
StatusOr<std::string> SerializeModel(const ModelContents& contents);
// Atomic: a half-written file is never seen.
Status WriteModelFile(const std::string& path, const ModelContents& contents);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_MODEL_FILE_H_
