#include "core/model/quantize.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <span>

namespace sequent {
namespace {

constexpr uint32_t kBf16Bits = 0xffff0000u;
constexpr uint32_t kLargestBf16 = 0x7f7f0000u;

size_t RowWidth(const Tensor& tensor) {
  return tensor.shape[0] == 0 ? 0 : tensor.values.size() / tensor.shape[0];
}

std::span<const float> Row(const Tensor& tensor, size_t row) {
  const size_t width = RowWidth(tensor);
  return std::span(tensor.values).subspan(row * width, width);
}

// 0 for rows whose scale would not be a normal number: their weights are below any rounding error.
float ScaleOf(std::span<const float> row) {
  float max = 0;
  for (const float w : row) max = std::max(max, std::fabs(w));
  const float scale = max / kInt8Max;
  return scale >= FLT_MIN ? scale : 0.0f;
}

void RoundRow(std::span<const float> from, float scale, float* to) {
  for (const float w : from) *to++ = static_cast<float>(Int8Of(w, scale)) * scale;
}

Status BadValue(std::string_view expected, float value, size_t index) {
  return absl::InvalidArgumentError(
      StrCat("expected ", ToAbsl(expected), ", got ", value, " at index ", index));
}

Status CheckInt8(const Tensor& tensor) {
  if (tensor.shape.size() != 2 || tensor.scales.size() != tensor.shape[0]) {
    return absl::InvalidArgumentError("expected a matrix with a scale per row, got another shape");
  }
  for (size_t row = 0; row < tensor.scales.size(); ++row) {
    const float scale = tensor.scales[row];
    if (!(scale == 0 || (scale >= FLT_MIN && scale <= FLT_MAX / kInt8Max))) {
      return BadValue("scales that are 0 or normal numbers", scale, row);
    }
    for (const float& value : Row(tensor, row)) {
      if (static_cast<float>(Int8Of(value, scale)) * scale == value) continue;
      return BadValue("whole multiples of -127 to 127 times the row's scale", value,
                      &value - tensor.values.data());
    }
  }
  return absl::OkStatus();
}

}  // namespace

float RoundToBf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits & 0x80000000u;
  const uint32_t magnitude = bits ^ sign;
  if (magnitude >= 0x7f800000u) return value;
  const uint32_t rounded = (magnitude + 0x7fffu + (magnitude >> 16 & 1)) & kBf16Bits;
  return std::bit_cast<float>(sign | std::min(rounded, kLargestBf16));
}

int8_t Int8Of(float value, float scale) {
  if (scale == 0) return 0;
  const float q = std::nearbyint(value / scale);
  return static_cast<int8_t>(std::clamp(q, -float{kInt8Max}, float{kInt8Max}));
}

Tensor Rounded(const Tensor& tensor, Precision precision) {
  if (tensor.stored == precision) return tensor;
  Tensor rounded{.shape = tensor.shape, .values = tensor.values, .stored = precision};
  if (precision == Precision::kBf16) {
    std::transform(tensor.values.begin(), tensor.values.end(), rounded.values.begin(), RoundToBf16);
  }
  if (precision == Precision::kInt8) {
    for (size_t row = 0; row < tensor.shape[0]; ++row) {
      rounded.scales.push_back(ScaleOf(Row(tensor, row)));
      RoundRow(Row(tensor, row), rounded.scales.back(),
               rounded.values.data() + row * RowWidth(tensor));
    }
  }
  return rounded;
}

void RoundTensors(const std::vector<TensorSpec>& table, Precision precision, TensorMap* tensors) {
  for (const TensorSpec& spec : table) {
    Tensor& tensor = tensors->at(spec.name);
    tensor = Rounded(tensor, StoredAs(spec.role, precision));
  }
}

Status CheckRounded(const Tensor& tensor) {
  if (tensor.stored == Precision::kInt8) return CheckInt8(tensor);
  if (!tensor.scales.empty()) {
    return absl::InvalidArgumentError("expected no scales, got some");
  }
  if (tensor.stored == Precision::kFp32) return absl::OkStatus();
  for (const float& value : tensor.values) {
    if ((std::bit_cast<uint32_t>(value) & ~kBf16Bits) == 0) continue;
    return BadValue("values of dtype BF16", value, &value - tensor.values.data());
  }
  return absl::OkStatus();
}

}  // namespace sequent
