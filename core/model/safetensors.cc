#include "core/model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "core/base/aligned.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/model/config_check.h"
#include "core/model/safetensors_header.h"

namespace sequent {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they stand");

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the safetensors library

struct Dtype {
  std::string_view name;
  size_t bytes;
};
constexpr std::array<Dtype, 15> kDtypes = {{{"F32", 4},
                                            {"F64", 8},
                                            {"F16", 2},
                                            {"BF16", 2},
                                            {"F8_E5M2", 1},
                                            {"F8_E4M3", 1},
                                            {"BOOL", 1},
                                            {"U8", 1},
                                            {"I8", 1},
                                            {"U16", 2},
                                            {"I16", 2},
                                            {"U32", 4},
                                            {"I32", 4},
                                            {"U64", 8},
                                            {"I64", 8}}};

std::string TensorPath(const StoredTensor& tensor) {
  return StrCat("tensor '", Quoted(tensor.name, 160), "'");
}

// Bytes that dtype and shape ask for.
StatusOr<uint64_t> SizeOf(const StoredTensor& tensor) {
  const auto dtype = std::find_if(kDtypes.begin(), kDtypes.end(),
                                  [&](const Dtype& d) { return d.name == tensor.dtype; });
  if (dtype == kDtypes.end()) {
    return Expected(TensorPath(tensor) + " field 'dtype'", "a type of safetensors",
                    StrCat("'", Quoted(tensor.dtype), "'"));
  }
  uint64_t size = dtype->bytes;
  for (const size_t extent : tensor.shape) {
    if (__builtin_mul_overflow(size, extent, &size)) {
      return Expected(TensorPath(tensor) + " field 'shape'", "a size under 2^64 bytes", "more");
    }
  }
  return size;
}

Status CheckLayout(const Safetensors& file) {
  size_t at = 0;
  for (const StoredTensor& tensor : file.tensors) {
    const std::string where = TensorPath(tensor) + " field 'data_offsets'";
    const std::string got = StrCat("[", tensor.begin, ", ", tensor.end, "]");
    if (tensor.begin > tensor.end) return Expected(where, "begin <= end", got);
    if (tensor.end > file.data.size()) {
      return Expected(where, StrCat("an end within the data's ", file.data.size(), " bytes"), got);
    }
    if (tensor.begin != at) {
      return Expected(where, StrCat("a begin at ", at, ", the end of the tensor before it"),
                      StrCat(got, tensor.begin > at ? " (a hole)" : " (an overlap)"));
    }
    SEQ_ASSIGN_OR_RETURN(const uint64_t size, SizeOf(tensor));
    if (tensor.end - tensor.begin != size) {
      return Expected(where, StrCat(size, " bytes for dtype and shape"), got);
    }
    at = tensor.end;
  }
  if (at == file.data.size()) return absl::OkStatus();
  return Expected("data section", StrCat(at, " bytes, as the header lists"),
                  StrCat(file.data.size()));
}

StatusOr<std::string_view> HeaderOf(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) {
    return Expected("file", "at least 8 bytes", StrCat(bytes.size()));
  }
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeaderBytes) {
    return Expected("header length", StrCat("at most ", kMaxHeaderBytes, " bytes"), StrCat(length));
  }
  if (length > bytes.size() - kLengthBytes) {
    return Expected("header length",
                    StrCat("at most the file's other ", bytes.size() - kLengthBytes, " bytes"),
                    StrCat(length));
  }
  const std::string_view header = bytes.substr(kLengthBytes, length);
  if (header.empty() || header[0] != '{') {
    return Expected("header", "'{' at its start", StrCat("'", Quoted(header.substr(0, 1)), "'"));
  }
  return header;
}

std::string Joined(const std::vector<size_t>& numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ",", numbers[i]);
  }
  return text;
}

}  // namespace

StatusOr<Safetensors> ParseSafetensors(std::string_view bytes) {
  SEQ_ASSIGN_OR_RETURN(const std::string_view header, HeaderOf(bytes));
  Safetensors file;
  file.data = bytes.substr(kLengthBytes + header.size());
  SEQ_RETURN_IF_ERROR(ReadSafetensorsHeader(header, &file));
  std::sort(file.tensors.begin(), file.tensors.end(),
            [](const StoredTensor& a, const StoredTensor& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
  SEQ_RETURN_IF_ERROR(CheckLayout(file));
  return file;
}

StatusOr<std::string> SafetensorsPrefix(const std::map<std::string, std::string>& metadata,
                                        const std::vector<StoredTensor>& tensors) {
  nlohmann::ordered_json header;
  header["__metadata__"] = metadata;
  for (const StoredTensor& tensor : tensors) {
    nlohmann::ordered_json& entry = header[tensor.name];
    entry["dtype"] = tensor.dtype;
    entry["shape"] = tensor.shape;
    entry["data_offsets"] = {tensor.begin, tensor.end};
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception& error) {  // a string that is not UTF-8
    return absl::InvalidArgumentError(StrCat("header: ", Quoted(error.what(), 200)));
  }
  const uint64_t length = RoundUp(text.size(), 8);
  if (length > kMaxHeaderBytes) {
    return Expected("header", StrCat("at most ", kMaxHeaderBytes, " bytes"), StrCat(length));
  }
  text.resize(length, ' ');
  std::string prefix(kLengthBytes, '\0');
  std::memcpy(prefix.data(), &length, kLengthBytes);
  return prefix.append(text);
}

uint32_t HeaderCrc32c(const std::map<std::string, std::string>& metadata,
                      const std::vector<StoredTensor>& tensors, std::string_view excluded_key) {
  std::string text;
  const auto add = [&text](std::string_view part) { text.append(part).push_back('\0'); };
  for (const auto& [key, value] : metadata) {
    if (key == excluded_key) continue;
    add(key);
    add(value);
  }
  for (const StoredTensor& tensor : tensors) {
    add(tensor.name);
    add(tensor.dtype);
    add(Joined(tensor.shape));
    add(Joined({tensor.begin, tensor.end}));
  }
  return Crc32c(text);
}

}  // namespace sequent
