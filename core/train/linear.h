// The trainer's matrix products, in float through core/kernels and in double through Eigen.
//
// All matrices are row-major with a row stride `ld` in elements; rows are (step, row) pairs,
// time-major. Float: every sum has one fixed order, so that results do not depend on threads
// (core/kernels). Thread safety: a prepared Linear may be used by many threads; free functions are
// pure.
#ifndef SEQUENT_CORE_TRAIN_LINEAR_H_
#define SEQUENT_CORE_TRAIN_LINEAR_H_

#include <cstddef>
#include <vector>

#include "core/kernels/cells.h"
#include "core/kernels/packed_matrix.h"

namespace sequent::train {

// y = W x for a weight that changes with every update.
template <typename T>
class Linear;

template <>
class Linear<float> {
 public:
  // `w` is [outputs, inputs]; packed for both directions.
  void Prepare(const float* w, size_t outputs, size_t inputs);
  // y = W x + bias; `bias` null: y += W x if `accumulate`, else y = W x.
  void Forward(size_t rows, const float* x, size_t x_ld, const float* bias, bool accumulate,
               float* y, size_t y_ld) const;
  // dx += dy W.
  void BackwardInput(size_t rows, const float* dy, size_t dy_ld, float* dx, size_t dx_ld) const;

 private:
  kernels::PackedMatrix forward_, backward_;
};

template <>
class Linear<double> {
 public:
  void Prepare(const double* w, size_t outputs, size_t inputs);
  void Forward(size_t rows, const double* x, size_t x_ld, const double* bias, bool accumulate,
               double* y, size_t y_ld) const;
  void BackwardInput(size_t rows, const double* dy, size_t dy_ld, double* dx, size_t dx_ld) const;

 private:
  std::vector<double> w_;
  size_t outputs_ = 0, inputs_ = 0;
};

// dw[o, i] += sum over rows, in order, of dy[row][o] x[row][i]; dw is [outputs, inputs].
void AddOuter(size_t rows, const float* dy, size_t dy_ld, const float* x, size_t x_ld,
              size_t outputs, size_t inputs, float* dw);
void AddOuter(size_t rows, const double* dy, size_t dy_ld, const double* x, size_t x_ld,
              size_t outputs, size_t inputs, double* dw);

// sum[i] += sum over rows, in order, of x[row][i].
template <typename T>
void AddRows(size_t rows, const T* x, size_t ld, size_t width, T* sum) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < width; ++i) sum[i] += x[r * ld + i];
  }
}

// y[i] = f(x[i]); in place allowed.
void Apply(kernels::Function f, size_t n, const float* x, float* y);
void Apply(kernels::Function f, size_t n, const double* x, double* y);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_LINEAR_H_
