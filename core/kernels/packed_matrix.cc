#include "core/kernels/packed_matrix.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/kernels/lanes.h"
#include "core/kernels/layout.h"

namespace sequent::kernels {
uint16_t ToBf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float FromBf16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

PackedMatrix PackedMatrix::Pack(const float* w, size_t outputs, size_t inputs,
                                Precision precision) {
  PackedMatrix packed;
  packed.Fill(outputs, inputs, 0, precision, w, inputs, 1);
  return packed;
}

PackedMatrix PackedMatrix::PackTransposed(const float* w, size_t outputs, size_t inputs) {
  PackedMatrix packed;
  packed.Fill(outputs, inputs, 0, Precision::kFp32, w, 1, outputs);
  return packed;
}

PackedMatrix PackedMatrix::PackGates(const float* w, size_t gates, size_t units, size_t inputs,
                                     Precision precision) {
  PackedMatrix packed;
  packed.Fill(gates * units, inputs, gates, precision, w, inputs, 1);
  return packed;
}

size_t PackedMatrix::Place(size_t column, size_t k) const {
  const size_t panel = column / panel_width_, within = column % panel_width_;
  const size_t width = panel_columns(panel), begin = panel * panel_stride_;
  if (precision_ != Precision::kBf16) return begin + k * width + within;
  return begin + k / 2 * 2 * width + 2 * within + k % 2;
}

void PackedMatrix::Fill(size_t outputs, size_t inputs, size_t gates, Precision precision,
                        const float* w, size_t output_stride, size_t input_stride) {
  precision_ = precision;
  outputs_ = outputs;
  inputs_ = inputs;
  gates_ = gates;
  lanes_ = Lanes();
  panel_width_ = (gates <= 1 ? kPlainVectors : gates) * lanes_;
  packed_width_ = gates <= 1 ? RoundUp(outputs, lanes_) : RoundUp(units(), lanes_) * gates;
  panels_ = (packed_width_ + panel_width_ - 1) / panel_width_;
  full_panels_ = outputs / panel_width_;
  const bool bf16 = precision == Precision::kBf16;
  const size_t depth = bf16 ? RoundUp(inputs, 2) : inputs;
  panel_stride_ = panel_width_ * depth;
  data_.assign(packed_width_ * depth * (bf16 ? sizeof(uint16_t) : sizeof(float)), std::byte{0});
  streamed_ = TooLargeToStay(data_.size());
  partly_streamed_ = TooLargeToStayWhole(data_.size());
  far_ = TooLargeToStayNear(data_.size());
  auto* floats = reinterpret_cast<float*>(data_.data());
  auto* halves = reinterpret_cast<uint16_t*>(data_.data());
  // In blocks of k, so that a panel's block stays in the cache while its columns are put side by
  // side.
  constexpr size_t kBlock = 32;
  for (size_t panel = 0; panel < panels(); ++panel) {
    const size_t begin = panel * panel_width_, step = panel_columns(panel);
    for (size_t first = 0; first < inputs; first += kBlock) {
      const size_t last = std::min(first + kBlock, inputs);
      for (size_t column = begin; column < begin + step; ++column) {
        const size_t source = SourceOf(column, gates_, units(), lanes_, outputs);
        if (source == outputs) continue;
        const float* from = w + source * output_stride + first * input_stride;
        size_t to = Place(column, first);
        for (size_t k = first; k < last; ++k, from += input_stride) {
          if (bf16) {
            halves[to] = ToBf16(*from);
            to += k % 2 == 0 ? 1 : 2 * step - 1;
          } else {
            floats[to] = *from;
            to += step;
          }
        }
      }
    }
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
