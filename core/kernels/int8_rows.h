// Vectors quantised while computing: each with a scale of its own.
//
//   scale = max |x| / 127;  q = x / scale to the nearest whole number, ties to even.
//
// A vector depends on itself alone, which is what batch invariance needs. Values are kept as q +
// 128 in unsigned bytes, padded with 128 (that is 0) to the end of the row. A vector of less than
// 2^-100 throughout counts as zero, with scale 0; one that is not finite has scale NaN, so that
// whatever is computed from it is NaN. Thread safety: pure functions.
#ifndef SEQUENT_CORE_KERNELS_INT8_ROWS_H_
#define SEQUENT_CORE_KERNELS_INT8_ROWS_H_

#include <cstddef>
#include <cstdint>

namespace sequent::kernels {

struct Int8Rows {
  uint8_t* values = nullptr;  // [rows, stride], 64-byte aligned
  float* scales = nullptr;    // [rows]
  size_t stride = 0;          // Int8Stride(inputs)

  // The rows from `first` on.
  Int8Rows From(size_t first) const { return {values + first * stride, scales + first, stride}; }
};

// Bytes of a quantised row, a multiple of 64.
size_t Int8Stride(size_t inputs);

// x[r]: `inputs` floats, not necessarily aligned.
void QuantizeRows(size_t rows, size_t inputs, const float* const* x, const Int8Rows& to);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_INT8_ROWS_H_
