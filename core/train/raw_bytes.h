// Arrays of plain values as bytes and back.
#ifndef SEQUENT_CORE_TRAIN_RAW_BYTES_H_
#define SEQUENT_CORE_TRAIN_RAW_BYTES_H_

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/status.h"

namespace sequent::train {

template <typename T>
std::string RawBytes(const std::vector<T>& values) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// DATA_LOSS unless there are as many as `values` has.
template <typename T>
Status FromRawBytes(std::string_view bytes, std::vector<T>* values) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (bytes.size() != values->size() * sizeof(T)) {
    return absl::DataLossError(StrCat("checkpoint: expected ", values->size() * sizeof(T),
                                      " bytes of values, got ", bytes.size()));
  }
  if (!bytes.empty()) std::memcpy(values->data(), bytes.data(), bytes.size());
  return absl::OkStatus();
}

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_RAW_BYTES_H_
