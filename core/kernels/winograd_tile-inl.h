// The register tile's sums by Winograd's inner product (winograd.h): triple by triple, a pair and a
// single k each.
//
//   sum = fma(a + w_b, b + w_a, sum)    a = x[j], b = x[m + j], w_a and w_b their weights
//   sum = fma(c, w_c, sum)              c = x[2m + j]
//
// Two multiply-adds and two additions for a sum and triple: both kinds of units are busy. The loop
// is short enough for a core to overlap one triple's additions with another's multiply-adds.
//
// It uses weights half as fast again as multiply-adds do, faster than many caches give them. A tile
// of many rows therefore takes the two halves of a panel of four vectors one after the other, which
// makes room for more rows than the four together would: each half stands for itself.
//
// Included once per target, inside Highway's foreach_target.

#if defined(SEQUENT_CORE_KERNELS_WINOGRAD_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SEQUENT_CORE_KERNELS_WINOGRAD_TILE_INL_H_
#undef SEQUENT_CORE_KERNELS_WINOGRAD_TILE_INL_H_
#else
#define SEQUENT_CORE_KERNELS_WINOGRAD_TILE_INL_H_
#endif

#include <algorithm>

#include "core/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

// Rows that take all four vectors of a panel at once.
constexpr size_t kRowsOverBothHalves = 5;

template <>
struct TileProduct<WinogradFloat> {
  const WinogradFloat* weights = nullptr;  // of the first panel, for triple `begin`
  size_t panel_stride = 0;                 // from a panel's weights to the next one's
  size_t half = 0;                         // from a panel's first half to its second
  const float* const* x = nullptr;         // prepared if the matrix has triples
  size_t count = 0;                        // inputs of all pieces
  size_t begin = 0, triples = 0;
  bool ends = true;                    // whether the sums end here, with what is behind the triples
  bool scaled = false;                 // rows have scales of their own
  const float* corrections = nullptr;  // of the panels' columns, if the sums begin here
  // How far ahead to ask for weights, in triples; 0: not at all. Behind the last ones: for these.
  size_t ahead = 0;
  const WinogradFloat* then = nullptr;
  size_t then_half = 0;
  // Or what comes after all tiles have passed, of which each asks for its share: `share_lines`
  // cache lines a triple, behind those that the tiles before ask for. nullptr: nothing.
  const WinogradFloat* next = nullptr;
  size_t share_lines = 0, lines_before = 0;
};

// As Tile, whose sums it has.
template <size_t R, size_t V, size_t P>
struct WinogradTile : Tile<R, V, P> {
  using Tile<R, V, P>::acc;
  using Tile<R, V, P>::At;

  HWY_INLINE explicit WinogradTile(const TileStart& start) : Tile<R, V, P>(start) {}

  HWY_INLINE void Add(const TileProduct<WinogradFloat>& product) {
    const auto* HWY_RESTRICT panel = reinterpret_cast<const float*>(product.weights);
    const float* x[R];
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED { x[r] = product.x[r]; });
    const size_t stride = product.panel_stride, half = product.half;
    const size_t end = product.begin + product.triples;
    if (end == 0) return AddSingles(panel, stride, half, x, 0, product.count);
    const RowLayout at(product.count);
    const size_t part = at.part;
    const bool scaled = product.scaled && AreScaled(x, at);
    if (product.corrections != nullptr) Correct(product.corrections, x, at, scaled);
    size_t j = product.begin;
    if (P == 1 && product.ahead > 0) {
      const float* HWY_RESTRICT next = panel + product.ahead * kTriple;
      for (; j + product.ahead < end; ++j, panel += kTriple, next += kTriple) {
        Ask(next, half);
        AddTriple(panel, stride, half, x, j, part);
      }
      next = reinterpret_cast<const float*>(product.then);
      for (; j < end; ++j, panel += kTriple, next += kTriple) {
        Ask(next, product.then_half);
        AddTriple(panel, stride, half, x, j, part);
      }
    } else if (P == 1 && product.next != nullptr && product.lines_before < kTripleLines) {
      constexpr size_t kFloats = kLine / sizeof(float);
      const size_t lines = std::min(product.share_lines, kTripleLines - product.lines_before);
      const float* HWY_RESTRICT next = reinterpret_cast<const float*>(product.next) +
                                       product.lines_before * kFloats * product.triples;
      for (; j < end; ++j, panel += kTriple) {
        for (size_t i = 0; i < lines; ++i, next += kFloats) __builtin_prefetch(next, 0, 3);
        AddTriple(panel, stride, half, x, j, part);
      }
    } else {
      for (; j < end; ++j, panel += kTriple) AddTriple(panel, stride, half, x, j, part);
    }
    if (!product.ends) return;
    AddSingles(panel, stride, half, x, 2 * part + end, product.count - 3 * end);
    if (scaled) ScaleBack(x, at);
  }

 private:
  static constexpr size_t kTogether = V == 4 ? 2 : V;  // vectors that stand side by side
  static constexpr size_t kHalves = V / kTogether;     // of a panel, as far as this is over both
  static constexpr size_t kTriple = 3 * kTogether * kLanes;
  static constexpr size_t kTripleLines = (kTriple * sizeof(float) + kLine - 1) / kLine;

  // Where a triple's weights begin, for each half of each panel.
  using Begins = const float * [P * kHalves];

  // Of the pair's first input (0), its second (1), or the single one (2).
  HWY_INLINE static Vec Weight(const Begins& begins, size_t p, size_t which, size_t v) {
    return hn::Load(Floats(), begins[p * kHalves + v / kTogether] +
                                  (which * kTogether + v % kTogether) * kLanes);
  }
  HWY_INLINE static void Weights(const Begins& begins, size_t which, Vec (&to)[P * V]) {
    Unrolled<P>([&](auto p) SEQUENT_UNROLLED {
      Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
        to[p * V + v] = Weight(begins, p, which, v);
        HoldInRegister(to[p * V + v]);
      });
    });
  }
  HWY_INLINE static Vec Broadcast(const float* x, size_t k) {
    Vec value = hn::Set(Floats(), x[k]);
    HoldInRegister(value);
    return value;
  }
  // body(p, v) for all vectors of all panels.
  template <class Body>
  HWY_INLINE static void ForEachVector(const Body& body) {
    Unrolled<P>([&](auto p) SEQUENT_UNROLLED {
      Unrolled<V>([&](auto v) SEQUENT_UNROLLED { body(p, v); });
    });
  }
  HWY_INLINE static void MulAdd(Vec a, Vec b, Vec& sum) {
#if HWY_TARGET == HWY_AVX3
    MulAddTo(a, b, &sum);
#else
    sum = hn::MulAdd(a, b, sum);
#endif
  }

  HWY_INLINE static void Ask(const float* from, size_t half) {
    Unrolled<V / kTogether>([&](auto h) SEQUENT_UNROLLED {
      Unrolled<kTripleLines>([&](auto i) SEQUENT_UNROLLED {
        __builtin_prefetch(from + h * half + i * (kLine / sizeof(float)), 0, 3);
      });
    });
  }

  HWY_INLINE void AddTriple(const float* HWY_RESTRICT panel, size_t stride, size_t half,
                            const float* const (&x)[R], size_t j, size_t part) {
    constexpr size_t kSums = P * R * V;
    Begins begins;
    Unrolled<P * kHalves>([&](auto i) SEQUENT_UNROLLED {
      begins[i] = panel + i / kHalves * stride + i % kHalves * half;
      // gcc would rather keep an address for each vector, and has no registers for that many.
      if constexpr (P * kHalves > 1) asm("" : "+r"(begins[i]));
    });
    if constexpr (kSums + 2 * P * V + 4 <= kRegisters) {
      // A pair's weights stay in registers while the rows pass, then the third one's.
      Vec of_a[P * V], of_b[P * V], of_c[P * V];
      Weights(begins, 0, of_a);
      Weights(begins, 1, of_b);
      Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
        const Vec a = Broadcast(x[r], j), b = Broadcast(x[r], part + j);
        ForEachVector([&](auto p, auto v) SEQUENT_UNROLLED {
          MulAdd(hn::Add(a, of_b[p * V + v]), hn::Add(b, of_a[p * V + v]), acc[At(p, r, v)]);
        });
      });
      Weights(begins, 2, of_c);
      Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
        const Vec c = Broadcast(x[r], 2 * part + j);
        ForEachVector([&](auto p, auto v)
                          SEQUENT_UNROLLED { MulAdd(c, of_c[p * V + v], acc[At(p, r, v)]); });
      });
    } else {
      // The rows stay in registers while the weights pass.
      Vec a[R], b[R], c[R];
      Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
        a[r] = Broadcast(x[r], j);
        b[r] = Broadcast(x[r], part + j);
      });
      ForEachVector([&](auto p, auto v) SEQUENT_UNROLLED {
        const Vec of_a = Weight(begins, p, 0, v);
        const Vec of_b = Weight(begins, p, 1, v);
        Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
          MulAdd(hn::Add(a[r], of_b), hn::Add(b[r], of_a), acc[At(p, r, v)]);
        });
      });
      Unrolled<R>([&](auto r) SEQUENT_UNROLLED { c[r] = Broadcast(x[r], 2 * part + j); });
      ForEachVector([&](auto p, auto v) SEQUENT_UNROLLED {
        const Vec of_c = Weight(begins, p, 2, v);
        Unrolled<R>([&](auto r) SEQUENT_UNROLLED { MulAdd(c[r], of_c, acc[At(p, r, v)]); });
      });
    }
  }

  // `count` inputs from x[r][k] on, by multiply-adds alone.
  HWY_INLINE void AddSingles(const float* HWY_RESTRICT panel, size_t stride, size_t half,
                             const float* const (&x)[R], size_t k, size_t count) {
    for (const size_t end = k + count; k < end; ++k, panel += kTogether * kLanes) {
      Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
        const Vec value = Broadcast(x[r], k);
        ForEachVector([&](auto p, auto v) SEQUENT_UNROLLED {
          MulAdd(value,
                 hn::Load(Floats(),
                          panel + p * stride + v / kTogether * half + v % kTogether * kLanes),
                 acc[At(p, r, v)]);
        });
      });
    }
  }

  // Most rows' scale is one, and then there is nothing to do.
  HWY_INLINE static bool AreScaled(const float* const (&x)[R], const RowLayout& at) {
    bool scaled = false;
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED { scaled |= x[r][at.scale()] != 1.0f; });
    return scaled;
  }
  HWY_INLINE void Correct(const float* HWY_RESTRICT corrections, const float* const (&x)[R],
                          const RowLayout& at, bool scaled) {
    if (scaled) {
      Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
        const Vec scale = Broadcast(x[r], at.scale()), row = Broadcast(x[r], at.correction());
        ForEachVector([&](auto p, auto v) SEQUENT_UNROLLED {
          const Vec column = hn::Load(Floats(), corrections + (p * V + v) * kLanes);
          acc[At(p, r, v)] = hn::MulAdd(acc[At(p, r, v)], scale, hn::Add(column, row));
        });
      });
      return;
    }
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      const Vec row = Broadcast(x[r], at.correction());
      ForEachVector([&](auto p, auto v) SEQUENT_UNROLLED {
        const Vec column = hn::Load(Floats(), corrections + (p * V + v) * kLanes);
        acc[At(p, r, v)] = hn::Add(acc[At(p, r, v)], hn::Add(column, row));
      });
    });
  }
  HWY_INLINE void ScaleBack(const float* const (&x)[R], const RowLayout& at) {
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      const Vec inverse = Broadcast(x[r], at.inverse());
      ForEachVector([&](auto p, auto v) SEQUENT_UNROLLED {
        acc[At(p, r, v)] = hn::Mul(acc[At(p, r, v)], inverse);
      });
    });
  }
};

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
