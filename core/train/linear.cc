#include "core/train/linear.h"

#include <Eigen/Core>
#include <cmath>

#include "core/kernels/elementwise.h"
#include "core/kernels/outer_product.h"
#include "core/kernels/product.h"

namespace sequent::train {
namespace {

// Addresses of the rows of a matrix, in scratch that lives with the thread.
template <int kSlot, typename T>
T* const* RowsOf(size_t rows, T* base, size_t ld) {
  thread_local std::vector<T*> pointers;
  pointers.resize(rows);
  for (size_t r = 0; r < rows; ++r) pointers[r] = base + r * ld;
  return pointers.data();
}

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Stride = Eigen::OuterStride<>;
using ConstMap = Eigen::Map<const Matrix, 0, Stride>;
using MutableMap = Eigen::Map<Matrix, 0, Stride>;

Eigen::Index Size(size_t n) { return static_cast<Eigen::Index>(n); }
ConstMap View(const double* data, size_t rows, size_t columns, size_t ld) {
  return {data, Size(rows), Size(columns), Stride(Size(ld))};
}
MutableMap View(double* data, size_t rows, size_t columns, size_t ld) {
  return {data, Size(rows), Size(columns), Stride(Size(ld))};
}

}  // namespace

void Linear<float>::Prepare(const float* w, size_t outputs, size_t inputs) {
  forward_ = kernels::PackedMatrix::Pack(w, outputs, inputs);
  backward_ = kernels::PackedMatrix::PackTransposed(w, inputs, outputs);
}

void Linear<float>::Forward(size_t rows, const float* x, size_t x_ld, const float* bias,
                            bool accumulate, float* y, size_t y_ld) const {
  AlignedVector<float> packed_bias;
  if (bias != nullptr) packed_bias = forward_.PackVector(bias);
  const kernels::Start start = bias != nullptr ? kernels::Start::kBias
                               : accumulate    ? kernels::Start::kAccumulate
                                               : kernels::Start::kZero;
  kernels::Product(forward_, rows, RowsOf<0>(rows, x, x_ld), start,
                   bias != nullptr ? packed_bias.data() : nullptr, RowsOf<1>(rows, y, y_ld));
}

void Linear<float>::BackwardInput(size_t rows, const float* dy, size_t dy_ld, float* dx,
                                  size_t dx_ld) const {
  kernels::Product(backward_, rows, RowsOf<0>(rows, dy, dy_ld), kernels::Start::kAccumulate,
                   nullptr, RowsOf<1>(rows, dx, dx_ld));
}

void Linear<double>::Prepare(const double* w, size_t outputs, size_t inputs) {
  w_.assign(w, w + outputs * inputs);
  outputs_ = outputs;
  inputs_ = inputs;
}

void Linear<double>::Forward(size_t rows, const double* x, size_t x_ld, const double* bias,
                             bool accumulate, double* y, size_t y_ld) const {
  if (rows == 0) return;
  MutableMap out = View(y, rows, outputs_, y_ld);
  if (bias != nullptr) {
    out.rowwise() = Eigen::Map<const Eigen::RowVectorXd>(bias, Size(outputs_));
  } else if (!accumulate) {
    out.setZero();
  }
  out.noalias() +=
      View(x, rows, inputs_, x_ld) * View(w_.data(), outputs_, inputs_, inputs_).transpose();
}

void Linear<double>::BackwardInput(size_t rows, const double* dy, size_t dy_ld, double* dx,
                                   size_t dx_ld) const {
  if (rows == 0) return;
  View(dx, rows, inputs_, dx_ld).noalias() +=
      View(dy, rows, outputs_, dy_ld) * View(w_.data(), outputs_, inputs_, inputs_);
}

void AddOuter(size_t rows, const float* dy, size_t dy_ld, const float* x, size_t x_ld,
              size_t outputs, size_t inputs, float* dw) {
  kernels::AccumulateOuter(rows, RowsOf<0>(rows, dy, dy_ld), RowsOf<1>(rows, x, x_ld), outputs,
                           inputs, dw);
}

void AddOuter(size_t rows, const double* dy, size_t dy_ld, const double* x, size_t x_ld,
              size_t outputs, size_t inputs, double* dw) {
  if (rows == 0) return;
  View(dw, outputs, inputs, inputs).noalias() +=
      View(dy, rows, outputs, dy_ld).transpose() * View(x, rows, inputs, x_ld);
}

void Apply(kernels::Function f, size_t n, const float* x, float* y) {
  kernels::Activate(f, n, x, y);
}

void Apply(kernels::Function f, size_t n, const double* x, double* y) {
  for (size_t i = 0; i < n; ++i) {
    switch (f) {
      case kernels::Function::kIdentity:
        y[i] = x[i];
        break;
      case kernels::Function::kTanh:
        y[i] = std::tanh(x[i]);
        break;
      case kernels::Function::kSigmoid:
        y[i] = 1 / (1 + std::exp(-x[i]));
        break;
      case kernels::Function::kRelu:
        y[i] = x[i] < 0 ? 0 : x[i];
        break;
      case kernels::Function::kLeakyRelu:
        y[i] = x[i] < 0 ? 0.01 * x[i] : x[i];
        break;
    }
  }
}

}  // namespace sequent::train
