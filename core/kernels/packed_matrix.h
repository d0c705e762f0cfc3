// Weights laid out once, at load, for the matrix products of product.h and cells.h.
//
// A panel holds 4 SIMD vectors of output columns, K-major (all columns of k = 0, then k = 1, ...);
// the last panel has as many vectors as are left, its last one padded with zeros. In gate order (2
// to 4 gates) a panel has one vector per gate: the gates of the same L hidden units (L = lanes), so
// that one register tile ends with everything a cell's epilogue needs. The lane count is that of
// the SIMD target chosen at run time.
//
// In bf16 two k of a vector stand interleaved: lane 0 of k = 0, lane 0 of k = 1, lane 1 of k = 0,
// ..: one load, a shift and a mask give both. An odd last k is followed by zeros.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_KERNELS_PACKED_MATRIX_H_
#define SEQUENT_CORE_KERNELS_PACKED_MATRIX_H_

#include <cstddef>
#include <cstdint>

#include "core/base/aligned.h"
#include "core/kernels/precision.h"

namespace sequent::kernels {

class PackedMatrix {
 public:
  PackedMatrix() = default;

  // `precision` is kFp32 or kBf16 (rounded to nearest, ties to even).

  // `w` is [outputs, inputs], row-major. Packed output order = output order.
  static PackedMatrix Pack(const float* w, size_t outputs, size_t inputs,
                           Precision precision = Precision::kFp32);
  // The transpose: `w` is [inputs, outputs], row-major (for dx = dy W: outputs = W's inputs).
  static PackedMatrix PackTransposed(const float* w, size_t outputs, size_t inputs);
  // `w` is [gates x units, inputs], gate-major as stored in model files (all rows of gate 0 first);
  // gates is 1 to 4. Packed output order: unit group, gate, unit within the group.
  static PackedMatrix PackGates(const float* w, size_t gates, size_t units, size_t inputs,
                                Precision precision = Precision::kFp32);

  // A vector [gates x units], gate-major (a bias, say), in this matrix's packed order and padded
  // with zeros to packed_width(). For Pack'ed matrices: copied and padded.
  AlignedVector<float> PackVector(const float* v) const;

  Precision precision() const { return precision_; }
  size_t outputs() const { return outputs_; }  // gates x units
  size_t inputs() const { return inputs_; }
  size_t gates() const { return gates_; }  // 0: plain order
  size_t units() const { return gates_ == 0 ? outputs_ : outputs_ / gates_; }
  size_t panels() const { return panels_; }
  size_t full_panels() const { return full_panels_; }  // whose columns are all outputs'
  size_t panel_width() const { return panel_width_; }  // columns, of every panel but the last
  // Columns of panel p, padding included: a multiple of the lanes.
  size_t panel_columns(size_t p) const {
    const size_t left = packed_width_ - p * panel_width_;
    return left < panel_width_ ? left : panel_width_;
  }
  // Floats that a row of results needs in packed order (a multiple of the lanes).
  size_t packed_width() const { return packed_width_; }
  // Weight: float, or uint16_t for bf16.
  template <typename Weight>
  const Weight* panel(size_t p) const {
    return reinterpret_cast<const Weight*>(data_.data()) + p * panel_stride_;
  }
  // Weights from one panel to the next.
  size_t panel_stride() const { return panel_stride_; }
  size_t bytes() const { return data_.size(); }
  // Whether it is too large to stay in the second-level cache from one use to the next, beside what
  // else is used: then it is worth asking for the next panel while one is worked on.
  bool streamed() const { return streamed_; }
  // Whether that is so of a part of it at least.
  bool partly_streamed() const { return partly_streamed_; }
  // Whether it likely comes from the far end of the third-level cache, or from beyond: then even a
  // single stream is worth asking for ahead.
  bool far() const { return far_; }

 private:
  // Element (o, k) of the matrix is w[o * output_stride + k * input_stride].
  void Fill(size_t outputs, size_t inputs, size_t gates, Precision precision, const float* w,
            size_t output_stride, size_t input_stride);
  // Where the packed column's weight of k stands among all weights.
  size_t Place(size_t column, size_t k) const;

  Precision precision_ = Precision::kFp32;
  bool streamed_ = false, partly_streamed_ = false, far_ = false;
  size_t outputs_ = 0, inputs_ = 0, gates_ = 0, lanes_ = 1, packed_width_ = 0, panel_width_ = 1;
  size_t panels_ = 0, full_panels_ = 0, panel_stride_ = 0;
  AlignedVector<std::byte> data_;
};

// The nearest bf16 value, ties to even; infinities and NaN stay what they are.
uint16_t ToBf16(float value);
float FromBf16(uint16_t bits);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_PACKED_MATRIX_H_
