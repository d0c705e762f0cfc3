// From whole sums to the floats that cells and products go on with.
//
// A tile's sums come from an Int8Tile into a small buffer that is read again at once, so they never
// leave the first-level cache. Each turns into start + scale_x scale_w sum, first for x, then for
// h: one order for every batch. Rows go in blocks, panel by panel, as in walk-inl.h.
//
// Included once per target, inside Highway's foreach_target.

#if defined(SEQUENT_CORE_KERNELS_INT8_WALK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SEQUENT_CORE_KERNELS_INT8_WALK_INL_H_
#undef SEQUENT_CORE_KERNELS_INT8_WALK_INL_H_
#else
#define SEQUENT_CORE_KERNELS_INT8_WALK_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/kernels/int8_matrix.h"
#include "core/kernels/int8_rows.h"
#include "core/kernels/int8_tile.h"
#include "core/kernels/panel_walk.h"
#include "core/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

// Rows whose quantised inputs stay in the second-level cache while all panels pass over them.
constexpr size_t kInt8RowBlock = 192;

// One term of a tile's sums: whole numbers, and what they are to be multiplied by.
class Int8Term {
 public:
  // `x` begins with the tile's first row.
  HWY_INLINE void Set(Int8Tile tile, const Int8Matrix& w, size_t panel, size_t rows,
                      const Int8Rows& x) {
    width_ = w.vectors(panel) * kInt8Lanes;
    row_scales_ = x.scales;
    column_scales_ = w.scales(panel);
    tile(rows, w.vectors(panel), x.values, x.stride, w.panel(panel), w.groups(), w.starts(panel),
         sums_);
  }

  // start + the term, for the columns from `column` on.
  HWY_INLINE Vec AddTo(Vec start, size_t r, size_t column) const {
    const hn::RebindToSigned<Floats> ints;
    const Vec scale =
        hn::Mul(hn::Set(Floats(), row_scales_[r]), hn::Load(Floats(), column_scales_ + column));
    const Vec sum = hn::ConvertTo(Floats(), hn::Load(ints, sums_ + r * width_ + column));
    return hn::MulAdd(scale, sum, start);
  }

 private:
  size_t width_ = 0;
  const float* row_scales_ = nullptr;
  const float* column_scales_ = nullptr;
  alignas(64) int32_t sums_[kInt8TileRows * 4 * kInt8Lanes];
};

// Calls body(panel, first row, rows) for every tile.
template <class Body>
HWY_INLINE void ForEachInt8Tile(const Int8Matrix& w, const PanelWalk& walk, size_t rows,
                                const Body& body) {
  const size_t begin = std::min(walk.begin, w.panels()), end = std::min(walk.end, w.panels());
  const size_t blocks = (rows + kInt8RowBlock - 1) / kInt8RowBlock;
  for (size_t b = 0; b < blocks; ++b) {
    const size_t first = rows * b / blocks, count = rows * (b + 1) / blocks - first;
    const size_t tiles = (count + kInt8TileRows - 1) / kInt8TileRows;
    for (size_t i = begin; i < end; ++i) {
      const size_t panel = walk.backwards ? end - 1 - (i - begin) : i;
      for (size_t t = 0; t < tiles; ++t) {
        const size_t row = count * t / tiles;
        body(panel, first + row, count * (t + 1) / tiles - row);
      }
    }
  }
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
