// What becomes of a recurrent cell's sums, for the units of one vector: the same instructions for
// every row, whatever the tile and the kind of weights behind the sums.
//
// Gates are fractions over 1 + e^x; what two of them share a product is brought over one
// denominator first, which saves a reciprocal. The state itself is multiplied by a gate only, never
// by a power: however large it is, it stays finite. Powers are kept under 2^42; what lies beyond is
// 1 to the last bit, or smaller than 3e-13. Absolute error of a gate <= 2e-7.
//
// Included once per target, inside Highway's foreach_target.

#if defined(SEQUENT_CORE_KERNELS_EPILOGUE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SEQUENT_CORE_KERNELS_EPILOGUE_INL_H_
#undef SEQUENT_CORE_KERNELS_EPILOGUE_INL_H_
#else
#define SEQUENT_CORE_KERNELS_EPILOGUE_INL_H_
#endif

#include "core/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

constexpr float kLog2E = 1.44269504088896341f;

// The same operation for N independent vectors, one after another: rows of a tile, gates of a row.
// Each is a long chain of dependent instructions; side by side they fill the processor's pipelines.
template <size_t N>
struct Group {
  Vec at[N];

  HWY_INLINE Vec& operator[](size_t i) { return at[i]; }
  HWY_INLINE const Vec& operator[](size_t i) const { return at[i]; }
};
template <size_t N, class Body>
HWY_INLINE Group<N> Each(const Body& body) {
  Group<N> result;
  Unrolled<N>([&](auto i) SEQUENT_UNROLLED { result[i] = body(i); });
  return result;
}
template <size_t N>
HWY_INLINE Group<N> operator*(const Group<N>& a, const Group<N>& b) {
  return Each<N>([&](size_t i) HWY_ATTR { return hn::Mul(a[i], b[i]); });
}
template <size_t N>
HWY_INLINE Group<N> operator+(const Group<N>& a, const Group<N>& b) {
  return Each<N>([&](size_t i) HWY_ATTR { return hn::Add(a[i], b[i]); });
}
template <size_t N>
HWY_INLINE Group<N> operator+(const Group<N>& a, float b) {
  return Each<N>([&](size_t i) HWY_ATTR { return hn::Add(a[i], Constant(b)); });
}
// a b + c, fused where the target fuses.
template <size_t N>
HWY_INLINE Group<N> MulAdd(const Group<N>& a, const Group<N>& b, const Group<N>& c) {
  return Each<N>([&](size_t i) HWY_ATTR { return hn::MulAdd(a[i], b[i], c[i]); });
}

// 2^f for 0 <= f < 1, relative error 9.3e-8, exact at both ends (minimax, Lawson's algorithm).
template <size_t N>
HWY_INLINE Group<N> PowerOfFraction(const Group<N>& f) {
  constexpr float kCoefficients[] = {8.9909950971269920e-3f, 5.5818675960702164e-2f,
                                     2.4015927146451677e-1f, 6.9315173882989290e-1f, 1.0f};
  Group<N> p = Each<N>([&](size_t) HWY_ATTR { return Constant(1.8793186477552622e-3f); });
  for (const float coefficient : kCoefficients) {
    p = Each<N>([&](size_t i) HWY_ATTR { return hn::MulAdd(p[i], f[i], Constant(coefficient)); });
  }
  return p;
}

// min(e^(factor x), 2^42); `scale` is the factor times log2(e). NaN gives NaN.
template <size_t N>
HWY_INLINE Group<N> BoundedPower(const Group<N>& x, float scale) {
  const Vec limit = Constant(4398046511104.0f);
#if HWY_TARGET == HWY_AVX3
  constexpr int kToFloor = 0x09;  // subtract the floor, no exceptions
  const Group<N> t = Each<N>([&](size_t i) HWY_ATTR { return hn::Mul(x[i], Constant(scale)); });
  const Group<N> f =
      Each<N>([&](size_t i) HWY_ATTR { return Vec{_mm512_reduce_ps(t[i].raw, kToFloor)}; });
  const Group<N> p = PowerOfFraction(f);
  return Each<N>(
      [&](size_t i) HWY_ATTR { return hn::Min(limit, Vec{_mm512_scalef_ps(p[i].raw, t[i].raw)}); });
#else
  const hn::RebindToSigned<Floats> ints;
  const Vec bound = Constant(125.0f);
  const Group<N> t = Each<N>([&](size_t i) HWY_ATTR {
    return hn::Max(hn::Neg(bound), hn::Min(bound, hn::Mul(x[i], Constant(scale))));
  });
  const Group<N> n = Each<N>([&](size_t i) HWY_ATTR { return hn::Floor(t[i]); });
  const Group<N> p =
      PowerOfFraction(Each<N>([&](size_t i) HWY_ATTR { return hn::Sub(t[i], n[i]); }));
  return Each<N>([&](size_t i) HWY_ATTR {
    const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(ints, n[i]), hn::Set(ints, 127)));
    return hn::Min(limit, hn::Mul(p[i], hn::BitCast(Floats(), exponent)));
  });
#endif
}

// 1 / x for 1 <= x <= 2^126.
template <size_t N>
HWY_INLINE Group<N> Reciprocal(const Group<N>& x) {
#if HWY_TARGET == HWY_AVX3
  // 14 bits, and one step of Newton's.
  const Group<N> r = Each<N>([&](size_t i) HWY_ATTR { return hn::ApproximateReciprocal(x[i]); });
  const Group<N> error =
      Each<N>([&](size_t i) HWY_ATTR { return hn::NegMulAdd(x[i], r[i], Constant(1.0f)); });
  return MulAdd(r, error, r);
#else
  return Each<N>([&](size_t i) HWY_ATTR { return hn::Div(Constant(1.0f), x[i]); });
#endif
}

template <size_t N>
HWY_INLINE Group<N> Sigmoid(const Group<N>& x) {
  return Reciprocal(BoundedPower(x, -kLog2E) + 1.0f);
}

// c' = s(f) c + s(i) tanh(g), h' = s(o) tanh(c').
template <size_t N>
struct LstmState {
  Group<N> c, h;
};
template <size_t N>
HWY_INLINE LstmState<N> LstmEpilogue(const Group<N>& i, const Group<N>& f, const Group<N>& g,
                                     const Group<N>& o, const Group<N>& c) {
  const Group<N> gate_f = Sigmoid(f);
  const Group<N> under_i = BoundedPower(i, -kLog2E) + 1.0f;
  const Group<N> power_g = BoundedPower(g, 2 * kLog2E);
  const Group<N> under_o = BoundedPower(o, -kLog2E) + 1.0f;
  LstmState<N> next;
  next.c = MulAdd(power_g + -1.0f, Reciprocal(under_i * (power_g + 1.0f)), c * gate_f);
  const Group<N> power_c = BoundedPower(next.c, 2 * kLog2E);
  next.h = (power_c + -1.0f) * Reciprocal(under_o * (power_c + 1.0f));
  return next;
}

// Between h and n = tanh(candidate): (1 - z) n + z h, or (1 - z) h + z n; z = s(update).
template <size_t N>
HWY_INLINE Group<N> GruUpdate(UpdateGate gate, const Group<N>& update, const Group<N>& candidate,
                              const Group<N>& h) {
  const Group<N> power_z = BoundedPower(update, -kLog2E);
  const Group<N> z = Reciprocal(power_z + 1.0f);
  const Group<N> rest = power_z * z;  // 1 - z
  const Group<N> power_n = BoundedPower(candidate, 2 * kLog2E);
  const Group<N> n = (power_n + -1.0f) * Reciprocal(power_n + 1.0f);
  return gate == UpdateGate::kKeepOld ? MulAdd(h, z, n * rest) : MulAdd(h, rest, n * z);
}

// Whose sums these are: a row, and the first of the units that its panel has.
struct Owner {
  uint32_t row, unit;
};
// What an epilogue is for: of each owner the `n` <= kLanes units from unit + ahead on.
struct Units {
  const Owner* owners;
  size_t ahead, n;

  HWY_INLINE size_t Begin(size_t i) const { return owners[i].unit + ahead; }
};
template <size_t N>
HWY_INLINE Group<N> LoadUnits(const float* const* rows, const Units& units) {
  return Each<N>([&](size_t i) HWY_ATTR {
    return LoadPart(rows[units.owners[i].row] + units.Begin(i), units.n);
  });
}
template <size_t N>
HWY_INLINE void StoreUnits(const Group<N>& values, float* const* rows, const Units& units) {
  Unrolled<N>([&](auto i) SEQUENT_UNROLLED {
    StorePart(values[i], rows[units.owners[i].row] + units.Begin(i), units.n);
  });
}

// The cells, for N rows' sums `at`, wherever they come from:
//   at.kRows           N
//   at.units           whose they are
//   at.Gate(g)         Group<N>: the sums of gate g
//   at.InputHalf(2), at.StateHalf(2, bias)   the halves of a gate that are needed apart. The state
//                      half starts from `bias` [units, padded to kMaxLanes], or from zero if it is
//                      null.

template <class At>
HWY_INLINE void FinishRnn(const At& at, Function f, float* const* h_out) {
  Group<At::kRows> sums = at.Gate(0);
  WithFunction(f, [&](auto function) HWY_ATTR {
    for (Vec& sum : sums.at) sum = Apply<decltype(function)::value>(sum);
  });
  StoreUnits(sums, h_out, at.units);
}

template <class At>
HWY_INLINE void FinishLstm(const At& at, const float* const* c, float* const* c_out,
                           float* const* h_out) {
  const LstmState<At::kRows> next = LstmEpilogue(at.Gate(0), at.Gate(1), at.Gate(2), at.Gate(3),
                                                 LoadUnits<At::kRows>(c, at.units));
  StoreUnits(next.c, c_out, at.units);
  StoreUnits(next.h, h_out, at.units);
}

template <class At>
HWY_INLINE void FinishGruAfter(const At& at, const float* bias_state_n, UpdateGate update,
                               const float* const* h, float* const* h_out) {
  const Group<At::kRows> candidate =
      at.InputHalf(2) + Sigmoid(at.Gate(0)) * at.StateHalf(2, bias_state_n);
  StoreUnits(GruUpdate(update, at.Gate(1), candidate, LoadUnits<At::kRows>(h, at.units)), h_out,
             at.units);
}

template <class At>
HWY_INLINE void FinishGruBeforeGates(const At& at, const float* const* h, float* const* update_sums,
                                     float* const* reset_h) {
  StoreUnits(Sigmoid(at.Gate(0)) * LoadUnits<At::kRows>(h, at.units), reset_h, at.units);
  StoreUnits(at.Gate(1), update_sums, at.units);
}

template <class At>
HWY_INLINE void FinishGruBeforeState(const At& at, UpdateGate update, const float* const* h,
                                     const float* const* update_sums, float* const* h_out) {
  StoreUnits(GruUpdate(update, LoadUnits<At::kRows>(update_sums, at.units), at.Gate(0),
                       LoadUnits<At::kRows>(h, at.units)),
             h_out, at.units);
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
