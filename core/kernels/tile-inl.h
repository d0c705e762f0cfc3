// The register tile that every product and cell is made of: R rows x V vectors of sums.
//
//              panel (K-major): k -> [ v0 | v1 | .. | vV-1 ]
//   x[0] k ->   acc[0][0] acc[0][1] ..
//   x[1] k ->   acc[1][0] acc[1][1] ..          acc[r][v] = fma(x[r][k], panel[k][v], acc[r][v])
//
// One broadcast per row and k, one load per vector and k, R x V independent sums; with few rows, P
// panels of V vectors each side by side. A sum's order is k = 0, 1, ... whatever R and P are: that
// is batch invariance. Weights for Winograd's inner product take
// three k at a time: winograd_tile-inl.h.
//
// Included once per target, inside Highway's foreach_target.

#if defined(SEQUENT_CORE_KERNELS_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SEQUENT_CORE_KERNELS_TILE_INL_H_
#undef SEQUENT_CORE_KERNELS_TILE_INL_H_
#else
#define SEQUENT_CORE_KERNELS_TILE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "core/kernels/winograd.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Floats>;
constexpr size_t kLanes = hn::MaxLanes(Floats());

// As many rows as leave registers for one k's weights (V) and a broadcast, or the other way round.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr size_t kRegisters = 32;
#else
constexpr size_t kRegisters = 16;
#endif
constexpr size_t kRowsInRegisters(size_t vectors) {
  if (kRegisters == 16) return vectors == 4 ? 3 : 4;
  return vectors == 4 ? 6 : 8;
}

// A weight of a matrix that is packed for Winograd's inner product: a type of its own, since its
// kernels are others (winograd_tile-inl.h).
struct WinogradFloat {
  float value;
};
template <typename Weight>
constexpr bool kIsWinograd = std::is_same_v<Weight, WinogradFloat>;
constexpr bool kWinogradFits = kRegisters == 32;

// The rows of a high tile. Where a multiply-add takes an operand from memory, one of four weights
// needs no register, and there is room for a seventh row.
template <typename Weight>
constexpr bool kFromMemory = HWY_TARGET == HWY_AVX3 && std::is_same_v<Weight, float>;
template <typename Weight>
constexpr size_t kTileRows(size_t vectors) {
  if (kIsWinograd<Weight>) return vectors == 3 ? 7 : 8;
  return vectors == 4 && kFromMemory<Weight> ? 7 : kRowsInRegisters(vectors);
}

// A sum's next multiply-add waits for its last: four cycles, in which a core starts eight. A tile
// of few rows therefore takes several panels side by side, as far as there are registers for the
// sums.
constexpr size_t kMostPanels = 4;
template <typename Weight>
constexpr size_t kMostSums = kIsWinograd<Weight> ? 20
                             : kRegisters == 32  ? 24
                                                 : 12;
template <typename Weight>
constexpr size_t PanelsAtOnce(size_t rows, size_t vectors) {
  size_t panels = 1;
  while (panels < kMostPanels && 2 * panels * rows * vectors <= kMostSums<Weight>) panels *= 2;
  return panels;
}
// Several tiles never do: that of all rows, whom a walk asks for, and that of a tile's are one.
template <typename Weight>
constexpr bool kAlone(size_t vectors) {
  return PanelsAtOnce<Weight>(kTileRows<Weight>(vectors) + 1, vectors) == 1;
}
static_assert(kAlone<float>(2) && kAlone<float>(3) && kAlone<float>(4));
static_assert(kAlone<uint16_t>(2) && kAlone<uint16_t>(3) && kAlone<uint16_t>(4));
static_assert(kAlone<WinogradFloat>(2) && kAlone<WinogradFloat>(3) && kAlone<WinogradFloat>(4));

// gcc would load (and, from bf16, unpack) a weight again for every row of a low tile, as the
// operand in memory of each multiply-add.
template <class V>
HWY_INLINE void HoldInRegister(V& value) {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  asm("" : "+v"(value.raw));
#else
  (void)value;
#endif
}

// body(Index<0>()), .., body(Index<N - 1>()). gcc keeps an array in registers only if no variable
// ever indexes it: a loop, even one that it unrolls later on, has it copied to the stack and back.
template <size_t I>
using Index = std::integral_constant<size_t, I>;
template <size_t... I, class Body>
HWY_INLINE void ForEachIndex(std::index_sequence<I...>, const Body& body) {
  (body(Index<I>()), ...);
}
template <size_t N, class Body>
HWY_INLINE void Unrolled(const Body& body) {
  ForEachIndex(std::make_index_sequence<N>(), body);
}
// Of such a body: a lambda is a function to gcc, with a target and a will of its own.
#undef SEQUENT_UNROLLED
#define SEQUENT_UNROLLED HWY_ATTR __attribute__((always_inline))

// Vector v of one k's weights, as floats: k is that of `from`, which is even, or the next one. A
// bf16 pair of them shares a word, the even k below.
template <size_t kNext, size_t V>
HWY_INLINE Vec LoadWeight(const float* HWY_RESTRICT from, size_t v) {
  Vec weight = hn::Load(Floats(), from + (kNext * V + v) * kLanes);
  HoldInRegister(weight);
  return weight;
}
using Words = hn::RebindToUnsigned<Floats>;
HWY_INLINE hn::Vec<Words> LoadPair(const uint16_t* from) {
  return hn::Load(Words(), reinterpret_cast<const uint32_t*>(from));
}
template <size_t kNext>
HWY_INLINE Vec OfPair(hn::Vec<Words> pair) {
  if constexpr (kNext == 0) return hn::BitCast(Floats(), hn::ShiftLeft<16>(pair));
  return hn::BitCast(Floats(), hn::And(pair, hn::Set(Words(), 0xffff0000u)));
}
template <size_t kNext, size_t V>
HWY_INLINE Vec LoadWeight(const uint16_t* HWY_RESTRICT from, size_t v) {
  Vec weight = OfPair<kNext>(LoadPair(from + 2 * v * kLanes));
  HoldInRegister(weight);
  return weight;
}

template <size_t kNext, size_t V, typename Weight>
HWY_INLINE void LoadWeights(const Weight* HWY_RESTRICT from, Vec (&w)[V]) {
  Unrolled<V>([&](auto v) SEQUENT_UNROLLED { w[v] = LoadWeight<kNext, V>(from, v); });
}

// How many k a tile takes at a time.
template <typename Weight>
constexpr size_t kStep = kIsWinograd<Weight> ? 3 : 4;
constexpr size_t kLine = 64;  // bytes of a cache line

#if HWY_TARGET == HWY_AVX3
// sum += a b. Told in so many words, because gcc wants a register more for sums on their way from
// one to another, and loads what it could take from memory.
HWY_INLINE void MulAddTo(Vec a, Vec b, Vec* sum) {
  asm("vfmadd231ps %2, %1, %0" : "+v"(sum->raw) : "v"(a.raw), "v"(b.raw));
}
HWY_INLINE void MulAddFromMemory(Vec a, const float* b, Vec* sum) {
  asm("vfmadd231ps %2, %1, %0"
      : "+v"(sum->raw)
      : "v"(a.raw), "m"(*reinterpret_cast<const __m512*>(b)));
}
#endif

// One product of a tile: sum over k < count of x[r][begin + k] * weights[k]. By default there is
// none.
template <typename Weight>
struct TileProduct {
  const Weight* weights = nullptr;  // of the first panel, for k = begin
  size_t panel_stride = 0;          // from a panel's weights to the next one's
  const float* const* x = nullptr;
  size_t begin = 0, count = 0;
  // What to ask for meanwhile, if there is one panel: `prefetch_lines` cache lines for every
  // kStep k, from `prefetch` on, and after `turn` k from `then` on.
  size_t prefetch_lines = 0;
  const Weight* prefetch = nullptr;
  size_t turn = SIZE_MAX;  // a multiple of kStep
  const Weight* then = nullptr;
};

// What a tile's sums start from: a row each, or the same for all rows, or zero.
struct TileStart {
  const float* const* rows = nullptr;  // from `offset` on
  const float* same = nullptr;
  size_t offset = 0;
};

// P panels side by side, V vectors each: see PanelsAtOnce.
template <size_t R, size_t V, size_t P>
struct Tile {
  static constexpr size_t kWidth = V * kLanes;  // of a panel

  Vec acc[P * R * V];

  HWY_INLINE explicit Tile(const TileStart& start) {
    Unrolled<P>([&](auto p) SEQUENT_UNROLLED {
      if (start.rows != nullptr) {
        Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
          const float* from = start.rows[r] + start.offset + p * kWidth;
          Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
            acc[At(p, r, v)] = hn::LoadU(Floats(), from + v * kLanes);
          });
        });
      } else {
        Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
          const Vec same = start.same != nullptr
                               ? hn::LoadU(Floats(), start.same + p * kWidth + v * kLanes)
                               : hn::Zero(Floats());
          Unrolled<R>([&](auto r) SEQUENT_UNROLLED { acc[At(p, r, v)] = same; });
        });
      }
    });
  }

  // `stride`: from a panel's results to the next one's.
  HWY_INLINE void Store(float* const* to, size_t offset, size_t stride) const {
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      float* row = to[r] + offset;
      Unrolled<P>([&](auto p) SEQUENT_UNROLLED {
        Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
          hn::StoreU(acc[At(p, r, v)], Floats(), row + p * stride + v * kLanes);
        });
      });
    });
  }

  template <typename Weight>
  HWY_INLINE void Add(const TileProduct<Weight>& product) {
    constexpr size_t kUnroll = kStep<Weight>;
    const Weight* HWY_RESTRICT panel = product.weights;
    const float* x[R];
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED { x[r] = product.x[r] + product.begin; });
    const size_t whole = product.count - product.count % kUnroll;
    [[maybe_unused]] const Weight* next = product.prefetch;
    size_t k = 0;
    for (; k < whole; k += kUnroll, panel += kUnroll * kWidth) {
      if constexpr (P == 1) {
        if (HWY_UNLIKELY(k == product.turn)) next = product.then;
        for (size_t i = 0; i < product.prefetch_lines; ++i, next += kLine / sizeof(Weight)) {
          __builtin_prefetch(next, 0, 3);
        }
      }
      Unrolled<kUnroll / 2>([&](auto pair) SEQUENT_UNROLLED {
        AddPair(panel + 2 * pair * kWidth, product.panel_stride, x, k + 2 * pair);
      });
    }
    for (; k + 1 < product.count; k += 2, panel += 2 * kWidth) {
      AddPair(panel, product.panel_stride, x, k);
    }
    if (k < product.count) AddOne<0>(panel, product.panel_stride, x, k);
  }

  // Puts the sums of the panels' last vectors down, at to[r] + offset, and goes on from `restart`
  // there: [P][kLanes].
  HWY_INLINE void Restart(const float* restart, float* const* to, size_t offset, size_t stride) {
    Unrolled<P>([&](auto p) SEQUENT_UNROLLED {
      const Vec start = hn::LoadU(Floats(), restart + p * kLanes);
      Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
        hn::StoreU(acc[At(p, r, V - 1)], Floats(), to[r] + offset + p * stride);
        acc[At(p, r, V - 1)] = start;
      });
    });
  }

  static constexpr size_t At(size_t p, size_t r, size_t v) { return (p * R + r) * V + v; }

 private:
  // x[r][k] in all lanes, for every row.
  HWY_INLINE static void Broadcast(const float* const (&x)[R], size_t k, Vec (&to)[R]) {
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      to[r] = hn::Set(Floats(), x[r][k]);
      HoldInRegister(to[r]);
    });
  }
  HWY_INLINE void MulAdd(const Vec (&broadcast)[R], Vec weight, size_t p, size_t v) {
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      acc[At(p, r, v)] = hn::MulAdd(broadcast[r], weight, acc[At(p, r, v)]);
    });
  }

  // `from`: one k's weights.
  HWY_INLINE void AddWithLastFromMemory(const float* HWY_RESTRICT from, const float* const (&x)[R],
                                        size_t k) {
    Vec w[V - 1];
    Unrolled<V - 1>([&](auto v) SEQUENT_UNROLLED { w[v] = LoadWeight<0, V>(from, v); });
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      Vec broadcast = hn::Set(Floats(), x[r][k]);
      HoldInRegister(broadcast);
      Unrolled<V - 1>([&](auto v)
                          SEQUENT_UNROLLED { MulAddTo(broadcast, w[v], &acc[At(0, r, v)]); });
      MulAddFromMemory(broadcast, from + (V - 1) * kLanes, &acc[At(0, r, V - 1)]);
    });
  }

  // The k of `panel` and the next one.
  template <typename Weight>
  HWY_INLINE void AddPair(const Weight* HWY_RESTRICT panel, size_t stride,
                          const float* const (&x)[R], size_t k) {
    // Measured: of 32 registers two too few do no harm, of 16 they cost a quarter.
    constexpr bool kRoom = kRegisters == 32 || P * R * V + 2 * R + 2 <= kRegisters;
    if constexpr (P == 1 || std::is_same_v<Weight, float> || !kRoom) {
      AddOne<0>(panel, stride, x, k);
      AddOne<1>(panel, stride, x, k + 1);
    } else {
      Vec first[R], second[R];
      Broadcast(x, k, first);
      Broadcast(x, k + 1, second);
      Unrolled<P>([&](auto p) SEQUENT_UNROLLED {
        Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
          auto pair = LoadPair(panel + p * stride + 2 * v * kLanes);
          HoldInRegister(pair);
          MulAdd(first, OfPair<0>(pair), p, v);
          MulAdd(second, OfPair<1>(pair), p, v);
        });
      });
    }
  }

  // kNext as for LoadWeight. All weights of a panel stay in registers while the rows pass, or all
  // but one, or, with several panels, all rows as well, or, where there are not enough for that,
  // only the rows while the weights pass.
  template <size_t kNext, typename Weight>
  HWY_INLINE void AddOne(const Weight* HWY_RESTRICT panel, size_t stride,
                         const float* const (&x)[R], size_t k) {
    if constexpr (P == 1 && R * V + V + 1 <= kRegisters) {
      Vec w[V];
      LoadWeights<kNext>(panel, w);
      Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
        Vec broadcast = hn::Set(Floats(), x[r][k]);
        HoldInRegister(broadcast);
        Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
          acc[At(0, r, v)] = hn::MulAdd(broadcast, w[v], acc[At(0, r, v)]);
        });
      });
    } else if constexpr (P == 1 && R * V + V <= kRegisters && kFromMemory<Weight>) {
      AddWithLastFromMemory(panel + kNext * kWidth, x, k);
    } else {
      Vec broadcast[R];
      Broadcast(x, k, broadcast);
      Unrolled<P>([&](auto p) SEQUENT_UNROLLED {
        if constexpr (P * R * V + R + V <= kRegisters) {
          Vec w[V];
          LoadWeights<kNext>(panel + p * stride, w);
          Unrolled<V>([&](auto v) SEQUENT_UNROLLED { MulAdd(broadcast, w[v], p, v); });
        } else {
          Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
            MulAdd(broadcast, LoadWeight<kNext, V>(panel + p * stride, v), p, v);
            // No register is left for gcc to move sums around.
            Unrolled<R>([&](auto r) SEQUENT_UNROLLED { HoldInRegister(acc[At(p, r, v)]); });
          });
        }
      });
    }
  }
};

// The first n <= kLanes floats at `from`, zeros behind them; and back.
HWY_INLINE Vec LoadPart(const float* from, size_t n) {
  if (HWY_LIKELY(n >= kLanes)) return hn::LoadU(Floats(), from);
  HWY_ALIGN float buffer[kLanes] = {};
  std::memcpy(buffer, from, n * sizeof(float));
  return hn::Load(Floats(), buffer);
}
HWY_INLINE void StorePart(Vec value, float* to, size_t n) {
  if (HWY_LIKELY(n >= kLanes)) {
    hn::StoreU(value, Floats(), to);
    return;
  }
  HWY_ALIGN float buffer[kLanes];
  hn::Store(value, Floats(), buffer);
  std::memcpy(to, buffer, n * sizeof(float));
}

template <size_t R>
struct RowCount {
  static constexpr size_t value = R;
};

// body(RowCount<rows>()) for 1 <= rows <= kMax.
template <size_t kMax, class Body>
HWY_INLINE void WithRowCount(size_t rows, const Body& body) {
  if constexpr (kMax == 1) {
    body(RowCount<1>());
  } else {
    if (rows == kMax) return body(RowCount<kMax>());
    WithRowCount<kMax - 1>(rows, body);
  }
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
