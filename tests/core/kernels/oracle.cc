#include "tests/core/kernels/oracle.h"

#include <cmath>

#include "core/kernels/product.h"

namespace sequent::kernels::oracle {
namespace {

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double Update(UpdateGate update, double z, double n, double h) {
  return update == UpdateGate::kKeepOld ? (1 - z) * n + z * h : (1 - z) * h + z * n;
}

}  // namespace

// (1 + e)^2 - (1 + 2 e) is e^2, which only a fused multiply-add still has.
MultiplyAdd::MultiplyAdd() {
  const float x = 1 + 0x1p-12f, bias = -(1 + 0x1p-11f);
  const PackedMatrix w = PackedMatrix::Pack(&x, 1, 1);
  const float* x_row = &x;
  float y = 0;
  float* y_row = &y;
  Product(w, 1, &x_row, Start::kBias, w.PackVector(&bias).data(), &y_row);
  fused_ = y != 0;
}

float MultiplyAdd::operator()(float a, float b, float c) const {
  return fused_ ? std::fma(a, b, c) : a * b + c;
}

float Sum(const MultiplyAdd& multiply_add, float start, std::span<const float> w,
          std::span<const float> x) {
  for (size_t k = 0; k < x.size(); ++k) start = multiply_add(x[k], w[k], start);
  return start;
}

double Apply(Function f, double x) {
  switch (f) {
    case Function::kIdentity:
      return x;
    case Function::kTanh:
      return std::tanh(x);
    case Function::kSigmoid:
      return Sigmoid(x);
    case Function::kRelu:
      return x < 0 ? 0 : x;
    case Function::kLeakyRelu:
      return x < 0 ? 0.01 * x : x;
  }
  return 0;
}

Doubles Affine(std::span<const float> sums, std::span<const float> u, const Doubles& h) {
  Doubles out(sums.begin(), sums.end());
  for (size_t o = 0; o < out.size(); ++o) {
    for (size_t k = 0; k < h.size(); ++k) out[o] += double{u[o * h.size() + k]} * h[k];
  }
  return out;
}

Lstm LstmStep(std::span<const float> input, std::span<const float> u, const Doubles& h,
              const Doubles& c) {
  const size_t units = c.size();
  Lstm out{Affine(input, u, h), Doubles(units), Doubles(units)};
  for (size_t j = 0; j < units; ++j) {
    double& i = out.gates[j];
    double& f = out.gates[units + j];
    double& g = out.gates[2 * units + j];
    double& o = out.gates[3 * units + j];
    i = Sigmoid(i), f = Sigmoid(f), g = std::tanh(g), o = Sigmoid(o);
    out.c[j] = f * c[j] + i * g;
    out.h[j] = o * std::tanh(out.c[j]);
  }
  return out;
}

Gru GruAfterStep(std::span<const float> input, std::span<const float> u,
                 std::span<const float> bias_state_n, UpdateGate update, const Doubles& h) {
  const size_t units = h.size();
  const Doubles rz = Affine(input.first(2 * units), u.first(2 * units * units), h);
  const Doubles state_n = Affine(bias_state_n, u.last(units * units), h);
  Gru out{Doubles(units), Doubles(units), Doubles(units), state_n, Doubles(units)};
  for (size_t j = 0; j < units; ++j) {
    out.r[j] = Sigmoid(rz[j]);
    out.z[j] = Sigmoid(rz[units + j]);
    out.n[j] = std::tanh(input[2 * units + j] + out.r[j] * state_n[j]);
    out.h[j] = Update(update, out.z[j], out.n[j], h[j]);
  }
  return out;
}

Gru GruBeforeStep(std::span<const float> input_rz, std::span<const float> input_n,
                  std::span<const float> u_rz, std::span<const float> u_n, UpdateGate update,
                  const Doubles& h) {
  const size_t units = h.size();
  const Doubles rz = Affine(input_rz, u_rz, h);
  Gru out{Doubles(units), Doubles(units), Doubles(units), Doubles(units), Doubles(units)};
  for (size_t j = 0; j < units; ++j) {
    out.r[j] = Sigmoid(rz[j]);
    out.z[j] = Sigmoid(rz[units + j]);
    out.state_n[j] = out.r[j] * h[j];
  }
  out.n = Affine(input_n, u_n, out.state_n);
  for (size_t j = 0; j < units; ++j) {
    out.n[j] = std::tanh(out.n[j]);
    out.h[j] = Update(update, out.z[j], out.n[j], h[j]);
  }
  return out;
}

}  // namespace sequent::kernels::oracle
