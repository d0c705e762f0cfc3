// AVX-512 with VNNI: 64 products of bytes and their sums in one instruction.
//
// Few rows cannot keep the pipeline full with one sum per vector: they add up in several
// independent parts, which the end joins. A panel is read in order, once.
#include "core/kernels/int8_tile.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#define SEQ_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

namespace sequent::kernels {
namespace {

inline int32_t FourBytes(const uint8_t* from) {
  int32_t four;
  std::memcpy(&four, from, sizeof(four));
  return four;
}

// R rows x V vectors of sums, in kChains independent parts: part c takes the groups c, c + kChains,
// ... and the first one what is left. Unless these loops are unrolled early, GCC keeps the sums in
// memory.
template <size_t R, size_t V>
SEQ_VNNI void Sum(const uint8_t* x, size_t stride, const int8_t* panel, size_t groups,
                  const int32_t* starts, int32_t* to) {
  constexpr size_t kChains = R == 1 ? 4 : R == 2 ? 2 : 1;
  __m512i sums[kChains * R][V];
#pragma GCC unroll 8
  for (size_t i = 0; i < kChains * R; ++i) {
#pragma GCC unroll 4
    for (size_t v = 0; v < V; ++v) {
      sums[i][v] = i < R ? _mm512_load_si512(starts + v * 16) : _mm512_setzero_si512();
    }
  }
  const size_t rounds = groups / kChains * kChains;
  for (size_t g = 0; g < rounds; g += kChains) {
#pragma GCC unroll 4
    for (size_t c = 0; c < kChains; ++c, panel += V * 64) {
      __m512i w[V];
#pragma GCC unroll 4
      for (size_t v = 0; v < V; ++v) w[v] = _mm512_load_si512(panel + v * 64);
#pragma GCC unroll 8
      for (size_t r = 0; r < R; ++r) {
        const __m512i input = _mm512_set1_epi32(FourBytes(x + r * stride + 4 * (g + c)));
#pragma GCC unroll 4
        for (size_t v = 0; v < V; ++v) {
          sums[c * R + r][v] = _mm512_dpbusd_epi32(sums[c * R + r][v], input, w[v]);
        }
      }
    }
  }
  for (size_t g = rounds; g < groups; ++g, panel += V * 64) {
#pragma GCC unroll 8
    for (size_t r = 0; r < R; ++r) {
      const __m512i input = _mm512_set1_epi32(FourBytes(x + r * stride + 4 * g));
#pragma GCC unroll 4
      for (size_t v = 0; v < V; ++v) {
        const __m512i w = _mm512_load_si512(panel + v * 64);
        sums[r][v] = _mm512_dpbusd_epi32(sums[r][v], input, w);
      }
    }
  }
#pragma GCC unroll 8
  for (size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (size_t v = 0; v < V; ++v) {
      __m512i sum = sums[r][v];
#pragma GCC unroll 4
      for (size_t c = 1; c < kChains; ++c) sum = _mm512_add_epi32(sum, sums[c * R + r][v]);
      _mm512_store_si512(to + (r * V + v) * 16, sum);
    }
  }
}

template <size_t V>
void SumRows(size_t rows, const uint8_t* x, size_t stride, const int8_t* panel, size_t groups,
             const int32_t* starts, int32_t* sums) {
  switch (rows) {
    case 1:
      return Sum<1, V>(x, stride, panel, groups, starts, sums);
    case 2:
      return Sum<2, V>(x, stride, panel, groups, starts, sums);
    case 3:
      return Sum<3, V>(x, stride, panel, groups, starts, sums);
    case 4:
      return Sum<4, V>(x, stride, panel, groups, starts, sums);
    case 5:
      return Sum<5, V>(x, stride, panel, groups, starts, sums);
    default:
      return Sum<6, V>(x, stride, panel, groups, starts, sums);
  }
}

void SumVectors(size_t rows, size_t vectors, const uint8_t* x, size_t stride, const int8_t* panel,
                size_t groups, const int32_t* starts, int32_t* sums) {
  switch (vectors) {
    case 1:
      return SumRows<1>(rows, x, stride, panel, groups, starts, sums);
    case 2:
      return SumRows<2>(rows, x, stride, panel, groups, starts, sums);
    case 3:
      return SumRows<3>(rows, x, stride, panel, groups, starts, sums);
    default:
      return SumRows<4>(rows, x, stride, panel, groups, starts, sums);
  }
}

}  // namespace

Int8Tile Avx512VnniTile() {
  const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  return has ? SumVectors : nullptr;
}

}  // namespace sequent::kernels

#else

namespace sequent::kernels {

Int8Tile Avx512VnniTile() { return nullptr; }

}  // namespace sequent::kernels

#endif
