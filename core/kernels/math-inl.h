// exp, sigmoid and tanh of vectors: the same instructions in every lane, tails included.
//
// exp: x = n ln 2 + r with |r| <= ln 2 / 2, e^r by a polynomial of degree 6 (Taylor's first terms
// with the last ones fitted, as in Cephes expf), 2^n through the exponent's bits. sigmoid(x) = 1 /
// (1 + exp(-x)). tanh: below 0.625 x + x^3 P(x^2) (Cephes tanhf), so that small x keep their
// relative accuracy; above 1 - 2 / (exp(2 |x|) + 1) with x's sign. NaN gives NaN.

#if defined(SEQUENT_CORE_KERNELS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SEQUENT_CORE_KERNELS_MATH_INL_H_
#undef SEQUENT_CORE_KERNELS_MATH_INL_H_
#else
#define SEQUENT_CORE_KERNELS_MATH_INL_H_
#endif

#include "core/kernels/cells.h"
#include "core/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

HWY_INLINE Vec Constant(float value) { return hn::Set(Floats(), value); }

// Arguments are clamped to [-87, 88]; NaN is the caller's to handle.
HWY_INLINE Vec ExpClamped(Vec x) {
  const hn::RebindToSigned<Floats> ints;
  x = hn::Min(hn::Max(x, Constant(-87.0f)), Constant(88.0f));
  const Vec n = hn::Round(hn::Mul(x, Constant(1.44269504088896341f)));
  Vec r = hn::NegMulAdd(n, Constant(0.693359375f), x);
  r = hn::NegMulAdd(n, Constant(-2.12194440e-4f), r);
  Vec p = Constant(1.9875691500e-4f);
  p = hn::MulAdd(p, r, Constant(1.3981999507e-3f));
  p = hn::MulAdd(p, r, Constant(8.3334519073e-3f));
  p = hn::MulAdd(p, r, Constant(4.1665795894e-2f));
  p = hn::MulAdd(p, r, Constant(1.6666665459e-1f));
  p = hn::MulAdd(p, r, Constant(5.0000001201e-1f));
  p = hn::Add(hn::MulAdd(hn::Mul(r, r), p, r), Constant(1.0f));
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(ints, n), hn::Set(ints, 127)));
  return hn::Mul(p, hn::BitCast(Floats(), exponent));
}

HWY_INLINE Vec NanOf(Vec x, Vec result) { return hn::IfThenElse(hn::IsNaN(x), x, result); }

HWY_INLINE Vec Sigmoid(Vec x) {
  const Vec one = Constant(1.0f);
  return NanOf(x, hn::Div(one, hn::Add(one, ExpClamped(hn::Neg(x)))));
}

HWY_INLINE Vec Tanh(Vec x) {
  const Vec one = Constant(1.0f);
  const Vec magnitude = hn::Abs(x);
  const Vec square = hn::Mul(x, x);
  Vec p = Constant(-5.70498872745e-3f);
  p = hn::MulAdd(p, square, Constant(2.06390887954e-2f));
  p = hn::MulAdd(p, square, Constant(-5.37397155531e-2f));
  p = hn::MulAdd(p, square, Constant(1.33314422036e-1f));
  p = hn::MulAdd(p, square, Constant(-3.33332819422e-1f));
  const Vec small = hn::MulAdd(hn::Mul(p, square), x, x);
  const Vec e = ExpClamped(hn::Add(magnitude, magnitude));
  const Vec large = hn::CopySign(hn::Sub(one, hn::Div(Constant(2.0f), hn::Add(e, one))), x);
  return NanOf(x, hn::IfThenElse(hn::Lt(magnitude, Constant(0.625f)), small, large));
}

template <Function kFunction>
HWY_INLINE Vec Apply(Vec x) {
  if constexpr (kFunction == Function::kTanh) return Tanh(x);
  if constexpr (kFunction == Function::kSigmoid) return Sigmoid(x);
  // NaN fails the comparison and passes through.
  if constexpr (kFunction == Function::kRelu) {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(Floats())), hn::Zero(Floats()), x);
  }
  if constexpr (kFunction == Function::kLeakyRelu) {
    return hn::IfThenElse(hn::Lt(x, hn::Zero(Floats())), hn::Mul(x, Constant(0.01f)), x);
  }
  return x;
}

// Calls body(std::integral_constant-like Function tag) for a run-time choice.
template <Function kFunction>
struct FunctionTag {
  static constexpr Function value = kFunction;
};
template <class Body>
HWY_INLINE void WithFunction(Function f, const Body& body) {
  switch (f) {
    case Function::kIdentity:
      return body(FunctionTag<Function::kIdentity>());
    case Function::kTanh:
      return body(FunctionTag<Function::kTanh>());
    case Function::kSigmoid:
      return body(FunctionTag<Function::kSigmoid>());
    case Function::kRelu:
      return body(FunctionTag<Function::kRelu>());
    case Function::kLeakyRelu:
      return body(FunctionTag<Function::kLeakyRelu>());
  }
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
