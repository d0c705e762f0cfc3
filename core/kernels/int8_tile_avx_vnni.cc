// AVX-VNNI: the dot product of bytes on CPUs without AVX-512.
#include "core/kernels/int8_tile.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#define SEQ_AVX_VNNI __attribute__((target("avx2,avxvnni")))

namespace sequent::kernels {
namespace {

// R rows x one vector of 16 columns, which fills two registers.
template <size_t R>
SEQ_AVX_VNNI void Sum(const uint8_t* x, size_t stride, const int8_t* panel, size_t panel_bytes,
                      size_t groups, const int32_t* starts, int32_t* to, size_t to_stride) {
  __m256i sums[R][2];
  for (size_t r = 0; r < R; ++r) {
    sums[r][0] = _mm256_load_si256(reinterpret_cast<const __m256i*>(starts));
    sums[r][1] = _mm256_load_si256(reinterpret_cast<const __m256i*>(starts + 8));
  }
  for (size_t g = 0; g < groups; ++g, panel += panel_bytes) {
    const auto* w = reinterpret_cast<const __m256i*>(panel);
    const __m256i low = _mm256_load_si256(w), high = _mm256_load_si256(w + 1);
    for (size_t r = 0; r < R; ++r) {
      int32_t four;
      std::memcpy(&four, x + r * stride + 4 * g, sizeof(four));
      const __m256i inputs = _mm256_set1_epi32(four);
      sums[r][0] = _mm256_dpbusd_avx_epi32(sums[r][0], inputs, low);
      sums[r][1] = _mm256_dpbusd_avx_epi32(sums[r][1], inputs, high);
    }
  }
  for (size_t r = 0; r < R; ++r) {
    auto* out = reinterpret_cast<__m256i*>(to + r * to_stride);
    _mm256_store_si256(out, sums[r][0]);
    _mm256_store_si256(out + 1, sums[r][1]);
  }
}

void SumVectors(size_t rows, size_t vectors, const uint8_t* x, size_t stride, const int8_t* panel,
                size_t groups, const int32_t* starts, int32_t* sums) {
  const size_t bytes = vectors * 64, width = vectors * 16;
  for (size_t v = 0; v < vectors; ++v, panel += 64, starts += 16, sums += 16) {
    switch (rows) {
      case 1:
        Sum<1>(x, stride, panel, bytes, groups, starts, sums, width);
        break;
      case 2:
        Sum<2>(x, stride, panel, bytes, groups, starts, sums, width);
        break;
      case 3:
        Sum<3>(x, stride, panel, bytes, groups, starts, sums, width);
        break;
      case 4:
        Sum<4>(x, stride, panel, bytes, groups, starts, sums, width);
        break;
      case 5:
        Sum<5>(x, stride, panel, bytes, groups, starts, sums, width);
        break;
      default:
        Sum<6>(x, stride, panel, bytes, groups, starts, sums, width);
        break;
    }
  }
}

}  // namespace

Int8Tile AvxVnniTile() {
  const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("avxvnni");
  return has ? SumVectors : nullptr;
}

}  // namespace sequent::kernels

#else

namespace sequent::kernels {

Int8Tile AvxVnniTile() { return nullptr; }

}  // namespace sequent::kernels

#endif
