// The container of a model file, without its meaning: safetensors, read strictly.
//
//   u64 little-endian header length | JSON header, padded with spaces | data
//   header: {"__metadata__": {string: string}, "<tensor>": {"dtype", "shape", "data_offsets"}, ...}
//
// Format: https://huggingface.co/docs/safetensors. Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_SAFETENSORS_H_
#define SEQUENT_CORE_MODEL_SAFETENSORS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace sequent {

struct StoredTensor {
  std::string name;
  std::string dtype;  // "F32"
  std::vector<size_t> shape;
  size_t begin = 0, end = 0;  // bytes within the data section
};

struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::vector<StoredTensor> tensors;  // in the order of their data
  std::string_view data;              // the data section; the caller's bytes
};

// Holds on success: tensors follow each other without holes or overlaps and cover the data exactly,
// shape x dtype = bytes, no key occurs twice. INVALID_ARGUMENT names the part or tensor and why.
StatusOr<Safetensors> ParseSafetensors(std::string_view bytes);

// Header length and header for these parts, padded so that the data starts at a multiple of 8.
// Metadata must be UTF-8.
StatusOr<std::string> SafetensorsPrefix(const std::map<std::string, std::string>& metadata,
                                        const std::vector<StoredTensor>& tensors);

// What the header says, as a checksum: every metadata entry but `excluded_key`, in key order, as
// key 0 value 0, then every tensor in data order (empty ones at one place by name) as name 0 dtype
// 0 shape 0 begin,end 0, the numbers decimal with commas between. Any writer of safetensors can
// compute it, whatever its JSON looks like.
uint32_t HeaderCrc32c(const std::map<std::string, std::string>& metadata,
                      const std::vector<StoredTensor>& tensors, std::string_view excluded_key);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_SAFETENSORS_H_
