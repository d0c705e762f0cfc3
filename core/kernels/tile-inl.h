// The register tile that every product and cell is made of: R rows x V vectors of sums.
//
//              panel (K-major): k -> [ v0 | v1 | .. | vV-1 ]
//   x[0] k ->   acc[0][0] acc[0][1] ..
//   x[1] k ->   acc[1][0] acc[1][1] ..          acc[r][v] = fma(x[r][k], panel[k][v], acc[r][v])
//
// One broadcast per row and k, one load per vector and k, R x V independent sums. A sum's order is
// k = 0, 1, ... whatever R is: that is batch invariance.
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
constexpr size_t kTileRows(size_t vectors) {
  if (kRegisters == 16) return vectors == 4 ? 3 : 4;
  return vectors == 4 ? 6 : 8;
}

// gcc would load (and, from bf16, unpack) a weight again for every row of a low tile, as the
// operand in memory of each multiply-add.
HWY_INLINE void HoldInRegister(Vec& value) {
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

// One k's weights, as floats.
template <size_t V>
HWY_INLINE void LoadWeights(const float* HWY_RESTRICT from, Vec (&w)[V]) {
  Unrolled<V>([&](auto v) SEQUENT_UNROLLED { w[v] = hn::Load(Floats(), from + v * kLanes); });
}
template <size_t V>
HWY_INLINE void LoadWeights(const uint16_t* HWY_RESTRICT from, Vec (&w)[V]) {
  const hn::RebindToUnsigned<Floats> words;
  Unrolled<V / 2>([&](auto pair) SEQUENT_UNROLLED {
    const auto both = hn::LoadU(words, reinterpret_cast<const uint32_t*>(from + 2 * pair * kLanes));
    w[2 * pair] = hn::BitCast(Floats(), hn::ShiftLeft<16>(both));
    w[2 * pair + 1] = hn::BitCast(Floats(), hn::And(both, hn::Set(words, 0xffff0000u)));
  });
  if constexpr (V % 2 == 1) {
    const hn::Rebind<uint16_t, Floats> halves;
    const auto word = hn::PromoteTo(words, hn::LoadU(halves, from + (V - 1) * kLanes));
    w[V - 1] = hn::BitCast(Floats(), hn::ShiftLeft<16>(word));
  }
}

constexpr size_t kUnroll = 4;

// One product of a tile: sum over k < count of x[r][begin + k] * weights[k]. By default there is
// none.
template <typename Weight>
struct TileProduct {
  const Weight* weights = nullptr;  // of the panel, for k = begin
  const float* const* x = nullptr;
  size_t begin = 0, count = 0;
  // To ask the second-level cache for meanwhile: `prefetch_lines` cache lines for every kUnroll k,
  // from `prefetch` on.
  const char* prefetch = nullptr;
  size_t prefetch_lines = 0;
};

// What a tile's sums start from: a row each, or the same for all rows, or zero.
struct TileStart {
  const float* const* rows = nullptr;  // from `offset` on
  const float* same = nullptr;
  size_t offset = 0;
};

template <size_t R, size_t V>
struct Tile {
  Vec acc[R * V];

  HWY_INLINE explicit Tile(const TileStart& start) {
    if (start.rows != nullptr) {
      Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
        const float* from = start.rows[r] + start.offset;
        Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
          acc[r * V + v] = hn::LoadU(Floats(), from + v * kLanes);
        });
      });
    } else {
      Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
        const Vec same = start.same != nullptr ? hn::LoadU(Floats(), start.same + v * kLanes)
                                               : hn::Zero(Floats());
        Unrolled<R>([&](auto r) SEQUENT_UNROLLED { acc[r * V + v] = same; });
      });
    }
  }

  HWY_INLINE void Store(float* const* to, size_t offset) const {
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      float* row = to[r] + offset;
      Unrolled<V>([&](auto v)
                      SEQUENT_UNROLLED { hn::StoreU(acc[r * V + v], Floats(), row + v * kLanes); });
    });
  }

  template <typename Weight>
  HWY_INLINE void Add(const TileProduct<Weight>& product) {
    const Weight* HWY_RESTRICT panel = product.weights;
    const float* x[R];
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED { x[r] = product.x[r] + product.begin; });
    const size_t whole = product.count - product.count % kUnroll;
    const char* next = product.prefetch;
    size_t k = 0;
    for (; k < whole; k += kUnroll, panel += kUnroll * V * kLanes) {
      for (size_t i = 0; i < product.prefetch_lines; ++i, next += 64) {
        __builtin_prefetch(next, 0, 2);
      }
      static_assert(kUnroll == 4);
      AddOne(panel, x, k);
      AddOne(panel + V * kLanes, x, k + 1);
      AddOne(panel + 2 * V * kLanes, x, k + 2);
      AddOne(panel + 3 * V * kLanes, x, k + 3);
    }
    for (; k < product.count; ++k, panel += V * kLanes) AddOne(panel, x, k);
  }

 private:
  template <typename Weight>
  HWY_INLINE void AddOne(const Weight* HWY_RESTRICT panel, const float* const (&x)[R], size_t k) {
    Vec w[V];
    LoadWeights(panel, w);
    Unrolled<V>([&](auto v) SEQUENT_UNROLLED { HoldInRegister(w[v]); });
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      Vec broadcast = hn::Set(Floats(), x[r][k]);
      HoldInRegister(broadcast);
      Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
        acc[r * V + v] = hn::MulAdd(broadcast, w[v], acc[r * V + v]);
      });
    });
  }
};

// start + first + second -> to.
template <size_t V, typename Weight>
struct TileTask {
  TileStart start;
  TileProduct<Weight> first, second;
  float* const* to;
  size_t offset = 0;
  // If set, the last vector's sum is put aside behind the others between the two products, and goes
  // on from here: [kLanes] floats.
  const float* restart = nullptr;
};

// Out of line: the accumulators have all registers to themselves.
template <size_t R, size_t V, typename Weight>
HWY_NOINLINE void RunTile(const TileTask<V, Weight>& task) {
  Tile<R, V> tile(task.start);
  if (task.first.count > 0) tile.Add(task.first);
  if (task.restart != nullptr) {
    const Vec restart = hn::LoadU(Floats(), task.restart);
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      hn::StoreU(tile.acc[r * V + V - 1], Floats(), task.to[r] + task.offset + V * kLanes);
      tile.acc[r * V + V - 1] = restart;
    });
  }
  if (task.second.count > 0) tile.Add(task.second);
  tile.Store(task.to, task.offset);
}

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
