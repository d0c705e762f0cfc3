#include "core/kernels/packed_matrix.h"

#include <algorithm>

#include "core/kernels/lanes.h"

namespace sequent::kernels {
namespace {

constexpr size_t kPlainVectors = 4;

// Where the packed column `column` stands in gate-major order; `outputs` if it is padding.
size_t SourceOf(size_t column, size_t gates, size_t units, size_t lanes, size_t outputs) {
  if (gates <= 1) return column < outputs ? column : outputs;
  const size_t group = column / (gates * lanes);
  const size_t gate = column / lanes % gates;
  const size_t unit = group * lanes + column % lanes;
  return unit < units ? gate * units + unit : outputs;
}

}  // namespace

PackedMatrix PackedMatrix::Pack(const float* w, size_t outputs, size_t inputs) {
  PackedMatrix packed;
  packed.Fill(outputs, inputs, 0, w, inputs, 1);
  return packed;
}

PackedMatrix PackedMatrix::PackTransposed(const float* w, size_t outputs, size_t inputs) {
  PackedMatrix packed;
  packed.Fill(outputs, inputs, 0, w, 1, outputs);
  return packed;
}

PackedMatrix PackedMatrix::PackGates(const float* w, size_t gates, size_t units, size_t inputs) {
  PackedMatrix packed;
  packed.Fill(gates * units, inputs, gates, w, inputs, 1);
  return packed;
}

void PackedMatrix::Fill(size_t outputs, size_t inputs, size_t gates, const float* w,
                        size_t output_stride, size_t input_stride) {
  outputs_ = outputs;
  inputs_ = inputs;
  gates_ = gates;
  lanes_ = Lanes();
  panel_width_ = (gates <= 1 ? kPlainVectors : gates) * lanes_;
  const size_t columns = gates <= 1 ? outputs : RoundUp(units(), lanes_) * gates;
  panels_ = RoundUp(columns, panel_width_) / panel_width_;
  data_.assign(packed_width() * inputs, 0.0f);
  for (size_t column = 0; column < packed_width(); ++column) {
    const size_t source = SourceOf(column, gates_, units(), lanes_, outputs);
    if (source == outputs) continue;
    float* to =
        data_.data() + column / panel_width_ * panel_width_ * inputs + column % panel_width_;
    const float* from = w + source * output_stride;
    for (size_t k = 0; k < inputs; ++k) to[k * panel_width_] = from[k * input_stride];
  }
}

AlignedVector<float> PackedMatrix::PackVector(const float* v) const {
  AlignedVector<float> packed(packed_width(), 0.0f);
  for (size_t column = 0; column < packed.size(); ++column) {
    const size_t source = SourceOf(column, gates_, units(), lanes_, outputs_);
    if (source < outputs_) packed[column] = v[source];
  }
  return packed;
}

}  // namespace sequent::kernels
