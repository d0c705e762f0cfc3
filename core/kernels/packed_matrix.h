// Weights laid out once, at load, for the matrix products of product.h and cells.h.
//
// A panel holds 4 SIMD vectors of output columns, K-major (all columns of k = 0, then k = 1, ...);
// the last panel is padded with zeros. In gate order (2 to 4 gates) a panel has one vector per
// gate: the gates of the same L hidden units (L = lanes), so that one register tile ends with
// everything a cell's epilogue needs. The lane count is that of the SIMD target chosen at run time.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_KERNELS_PACKED_MATRIX_H_
#define SEQUENT_CORE_KERNELS_PACKED_MATRIX_H_

#include <cstddef>

#include "core/base/aligned.h"

namespace sequent::kernels {

class PackedMatrix {
 public:
  PackedMatrix() = default;

  // `w` is [outputs, inputs], row-major. Packed output order = output order.
  static PackedMatrix Pack(const float* w, size_t outputs, size_t inputs);
  // The transpose: `w` is [inputs, outputs], row-major (for dx = dy W: outputs = W's inputs).
  static PackedMatrix PackTransposed(const float* w, size_t outputs, size_t inputs);
  // `w` is [gates x units, inputs], gate-major as stored in model files (all rows of gate 0 first);
  // gates is 1 to 4. Packed output order: unit group, gate, unit within the group.
  static PackedMatrix PackGates(const float* w, size_t gates, size_t units, size_t inputs);

  // A vector [gates x units], gate-major (a bias, say), in this matrix's packed order and padded
  // with zeros to packed_width(). For Pack'ed matrices: copied and padded.
  AlignedVector<float> PackVector(const float* v) const;

  size_t outputs() const { return outputs_; }  // gates x units
  size_t inputs() const { return inputs_; }
  size_t gates() const { return gates_; }  // 0: plain order
  size_t units() const { return gates_ == 0 ? outputs_ : outputs_ / gates_; }
  size_t panels() const { return panels_; }
  size_t panel_width() const { return panel_width_; }
  // Floats that a row of results needs in packed order (a multiple of panel_width).
  size_t packed_width() const { return panels_ * panel_width_; }
  const float* panel(size_t p) const { return data_.data() + p * panel_width_ * inputs_; }
  size_t bytes() const { return data_.size() * sizeof(float); }

 private:
  // Element (o, k) of the matrix is w[o * output_stride + k * input_stride].
  void Fill(size_t outputs, size_t inputs, size_t gates, const float* w, size_t output_stride,
            size_t input_stride);

  size_t outputs_ = 0, inputs_ = 0, gates_ = 0, lanes_ = 0, panels_ = 0, panel_width_ = 0;
  AlignedVector<float> data_;
};

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_PACKED_MATRIX_H_
