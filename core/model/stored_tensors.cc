#include "core/model/stored_tensors.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/model/quantize.h"

namespace sequent {
namespace {

constexpr std::string_view kScaleSuffix = "_scale";

std::string TensorPlace(std::string_view name) {
  return StrCat("tensor '", Quoted(name, 160), "'");
}

std::string ScaleName(std::string_view name) { return std::string(name).append(kScaleSuffix); }

template <typename T>
std::vector<T> Numbers(const Safetensors& file, const StoredTensor& stored) {
  std::vector<T> numbers((stored.end - stored.begin) / sizeof(T));
  if (numbers.empty()) return numbers;
  std::memcpy(numbers.data(), file.data.data() + stored.begin, numbers.size() * sizeof(T));
  return numbers;
}

class Decoder {
 public:
  explicit Decoder(const Safetensors& file) : file_(file) {
    for (const StoredTensor& stored : file.tensors) by_name_[stored.name] = &stored;
  }

  StatusOr<TensorMap> Run() && {
    for (const StoredTensor& stored : file_.tensors) {
      if (IsAssetTensor(stored.name)) continue;
      if (stored.dtype == "I8") SEQ_RETURN_IF_ERROR(DecodeInt8(stored));
    }
    for (const StoredTensor& stored : file_.tensors) {
      if (IsAssetTensor(stored.name)) continue;
      if (stored.dtype != "I8" && !scales_.contains(stored.name)) {
        SEQ_RETURN_IF_ERROR(DecodeFloats(stored));
      }
    }
    return std::move(tensors_);
  }

 private:
  Status DecodeFloats(const StoredTensor& stored);
  Status DecodeInt8(const StoredTensor& stored);
  StatusOr<std::vector<float>> ScalesOf(const StoredTensor& stored);

  const Safetensors& file_;
  std::map<std::string_view, const StoredTensor*> by_name_;
  std::set<std::string_view> scales_;  // names of those that belong to others
  TensorMap tensors_;
};

Status Decoder::DecodeFloats(const StoredTensor& stored) {
  Tensor& tensor = tensors_[stored.name];
  tensor.shape = stored.shape;
  if (stored.dtype == "F32") {
    const std::vector<float> values = Numbers<float>(file_, stored);
    tensor.values.assign(values.begin(), values.end());
    return absl::OkStatus();
  }
  if (stored.dtype != "BF16") {
    return Expected(TensorPlace(stored.name), "dtype F32, BF16 or I8", stored.dtype);
  }
  tensor.stored = Precision::kBf16;
  for (const uint16_t bits : Numbers<uint16_t>(file_, stored)) {
    tensor.values.push_back(std::bit_cast<float>(uint32_t{bits} << 16));
  }
  return absl::OkStatus();
}

StatusOr<std::vector<float>> Decoder::ScalesOf(const StoredTensor& stored) {
  const std::string name = ScaleName(stored.name);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return Expected(TensorPlace(stored.name), StrCat("its scales in '", Quoted(name, 160), "'"),
                    "no such tensor");
  }
  const StoredTensor& scale = *found->second;
  if (scale.dtype != "F32" || scale.shape != std::vector{stored.shape[0]}) {
    return Expected(TensorPlace(name), StrCat("dtype F32 and shape [", stored.shape[0], "]"),
                    "another one");
  }
  scales_.insert(scale.name);
  std::vector<float> scales = Numbers<float>(file_, scale);
  for (size_t row = 0; row < scales.size(); ++row) {
    if (scales[row] == 0 || (scales[row] >= FLT_MIN && scales[row] <= FLT_MAX / kInt8Max)) continue;
    return Expected(TensorPlace(name), "scales that are 0 or normal numbers",
                    StrCat(scales[row], " at index ", row));
  }
  return scales;
}

Status Decoder::DecodeInt8(const StoredTensor& stored) {
  if (stored.shape.size() != 2) {
    return Expected(TensorPlace(stored.name), "a matrix, as its dtype is I8",
                    StrCat(stored.shape.size(), " dimensions"));
  }
  SEQ_ASSIGN_OR_RETURN(std::vector<float> scales, ScalesOf(stored));
  const std::vector<int8_t> q = Numbers<int8_t>(file_, stored);
  Tensor& tensor = tensors_[stored.name];
  tensor.shape = stored.shape;
  tensor.stored = Precision::kInt8;
  tensor.values.reserve(q.size());
  const size_t width = stored.shape[1];
  for (size_t i = 0; i < q.size(); ++i) {
    const float scale = scales[i / width];
    if (q[i] < -kInt8Max || (scale == 0 && q[i] != 0)) {
      return Expected(TensorPlace(stored.name),
                      scale == 0 ? "0, as the row's scale is" : "values of -127 to 127",
                      StrCat(int{q[i]}, " at index ", i));
    }
    tensor.values.push_back(static_cast<float>(q[i]) * scale);
  }
  tensor.scales = std::move(scales);
  return absl::OkStatus();
}

size_t BytesOf(std::string_view dtype) { return dtype == "F32" ? 4 : dtype == "BF16" ? 2 : 1; }

std::vector<StoredTensor> Layout(const TensorMap& tensors, const AssetMap& assets) {
  std::vector<StoredTensor> layout;
  for (const auto& [name, bytes] : assets) {
    layout.push_back({AssetTensorName(name), "U8", {bytes.size()}, 0, bytes.size()});
  }
  for (const auto& [name, tensor] : tensors) {
    layout.push_back({name, DtypeName(tensor.stored), tensor.shape});
    layout.back().end = tensor.values.size() * BytesOf(layout.back().dtype);
    if (tensor.stored != Precision::kInt8) continue;
    const size_t rows = tensor.scales.size();
    layout.push_back({ScaleName(name), "F32", {rows}, 0, rows * sizeof(float)});
  }
  std::sort(layout.begin(), layout.end(), [](const StoredTensor& a, const StoredTensor& b) {
    const size_t a_bytes = BytesOf(a.dtype), b_bytes = BytesOf(b.dtype);
    return a_bytes != b_bytes ? a_bytes > b_bytes : a.name < b.name;
  });
  size_t at = 0;
  for (StoredTensor& stored : layout) {
    stored.begin = at;
    at = stored.end += at;
  }
  return layout;
}

template <typename T, typename Values, typename Convert>
std::string Bytes(const Values& values, const Convert& convert) {
  std::string bytes(values.size() * sizeof(T), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    const T number = convert(i);
    std::memcpy(bytes.data() + i * sizeof(T), &number, sizeof(T));
  }
  return bytes;
}

std::string BytesOf(const Tensor& tensor) {
  const AlignedVector<float>& values = tensor.values;
  if (tensor.stored == Precision::kBf16) {
    return Bytes<uint16_t>(values, [&](size_t i) {
      return static_cast<uint16_t>(std::bit_cast<uint32_t>(values[i]) >> 16);
    });
  }
  if (tensor.stored == Precision::kInt8) {
    const size_t width = tensor.shape[1];
    return Bytes<int8_t>(values,
                         [&](size_t i) { return Int8Of(values[i], tensor.scales[i / width]); });
  }
  return Bytes<float>(values, [&](size_t i) { return values[i]; });
}

}  // namespace

const char* DtypeName(Precision stored) {
  switch (stored) {
    case Precision::kFp32:
      return "F32";
    case Precision::kBf16:
      return "BF16";
    case Precision::kInt8:
      return "I8";
  }
  return "unknown";
}

StatusOr<TensorMap> DecodeTensors(const Safetensors& file) { return Decoder(file).Run(); }

EncodedTensors EncodeTensors(const TensorMap& tensors, const AssetMap& assets) {
  EncodedTensors encoded{.layout = Layout(tensors, assets), .data = ""};
  std::map<std::string, std::string> parts;
  for (const auto& [name, bytes] : assets) parts[AssetTensorName(name)] = bytes;
  for (const auto& [name, tensor] : tensors) {
    parts[name] = BytesOf(tensor);
    if (tensor.stored != Precision::kInt8) continue;
    parts[ScaleName(name)] =
        Bytes<float>(tensor.scales, [&](size_t i) { return tensor.scales[i]; });
  }
  for (const StoredTensor& stored : encoded.layout) encoded.data += parts[stored.name];
  return encoded;
}

}  // namespace sequent
