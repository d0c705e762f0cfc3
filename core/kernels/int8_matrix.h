// Weights of whole numbers -127 .. 127, laid out once for the products of int8_product.h and the
// cells of int8_cells.h.
//
// A panel holds 4 vectors of 16 columns, the last one as many as are left. Inputs stand in groups
// of 4, a group's 4 bytes of one column side by side, as the CPU's dot products of bytes want them:
//
//   group g:  | v0: column 0: k 4g .. 4g+3 | column 1: .. | .. column 15 | v1: .. | .. |
//
// In gate order (2 to 4 gates) a panel has one vector per gate: the gates of the same 16 hidden
// units. The last vector and the last group are padded with zeros. Unlike PackedMatrix, the layout
// is the same on every SIMD target.
//
// Rows come as unsigned bytes q + 128 (int8_rows.h), so the sum over a column is 128 times its
// weights too large; sums start from what makes up for it.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_KERNELS_INT8_MATRIX_H_
#define SEQUENT_CORE_KERNELS_INT8_MATRIX_H_

#include <cstddef>
#include <cstdint>

#include "core/base/aligned.h"

namespace sequent::kernels {

inline constexpr size_t kInt8Lanes = 16;  // columns of a vector
inline constexpr size_t kInt8Group = 4;   // inputs of a group
// More inputs could overflow a sum of 32 bits.
inline constexpr size_t kInt8MaxInputs = (size_t{1} << 31) / (127 * 127) - 1;

class Int8Matrix {
 public:
  Int8Matrix() = default;

  // `w` is [outputs, inputs], row-major, and w[o, k] = q * scales[o] for whole q of -127 .. 127;
  // scales[o] is 0 or normal. inputs <= kInt8MaxInputs. Packed output order = output order.
  static Int8Matrix Pack(const float* w, const float* scales, size_t outputs, size_t inputs);
  // The same for [gates x units, inputs], gate-major, gates 1 to 4. Packed output order: group of
  // 16 units, gate, unit within the group.
  static Int8Matrix PackGates(const float* w, const float* scales, size_t gates, size_t units,
                              size_t inputs);

  // A vector [gates x units], gate-major, in packed order, padded with zeros to packed_width().
  AlignedVector<float> PackVector(const float* v) const;

  size_t outputs() const { return outputs_; }  // gates x units
  size_t inputs() const { return inputs_; }
  size_t gates() const { return gates_; }  // 0: plain order
  size_t units() const { return gates_ == 0 ? outputs_ : outputs_ / gates_; }
  size_t panels() const { return (packed_width_ + panel_width_ - 1) / panel_width_; }
  size_t panel_width() const { return panel_width_; }  // columns, of every panel but the last
  // Vectors of panel p.
  size_t vectors(size_t p) const {
    const size_t left = packed_width_ - p * panel_width_;
    return (left < panel_width_ ? left : panel_width_) / kInt8Lanes;
  }
  // Floats that a row of results needs in packed order.
  size_t packed_width() const { return packed_width_; }
  size_t groups() const { return groups_; }
  size_t bytes() const { return data_.size(); }
  // As PackedMatrix::streamed.
  bool streamed() const { return streamed_; }
  const int8_t* panel(size_t p) const {
    return data_.data() + p * panel_width_ * groups_ * kInt8Group;
  }
  // Per column of the panel: its scale; where its sums start.
  const float* scales(size_t p) const { return scales_.data() + p * panel_width_; }
  const int32_t* starts(size_t p) const { return starts_.data() + p * panel_width_; }

 private:
  void Fill(const float* w, const float* scales, size_t outputs, size_t inputs, size_t gates);
  void FillColumn(size_t column, const float* w, float scale);

  size_t outputs_ = 0, inputs_ = 0, gates_ = 0, packed_width_ = 0, panel_width_ = 1, groups_ = 0;
  bool streamed_ = false;
  AlignedVector<int8_t> data_;
  AlignedVector<float> scales_;
  AlignedVector<int32_t> starts_;
};

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_INT8_MATRIX_H_
