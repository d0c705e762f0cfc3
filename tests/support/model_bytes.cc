#include "tests/support/model_bytes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <tuple>

#include "core/base/hash.h"

namespace sequent {
namespace {

std::string Hex32(uint32_t value) {
  std::array<char, 9> text;
  std::snprintf(text.data(), text.size(), "%08x", value);
  return text.data();
}

}  // namespace

ModelBytes ModelBytes::Of(const ModelContents& contents) {
  const std::string file = SerializeModel(contents).value();
  Safetensors parts = ParseSafetensors(file).value();
  return {std::move(parts.metadata), std::move(parts.tensors), std::string(parts.data)};
}

StoredTensor* ModelBytes::tensor(const std::string& name) {
  return &*std::find_if(tensors.begin(), tensors.end(),
                        [&](const StoredTensor& tensor) { return tensor.name == name; });
}

ModelBytes& ModelBytes::Seal() {
  metadata["sequent.crc32c"] = Hex32(Crc32c(data));
  std::vector<StoredTensor> in_data_order = tensors;
  std::sort(in_data_order.begin(), in_data_order.end(),
            [](const StoredTensor& a, const StoredTensor& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
  metadata["sequent.header_crc32c"] =
      Hex32(HeaderCrc32c(metadata, in_data_order, "sequent.header_crc32c"));
  return *this;
}

std::string ModelBytes::Build(bool seal) {
  if (seal) Seal();
  return SafetensorsPrefix(metadata, tensors).value() + data;
}

std::string HeaderText(std::string_view file) {
  uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof(length));
  return std::string(file.substr(sizeof(length), length));
}

std::string FileOf(std::string_view header, std::string_view data) {
  const uint64_t length = header.size();
  std::string file(sizeof(length), '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  return file.append(header).append(data);
}

}  // namespace sequent
