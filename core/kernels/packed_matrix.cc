#include "core/kernels/packed_matrix.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/kernels/lanes.h"
#include "core/kernels/layout.h"
#include "core/kernels/winograd.h"

namespace sequent::kernels {
namespace {

// Fewer are not worth preparing rows for.
constexpr size_t kFewInputs = 24;
// Root mean squares, about: of a trained cell's states, and of inputs that somebody has scaled.
constexpr double kTypicalState = 0.4, kTypicalInput = 0.7;
// Powers of two whose products stay floats.
constexpr int kLargestExponent = 60;

// The power of two nearest to x > 0, as its exponent.
int NearestExponent(double x) {
  return std::clamp(static_cast<int>(std::lround(std::log2(x))), -kLargestExponent,
                    kLargestExponent);
}

}  // namespace

uint16_t ToBf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float FromBf16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

PackedMatrix PackedMatrix::Pack(const float* w, size_t outputs, size_t inputs, Precision precision,
                                Arithmetic arithmetic) {
  PackedMatrix packed;
  packed.Fill(outputs, inputs, 0, precision, arithmetic, {w, inputs, 1});
  return packed;
}

PackedMatrix PackedMatrix::PackTransposed(const float* w, size_t outputs, size_t inputs) {
  PackedMatrix packed;
  packed.Fill(outputs, inputs, 0, Precision::kFp32, Arithmetic::kMultiplyAdd, {w, 1, outputs});
  return packed;
}

PackedMatrix PackedMatrix::PackGates(const float* w, size_t gates, size_t units, size_t inputs,
                                     Precision precision, Arithmetic arithmetic) {
  PackedMatrix packed;
  packed.Fill(gates * units, inputs, gates, precision, arithmetic, {w, inputs, 1});
  return packed;
}

size_t PackedMatrix::Place(size_t column, size_t k) const {
  const size_t panel = column / panel_width_, within = column % panel_width_;
  const size_t width = panel_columns(panel), begin = panel * panel_stride_;
  if (winograd_ && width == 4 * lanes_) {
    const size_t half = 2 * lanes_;
    return begin + within / half * half_stride() + k * half + within % half;
  }
  if (precision_ != Precision::kBf16) return begin + k * width + within;
  return begin + k / 2 * 2 * width + 2 * within + k % 2;
}

void PackedMatrix::ChooseTriples(const Source& source, Arithmetic arithmetic) {
  winograd_ =
      arithmetic != Arithmetic::kMultiplyAdd && precision_ == Precision::kFp32 && WinogradFits();
  if (!winograd_ || inputs_ < kFewInputs) return;
  std::vector<double> squares(inputs_);
  for (size_t o = 0; o < outputs_; ++o) {
    for (size_t k = 0; k < inputs_; ++k) {
      const double w = source.At(o, k);
      squares[k] += w * w;
    }
  }
  const double all = std::accumulate(squares.begin(), squares.end(), 0.0);
  if (!std::isfinite(all)) return;
  triples_ = inputs_ / 3;
  scales_rows_ = arithmetic == Arithmetic::kWinograd;
  // Weights and rows of about the same size.
  const double size = std::sqrt(all / static_cast<double>(inputs_ * outputs_));
  const double typical = size * (scales_rows_ ? kTypicalInput : kTypicalState);
  const int common = all == 0 ? 0 : NearestExponent(1 / std::sqrt(typical));
  row_exponent_ = all == 0 ? 0 : NearestExponent(typical) + common;
  const RowLayout at(inputs_);
  input_scales_.assign(at.end, 0.0f);
  for (size_t k = 0; k < inputs_; ++k) {
    if (squares[k] == 0) continue;
    const double size_of_k = std::sqrt(squares[k] / static_cast<double>(outputs_));
    ScaleOf(k) = std::ldexp(1.0f, NearestExponent(size_of_k) + common);
  }
}

float& PackedMatrix::ScaleOf(size_t input) {
  const size_t part = std::min<size_t>(input / triples_, 2);
  return input_scales_[input + part * (RowLayout(inputs_).part - triples_)];
}

float PackedMatrix::Scaled(float weight, size_t input) {
  return triples_ == 0 || weight == 0 ? weight : weight / ScaleOf(input);
}

void PackedMatrix::SumCorrections() {
  corrections_.assign(packed_width_, 0.0f);
  for (size_t column = 0; column < packed_width_; ++column) {
    double sum = 0;
    for (size_t k = 0; k < 3 * triples_; k += 3) {
      sum += double{panel<float>(0)[Place(column, k)]} * panel<float>(0)[Place(column, k + 1)];
    }
    corrections_[column] = static_cast<float>(-sum);
  }
}

void PackedMatrix::Fill(size_t outputs, size_t inputs, size_t gates, Precision precision,
                        Arithmetic arithmetic, const Source& source) {
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
  ChooseTriples(source, arithmetic);
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
    const size_t begin = panel * panel_width_, columns = panel_columns(panel);
    const size_t step = winograd_ && columns == 4 * lanes_ ? columns / 2 : columns;
    for (size_t first = 0; first < inputs; first += kBlock) {
      const size_t last = std::min(first + kBlock, inputs);
      for (size_t column = begin; column < begin + columns; ++column) {
        const size_t output = SourceOf(column, gates_, units(), lanes_, outputs);
        if (output == outputs) continue;
        size_t to = Place(column, first);
        for (size_t k = first; k < last; ++k) {
          if (bf16) {
            halves[to] = ToBf16(source.At(output, k));
            to += k % 2 == 0 ? 1 : 2 * columns - 1;
          } else {
            floats[to] = Scaled(source.At(output, InputAt(k)), InputAt(k));
            to += step;
          }
        }
      }
    }
  }
  if (triples_ > 0) SumCorrections();
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
