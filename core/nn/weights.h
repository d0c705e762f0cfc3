// A matrix ready for products, in the arithmetic that its tensor is stored for, and the kernels
// over it: the one place in core/nn that knows floats from whole numbers.
//
// Rows that go into a product are prepared first, once for all that multiply them: quantised for
// int8, scaled for Winograd's inner product (kernels/winograd.h), which fp32 takes where it pays.
// What only an epilogue reads stays as it is. Everything else is as in core/kernels.
//
// Thread safety: immutable after construction; scratch comes from the caller's arena.
#ifndef SEQUENT_CORE_NN_WEIGHTS_H_
#define SEQUENT_CORE_NN_WEIGHTS_H_

#include <cstddef>
#include <cstdint>

#include "core/base/aligned.h"
#include "core/kernels/cells.h"
#include "core/kernels/int8_product.h"
#include "core/kernels/packed_matrix.h"
#include "core/kernels/panel_walk.h"
#include "core/model/tensor.h"
#include "core/nn/arena.h"

namespace sequent {

// Vectors, and what a product takes for them.
struct Prepared {
  const float* const* floats = nullptr;  // the vectors themselves
  float* const* scaled = nullptr;        // only for matrices with triples
  kernels::Int8Rows whole;               // only for matrices of whole numbers

  const float* const* rows() const { return scaled != nullptr ? scaled : floats; }
  // The vectors from `first` on.
  Prepared From(size_t first) const {
    return {floats + first, scaled == nullptr ? scaled : scaled + first,
            whole.values == nullptr ? whole : whole.From(first)};
  }
};

// What is known of the vectors that a matrix will be multiplied with.
enum class Vectors {
  kAnySize,
  kWithinOne,  // magnitudes are 1 at most; larger ones cost accuracy, and overflow from 1e18 on
};

class Weights {
 public:
  // All of a matrix, results in the order of its rows.
  static Weights Pack(const Tensor& w, Vectors vectors = Vectors::kAnySize);
  // Gates first .. first + gates - 1 of a matrix [.. x units, inputs], in packed order.
  static Weights PackGates(const Tensor& w, size_t units, size_t first, size_t gates,
                           Vectors vectors = Vectors::kAnySize);

  // A vector of the matrix's outputs in packed order, padded with zeros.
  AlignedVector<float> PackVector(const float* v) const;

  size_t inputs() const { return whole_ ? int8_.inputs() : floats_.inputs(); }
  size_t outputs() const { return whole_ ? int8_.outputs() : floats_.outputs(); }
  size_t panels() const { return whole_ ? int8_.panels() : floats_.panels(); }
  size_t packed_width() const { return whole_ ? int8_.packed_width() : floats_.packed_width(); }
  // Whether it is too large to stay in the second-level cache from one use to the next.
  bool streamed() const { return whole_ ? int8_.streamed() : floats_.streamed(); }
  // Multiply-adds per row.
  uint64_t work() const { return uint64_t{outputs()} * inputs(); }

  // `x[r]`: inputs() floats, which must outlive the result.
  Prepared Prepare(size_t rows, const float* const* x, Arena* arena) const;
  // The same in two parts, for up to `rows` vectors time and again.
  Prepared Reserve(size_t rows, Arena* arena) const;
  void Prepare(size_t rows, const float* const* x, Prepared* to) const;

  // y[r] = bias + W x[r]; `bias` packed, or nullptr.
  void Product(size_t rows, const Prepared& x, const float* bias, float* const* y,
               const kernels::PanelWalk& walk = {}) const;

  bool whole() const { return whole_; }
  const kernels::PackedMatrix& floats() const { return floats_; }
  const kernels::Int8Matrix& int8() const { return int8_; }

 private:
  bool whole_ = false;
  kernels::PackedMatrix floats_;  // one of the two is empty
  kernels::Int8Matrix int8_;
};

// kernels::StepInput of either kind.
struct StepInput {
  static StepInput Ready(const float* const* sums) { return {sums, nullptr, nullptr, {}}; }
  static StepInput Of(const Weights* weight, const float* bias, const Prepared& x) {
    return {nullptr, weight, bias, x};
  }

  const float* const* sums;
  const Weights* weight;
  const float* bias;
  Prepared x;
};

// The kernels' namesakes. `h` is prepared for u; h.floats are the states themselves.
void RnnStep(const Weights& u, kernels::Function f, size_t rows, const StepInput& input,
             const Prepared& h, float* const* h_out, const kernels::PanelWalk& walk = {});
void LstmStep(const Weights& u, size_t rows, const StepInput& input, const Prepared& h,
              const float* const* c, float* const* c_out, float* const* h_out,
              const kernels::PanelWalk& walk = {});
void GruAfterStep(const Weights& u, const float* bias_state_n, kernels::UpdateGate update,
                  size_t rows, const StepInput& input, const Prepared& h, float* const* h_out,
                  const kernels::PanelWalk& walk = {});
void GruBeforeGates(const Weights& u_rz, size_t rows, const StepInput& input_rz, const Prepared& h,
                    float* const* update_sums, float* const* reset_h,
                    const kernels::PanelWalk& walk = {});
void GruBeforeState(const Weights& u_n, kernels::UpdateGate update, size_t rows,
                    const StepInput& input_n, const float* const* h,
                    const float* const* update_sums, const Prepared& reset_h, float* const* h_out,
                    const kernels::PanelWalk& walk = {});

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_WEIGHTS_H_
