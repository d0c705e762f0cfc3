// AVX2 without dot products of bytes: bytes are widened to 16 bits and multiplied in pairs.
//
// Products of bytes added in pairs as 16 bits (vpmaddubsw) would saturate; widened, nothing is
// lost. A sum of one column stands in two halves, even and odd pairs, until the end.
#include "core/kernels/int8_tile.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#define SEQ_AVX2 __attribute__((target("avx2")))

namespace sequent::kernels {
namespace {

// R rows x one vector of 16 columns; a register holds the sums of 4 columns, each in two halves.
template <size_t R>
SEQ_AVX2 void Sum(const uint8_t* x, size_t stride, const int8_t* panel, size_t panel_bytes,
                  size_t groups, const int32_t* starts, int32_t* to, size_t to_stride) {
  __m256i sums[R][4];
  for (size_t r = 0; r < R; ++r) {
    for (size_t q = 0; q < 4; ++q) sums[r][q] = _mm256_setzero_si256();
  }
  for (size_t g = 0; g < groups; ++g, panel += panel_bytes) {
    __m256i inputs[R];
    for (size_t r = 0; r < R; ++r) {
      int32_t four;
      std::memcpy(&four, x + r * stride + 4 * g, sizeof(four));
      inputs[r] = _mm256_cvtepu8_epi16(_mm_set1_epi32(four));
    }
    for (size_t q = 0; q < 4; ++q) {
      const __m256i w =
          _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(panel + q * 16)));
      for (size_t r = 0; r < R; ++r) {
        sums[r][q] = _mm256_add_epi32(sums[r][q], _mm256_madd_epi16(inputs[r], w));
      }
    }
  }
  for (size_t r = 0; r < R; ++r) {
    for (size_t pair = 0; pair < 2; ++pair) {
      // Joins the halves, then brings the columns back into order.
      const __m256i joined = _mm256_hadd_epi32(sums[r][2 * pair], sums[r][2 * pair + 1]);
      const __m256i start = _mm256_load_si256(reinterpret_cast<const __m256i*>(starts + pair * 8));
      _mm256_store_si256(reinterpret_cast<__m256i*>(to + r * to_stride + pair * 8),
                         _mm256_add_epi32(start, _mm256_permute4x64_epi64(joined, 0xd8)));
    }
  }
}

void SumVectors(size_t rows, size_t vectors, const uint8_t* x, size_t stride, const int8_t* panel,
                size_t groups, const int32_t* starts, int32_t* sums) {
  for (size_t v = 0; v < vectors; ++v, panel += 64, starts += 16, sums += 16) {
    const size_t to_stride = vectors * 16;
    size_t r = 0;
    for (; r + 2 <= rows; r += 2) {
      Sum<2>(x + r * stride, stride, panel, vectors * 64, groups, starts, sums + r * to_stride,
             to_stride);
    }
    if (r < rows) {
      Sum<1>(x + r * stride, stride, panel, vectors * 64, groups, starts, sums + r * to_stride,
             to_stride);
    }
  }
}

}  // namespace

Int8Tile Avx2Tile() { return __builtin_cpu_supports("avx2") ? SumVectors : nullptr; }

}  // namespace sequent::kernels

#else

namespace sequent::kernels {

Int8Tile Avx2Tile() { return nullptr; }

}  // namespace sequent::kernels

#endif
