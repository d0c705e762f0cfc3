#include "core/kernels/int8_matrix.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/layout.h"

namespace sequent::kernels {
Int8Matrix Int8Matrix::Pack(const float* w, const float* scales, size_t outputs, size_t inputs) {
  Int8Matrix packed;
  packed.Fill(w, scales, outputs, inputs, 0);
  return packed;
}

Int8Matrix Int8Matrix::PackGates(const float* w, const float* scales, size_t gates, size_t units,
                                 size_t inputs) {
  Int8Matrix packed;
  packed.Fill(w, scales, gates * units, inputs, gates);
  return packed;
}

void Int8Matrix::Fill(const float* w, const float* scales, size_t outputs, size_t inputs,
                      size_t gates) {
  outputs_ = outputs;
  inputs_ = inputs;
  gates_ = gates;
  panel_width_ = (gates <= 1 ? kPlainVectors : gates) * kInt8Lanes;
  packed_width_ = RoundUp(units(), kInt8Lanes) * std::max<size_t>(gates, 1);
  groups_ = RoundUp(inputs, kInt8Group) / kInt8Group;
  data_.assign(packed_width_ * groups_ * kInt8Group, 0);
  streamed_ = TooLargeToStay(data_.size());
  scales_.assign(packed_width_, 0.0f);
  starts_.assign(packed_width_, 0);
  for (size_t column = 0; column < packed_width_; ++column) {
    const size_t source = SourceOf(column, gates_, units(), kInt8Lanes, outputs);
    if (source == outputs || scales[source] == 0) continue;
    FillColumn(column, w + source * inputs, scales[source]);
  }
}

void Int8Matrix::FillColumn(size_t column, const float* w, float scale) {
  const size_t p = column / panel_width_;
  const size_t group_bytes = vectors(p) * kInt8Lanes * kInt8Group;
  int8_t* to = data_.data() + (panel(p) - data_.data()) + column % panel_width_ * kInt8Group;
  int32_t sum = 0;
  for (size_t k = 0; k < inputs_; ++k) {
    const auto q = static_cast<int8_t>(std::lrint(w[k] / scale));
    to[k / kInt8Group * group_bytes + k % kInt8Group] = q;
    sum += q;
  }
  scales_[column] = scale;
  starts_[column] = -128 * sum;
}

AlignedVector<float> Int8Matrix::PackVector(const float* v) const {
  AlignedVector<float> packed(packed_width_, 0.0f);
  for (size_t column = 0; column < packed.size(); ++column) {
    const size_t source = SourceOf(column, gates_, units(), kInt8Lanes, outputs_);
    if (source < outputs_) packed[column] = v[source];
  }
  return packed;
}

}  // namespace sequent::kernels
