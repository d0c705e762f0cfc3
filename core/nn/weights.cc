#include "core/nn/weights.h"

#include "core/kernels/product.h"
#include "core/kernels/third_level_probe.h"
#include "core/kernels/winograd.h"

namespace sequent {
namespace {

kernels::StepInput Floats(const StepInput& input) {
  if (input.sums != nullptr) return kernels::StepInput::Ready(input.sums);
  return kernels::StepInput::Of(&input.weight->floats(), input.bias, input.x.rows());
}

kernels::Int8StepInput Whole(const StepInput& input) {
  if (input.sums != nullptr) return kernels::Int8StepInput::Ready(input.sums);
  return kernels::Int8StepInput::Of(&input.weight->int8(), input.bias, input.x.whole);
}

// How a matrix of floats is multiplied. A cell's matrices agree on whether it is by Winograd's
// inner product.
kernels::Arithmetic ArithmeticFor(Precision precision, Vectors vectors) {
  using kernels::Arithmetic;
  if (precision != Precision::kFp32 || !kernels::WinogradPays()) return Arithmetic::kMultiplyAdd;
  return vectors == Vectors::kWithinOne ? Arithmetic::kWinogradStates : Arithmetic::kWinograd;
}

kernels::PackedMatrix Probed(kernels::PackedMatrix matrix) {
  if (matrix.streamed()) kernels::ProbeThirdLevel();
  return matrix;
}

}  // namespace

Weights Weights::Pack(const Tensor& w, Vectors vectors) {
  Weights packed;
  packed.whole_ = w.stored == Precision::kInt8;
  const size_t outputs = w.shape[0], inputs = w.shape[1];
  if (packed.whole_) {
    packed.int8_ = kernels::Int8Matrix::Pack(w.values.data(), w.scales.data(), outputs, inputs);
  } else {
    packed.floats_ = Probed(kernels::PackedMatrix::Pack(w.values.data(), outputs, inputs, w.stored,
                                                        ArithmeticFor(w.stored, vectors)));
  }
  return packed;
}

Weights Weights::PackGates(const Tensor& w, size_t units, size_t first, size_t gates,
                           Vectors vectors) {
  Weights packed;
  packed.whole_ = w.stored == Precision::kInt8;
  const size_t inputs = w.shape[1], row = first * units;
  const float* values = w.values.data() + row * inputs;
  if (packed.whole_) {
    packed.int8_ =
        kernels::Int8Matrix::PackGates(values, w.scales.data() + row, gates, units, inputs);
  } else {
    packed.floats_ = Probed(kernels::PackedMatrix::PackGates(values, gates, units, inputs, w.stored,
                                                             ArithmeticFor(w.stored, vectors)));
  }
  return packed;
}

AlignedVector<float> Weights::PackVector(const float* v) const {
  return whole_ ? int8_.PackVector(v) : floats_.PackVector(v);
}

Prepared Weights::Reserve(size_t rows, Arena* arena) const {
  Prepared room;
  if (whole_) {
    const size_t stride = kernels::Int8Stride(inputs());
    room.whole = {arena->Allocate<uint8_t>(rows * stride), arena->Allocate<float>(rows), stride};
  } else if (floats_.triples() > 0) {
    room.scaled = arena->AllocateRows(rows, kernels::RowLayout(inputs()).floats());
  }
  return room;
}

void Weights::Prepare(size_t rows, const float* const* x, Prepared* to) const {
  to->floats = x;
  if (whole_) kernels::QuantizeRows(rows, inputs(), x, to->whole);
  if (to->scaled != nullptr) kernels::PrepareRows(floats_, rows, x, to->scaled);
}

Prepared Weights::Prepare(size_t rows, const float* const* x, Arena* arena) const {
  Prepared prepared = Reserve(rows, arena);
  Prepare(rows, x, &prepared);
  return prepared;
}

void Weights::Product(size_t rows, const Prepared& x, const float* bias, float* const* y,
                      const kernels::PanelWalk& walk) const {
  if (whole_) return kernels::Product(int8_, rows, x.whole, bias, y, walk);
  const auto start = bias == nullptr ? kernels::Start::kZero : kernels::Start::kBias;
  kernels::Product(floats_, rows, x.rows(), start, bias, y, walk);
}

void RnnStep(const Weights& u, kernels::Function f, size_t rows, const StepInput& input,
             const Prepared& h, float* const* h_out, const kernels::PanelWalk& walk) {
  if (u.whole()) {
    return kernels::RnnStep(u.int8(), f, rows, Whole(input), h.whole, h_out, walk);
  }
  kernels::RnnStep(u.floats(), f, rows, Floats(input), h.rows(), h_out, walk);
}

void LstmStep(const Weights& u, size_t rows, const StepInput& input, const Prepared& h,
              const float* const* c, float* const* c_out, float* const* h_out,
              const kernels::PanelWalk& walk) {
  if (u.whole()) {
    return kernels::LstmStep(u.int8(), rows, Whole(input), h.whole, c, c_out, h_out, walk);
  }
  kernels::LstmStep(u.floats(), rows, Floats(input), h.rows(), c, c_out, h_out, walk);
}

void GruAfterStep(const Weights& u, const float* bias_state_n, kernels::UpdateGate update,
                  size_t rows, const StepInput& input, const Prepared& h, float* const* h_out,
                  const kernels::PanelWalk& walk) {
  if (u.whole()) {
    return kernels::GruAfterStep(u.int8(), bias_state_n, update, rows, Whole(input), h.whole,
                                 h.floats, h_out, walk);
  }
  kernels::GruAfterStep(u.floats(), bias_state_n, update, rows, Floats(input), h.rows(), h.floats,
                        h_out, walk);
}

void GruBeforeGates(const Weights& u_rz, size_t rows, const StepInput& input_rz, const Prepared& h,
                    float* const* update_sums, float* const* reset_h,
                    const kernels::PanelWalk& walk) {
  if (u_rz.whole()) {
    return kernels::GruBeforeGates(u_rz.int8(), rows, Whole(input_rz), h.whole, h.floats,
                                   update_sums, reset_h, walk);
  }
  kernels::GruBeforeGates(u_rz.floats(), rows, Floats(input_rz), h.rows(), h.floats, update_sums,
                          reset_h, walk);
}

void GruBeforeState(const Weights& u_n, kernels::UpdateGate update, size_t rows,
                    const StepInput& input_n, const float* const* h,
                    const float* const* update_sums, const Prepared& reset_h, float* const* h_out,
                    const kernels::PanelWalk& walk) {
  if (u_n.whole()) {
    return kernels::GruBeforeState(u_n.int8(), update, rows, Whole(input_n), reset_h.whole, h,
                                   update_sums, h_out, walk);
  }
  kernels::GruBeforeState(u_n.floats(), update, rows, Floats(input_n), reset_h.rows(), h,
                          update_sums, h_out, walk);
}

}  // namespace sequent
