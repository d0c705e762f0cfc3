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
// For Winograd's inner product (winograd.h) the order of k is 0, m, 2m, 1, m + 1, ..: triples as
// they are used. A panel of four vectors is stored as two halves of two, one behind the other.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_KERNELS_PACKED_MATRIX_H_
#define SEQUENT_CORE_KERNELS_PACKED_MATRIX_H_

#include <cstddef>
#include <cstdint>

#include "core/base/aligned.h"
#include "core/kernels/precision.h"

namespace sequent::kernels {

// How the sums of a product are worked out. Rows are floats as they are, or prepared (winograd.h).
enum class Arithmetic {
  kMultiplyAdd,     // a multiply-add for each weight
  kWinograd,        // two for three weights; fp32 only
  kWinogradStates,  // the same, for rows whose magnitudes are 1 at most
};

// Where a row that is prepared for Winograd's inner product has its inputs: three parts, from
// cache lines on, x[0] to x[m - 1], x[m] to x[2m - 1], and the rest; then -(sum of x1 x2), the
// row's scale, and one over it.
struct RowLayout {
  explicit RowLayout(size_t inputs)
      : triples(inputs / 3),
        part(RoundUp(triples, kAlignment / sizeof(float))),
        end(2 * part + RoundUp(inputs - 2 * triples, kAlignment / sizeof(float))) {}

  size_t correction() const { return end; }
  size_t scale() const { return end + 1; }
  size_t inverse() const { return end + 2; }
  size_t floats() const { return end + kAlignment / sizeof(float); }

  size_t triples;  // m
  size_t part;     // from one part to the next
  size_t end;      // of the last part
};

class PackedMatrix {
 public:
  PackedMatrix() = default;

  // `precision` is kFp32 or kBf16 (rounded to nearest, ties to even). Where Winograd's inner
  // product is asked for and there are few inputs, or weights that are not finite, there are no
  // triples; if WinogradFits() is false it is all multiply-adds.

  // `w` is [outputs, inputs], row-major. Packed output order = output order.
  static PackedMatrix Pack(const float* w, size_t outputs, size_t inputs,
                           Precision precision = Precision::kFp32,
                           Arithmetic arithmetic = Arithmetic::kMultiplyAdd);
  // The transpose: `w` is [inputs, outputs], row-major (for dx = dy W: outputs = W's inputs).
  static PackedMatrix PackTransposed(const float* w, size_t outputs, size_t inputs);
  // `w` is [gates x units, inputs], gate-major as stored in model files (all rows of gate 0 first);
  // gates is 1 to 4. Packed output order: unit group, gate, unit within the group.
  static PackedMatrix PackGates(const float* w, size_t gates, size_t units, size_t inputs,
                                Precision precision = Precision::kFp32,
                                Arithmetic arithmetic = Arithmetic::kMultiplyAdd);

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
  // Of those for Winograd's inner product, from a panel's first two vectors of four to the others.
  size_t half_stride() const { return 2 * lanes_ * inputs_; }
  size_t bytes() const { return data_.size(); }
  // Whether it is too large to stay in the second-level cache from one use to the next, beside what
  // else is used: then it is worth asking for the next panel while one is worked on.
  bool streamed() const { return streamed_; }
  // Whether that is so of a part of it at least.
  bool partly_streamed() const { return partly_streamed_; }
  // Whether it likely comes from the far end of the third-level cache, or from beyond: then even a
  // single stream is worth asking for ahead.
  bool far() const { return far_; }

  // Whether its kernels are those of Winograd's inner product: all matrices of a cell are alike.
  bool winograd() const { return winograd_; }
  // Triples of inputs. 0: none, and rows are as they are.
  size_t triples() const { return triples_; }
  // What each input is multiplied by, where RowLayout puts it; zeros elsewhere.
  const float* input_scales() const { return input_scales_.data(); }
  // Whether each row is scaled as well.
  bool scales_rows() const { return scales_rows_; }
  // The exponent of the size that rows have, about, after that.
  int row_exponent() const { return row_exponent_; }
  // -(sum of w1 w2), per column of the packed order.
  const float* corrections() const { return corrections_.data(); }

 private:
  // A matrix that is not packed: element (o, k) is w[o * output_stride + k * input_stride].
  struct Source {
    const float* w;
    size_t output_stride, input_stride;
    float At(size_t o, size_t k) const { return w[o * output_stride + k * input_stride]; }
  };
  void Fill(size_t outputs, size_t inputs, size_t gates, Precision precision, Arithmetic arithmetic,
            const Source& source);
  void ChooseTriples(const Source& source, Arithmetic arithmetic);
  float& ScaleOf(size_t input);
  float Scaled(float weight, size_t input);
  void SumCorrections();
  // The input whose weights stand k-th.
  size_t InputAt(size_t k) const { return k < 3 * triples_ ? k / 3 + k % 3 * triples_ : k; }
  // Where the packed column's k-th weight stands among all weights.
  size_t Place(size_t column, size_t k) const;

  Precision precision_ = Precision::kFp32;
  bool streamed_ = false, partly_streamed_ = false, far_ = false;
  size_t outputs_ = 0, inputs_ = 0, gates_ = 0, lanes_ = 1, packed_width_ = 0, panel_width_ = 1;
  size_t panels_ = 0, full_panels_ = 0, panel_stride_ = 0;
  bool winograd_ = false, scales_rows_ = false;
  size_t triples_ = 0;
  int row_exponent_ = 0;
  AlignedVector<float> input_scales_, corrections_;
  AlignedVector<std::byte> data_;
};

// The nearest bf16 value, ties to even; infinities and NaN stay what they are.
uint16_t ToBf16(float value);
float FromBf16(uint16_t bits);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_PACKED_MATRIX_H_
