// The order in which tiles are computed: rows in blocks, panel by panel, the rows of a block tile
// by tile under each panel.
//
// A panel stays in the second-level cache while all tiles of a block use it. Where the weights come
// from further away, the tiles under one panel ask for the next one, each for its share: then the
// way of the weights and the arithmetic run side by side.
//
// What all tiles of a block pass over may be too long to stay there beside what comes next. Then it
// is cut into pieces: all tiles pass over one, their sums put down in between, while the next one
// comes. With a few tiles the weights' way and the arithmetic take about the same time, and neither
// may wait for the other: then the pieces are short, and fit the first-level cache.
//
// With a single tile the processor's own prefetchers are good enough unless the weights come from
// far away. Even then they are if there are several streams, one for each of the panels side by
// side; with one stream the tile asks for what it needs a short piece later.
//
// All that is for weights that come more slowly than a high tile uses them: from memory, or from a
// third-level cache that does not keep up (third_level.h). For others the first tiles are high, and
// nobody asks for anything. Only Winograd's inner product, which uses weights faster still and has
// time left, asks for those that the second-level cache does not hold.
//
// Included once per target, inside Highway's foreach_target.

#if defined(SEQUENT_CORE_KERNELS_WALK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SEQUENT_CORE_KERNELS_WALK_INL_H_
#undef SEQUENT_CORE_KERNELS_WALK_INL_H_
#else
#define SEQUENT_CORE_KERNELS_WALK_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "core/kernels/layout.h"
#include "core/kernels/packed_matrix.h"
#include "core/kernels/panel_walk.h"
#include "core/kernels/third_level.h"
#include "core/kernels/tile_task-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

// Rows whose inputs stay in the second-level cache while all panels pass over them.
constexpr size_t kRowBlock = 128;

// A block of rows under a panel, or under some side by side.
struct Place {
  static constexpr size_t kNone = SIZE_MAX;

  size_t row, rows;      // the first one, how many
  size_t panel, panels;  // the same
  size_t next_panel;     // the next place's in the walk, or kNone
  bool ask;              // whether a tile asks for what it needs a little later
};

// A tile of such a block.
struct TilePlace {
  size_t row, rows;  // from the block's first row on
  size_t tile;       // which one
};

// Whether a core brings the weights from the third-level cache by itself, as fast as it uses them.
HWY_INLINE bool ComesQuickly(const PackedMatrix& w) { return ThirdLevelKeepsUp() && !w.far(); }

// Winograd's inner product leaves a core time to ask for weights that come quickly, but not quickly
// enough for it: those of a step, `bytes` altogether, that the second-level cache does not hold.
template <typename Weight>
HWY_INLINE bool WorthAsking(const PackedMatrix& w, size_t bytes) {
  return kIsWinograd<Weight> && bytes > SecondLevelCacheBytes() && ComesQuickly(w);
}

// Calls body(Place) for all of a walk over matrices of so many bytes. Panels come one by one, or,
// if few rows make it worthwhile, as many at once as PanelsAtOnce() says: never a narrower one, nor
// what is left over. One that asks for weights ahead does better with one panel.
template <typename Weight, class Body>
HWY_INLINE void ForEachPlace(const PackedMatrix& w, size_t bytes, const PanelWalk& walk,
                             size_t rows, const Body& body) {
  const bool ask = WorthAsking<Weight>(w, bytes);
  const size_t begin = std::min(walk.begin, w.panels()), end = std::min(walk.end, w.panels());
  const size_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  for (size_t b = 0; b < blocks; ++b) {
    const size_t first = rows * b / blocks, count = rows * (b + 1) / blocks - first;
    const size_t at_once = ask ? 1 : PanelsAtOnce<Weight>(count, w.panel_width() / kLanes);
    // Of the panels that are left, [from, to), those that are next.
    size_t from = begin, to = end;
    const auto next_panels = [&]() -> size_t {
      const size_t last = walk.backwards ? to : from + at_once;
      return to - from >= at_once && last <= w.full_panels() ? at_once : 1;
    };
    const auto next_panel = [&] { return walk.backwards ? to - next_panels() : from; };
    while (from < to) {
      Place place{first, count, next_panel(), next_panels(), Place::kNone, ask};
      (walk.backwards ? to : from) = place.panel + (walk.backwards ? 0 : place.panels);
      if (from < to) place.next_panel = next_panel();
      body(place);
    }
  }
}

// How many tiles ForEachTile makes of so many rows: as few as there can be.
template <size_t V, typename Weight>
HWY_INLINE size_t TilesOf(size_t rows) {
  return (rows + kTileRows<Weight>(V) - 1) / kTileRows<Weight>(V);
}

// A tile of kTileRows() rows is the fastest; one of fewer than a dozen sums waits for its own.
// Where weights are at hand, or come quickly to the first tile, which leaves them at hand for the
// others, as many tiles are high as leave a dozen sums for each of the rest. Else each asks for its
// share of what comes: all are of equal height as far as they go.
constexpr size_t kEnoughSums = 12;
template <size_t V, typename Weight, class Body>
HWY_INLINE void ForEachTile(const PackedMatrix& w, size_t rows, const Body& body) {
  constexpr size_t kHigh = kTileRows<Weight>(V), kLow = std::min(kEnoughSums / V, kHigh);
  const size_t tiles = TilesOf<V, Weight>(rows);
  const bool high_first = !kIsWinograd<Weight> && (!w.streamed() || ComesQuickly(w));
  size_t row = 0;
  for (size_t i = 0; i < tiles; ++i) {
    const size_t left = rows - row, behind = tiles - i - 1;
    size_t height = left;
    if (high_first && left >= behind * kLow + kHigh) {
      height = kHigh;
    } else if (behind > 0) {
      height = (left + behind) / (behind + 1);
      if (high_first && left > behind * kLow + height) height = left - behind * kLow;
    }
    body(TilePlace{row, height, i});
    row += height;
  }
}

template <size_t V>
struct VectorCount {
  static constexpr size_t value = V;
};

// body(VectorCount<panel's vectors>()). kGates 2 to 4: as many in every panel; 1: up to 4.
template <size_t kGates, class Body>
HWY_INLINE void WithVectorCount(const PackedMatrix& w, size_t panel, const Body& body) {
  if constexpr (kGates > 1) {
    body(VectorCount<kGates>());
  } else {
    switch (w.panel_columns(panel) / kLanes) {
      case 1:
        return body(VectorCount<1>());
      case 2:
        return body(VectorCount<2>());
      case 3:
        return body(VectorCount<3>());
      default:
        return body(VectorCount<4>());
    }
  }
}

// body(weight), where decltype(weight) is what the matrix stores.
template <class Body>
HWY_INLINE void WithWeight(const PackedMatrix& w, const Body& body) {
  if (w.precision() == Precision::kBf16) return body(uint16_t{});
  if constexpr (kWinogradFits) {
    if (w.winograd()) return body(WinogradFloat{});
  }
  body(float{});
}

// Two fit the first-level cache: what is worked on and what comes.
constexpr size_t kShortPiece = 16384;  // bytes

// W x of a place's first tile, of so many. `then` are the weights that are wanted after it, or
// nullptr.
template <typename Weight>
HWY_INLINE void SetProduct(const PackedMatrix& w, const Place& place, size_t tiles,
                           const Weight* then, TileProduct<Weight>* product) {
  const size_t width = w.panel_columns(place.panel);
  product->weights = w.panel<Weight>(place.panel);
  product->panel_stride = w.panel_stride();
  product->count = w.inputs();
  const size_t step_bytes = width * sizeof(Weight) * kStep<Weight>;
  if (tiles == 1) {
    if (!w.far() || place.panels > 1) return;
    const size_t whole = w.inputs() - w.inputs() % kStep<Weight>;
    const size_t steps = kShortPiece / (width * sizeof(Weight));
    const size_t ahead = std::min(steps - steps % kStep<Weight>, whole);
    product->prefetch = product->weights + ahead * width;
    product->prefetch_lines = step_bytes / kLine;
    product->turn = whole - ahead;
    product->then = then == nullptr ? product->weights : then;
    return;
  }
  // What is there already costs as much to ask for as what is not: two tiles have no time for that.
  const bool worthwhile = tiles > 2 ? w.partly_streamed() : w.streamed();
  if (!worthwhile || ComesQuickly(w) || place.next_panel == Place::kNone) return;
  // Its share of the next panel.
  product->prefetch = w.panel<Weight>(place.next_panel);
  product->prefetch_lines = (step_bytes / kLine + tiles - 1) / tiles;
}

// By Winograd's inner product the first of several tiles asks, and the others find at hand what it
// asked for.
constexpr size_t kAheadBytes = 3072;
HWY_INLINE void SetProduct(const PackedMatrix& w, const Place& place, size_t /*tiles*/,
                           const WinogradFloat* then, TileProduct<WinogradFloat>* product) {
  const size_t width = w.panel_columns(place.panel);
  product->weights = w.panel<WinogradFloat>(place.panel);
  product->panel_stride = w.panel_stride();
  product->half = w.half_stride();
  product->count = w.inputs();
  product->triples = w.triples();
  if (w.triples() == 0) return;
  product->scaled = w.scales_rows();
  product->corrections = w.corrections() + place.panel * w.panel_width();
  const bool slow = w.streamed() && !ComesQuickly(w);
  if (place.panels > 1 || !(place.ask || slow)) return;
  const size_t bytes = slow ? kShortPiece : kAheadBytes;
  product->ahead = std::min(bytes / (3 * width * sizeof(float)) + 1, w.triples());
  product->then = then == nullptr ? product->weights : then;
  product->then_half = product->half;
}

// Goes on to that tile, from the one before it; x[0] belongs to the place's first row. A task is
// made once for all tiles of a place: what is written anew for each takes longer than it seems, as
// a tile's multiply-adds wait in the same queue.
template <size_t V>
HWY_INLINE void MoveTo(const TilePlace& tile, const float* const* x,
                       TileProduct<WinogradFloat>* product) {
  product->x = x + tile.row;
  if (tile.tile > 0) product->ahead = 0;
}
template <size_t V, typename Weight>
HWY_INLINE void MoveTo(const TilePlace& tile, const float* const* x, TileProduct<Weight>* product) {
  product->x = x + tile.row;
  if (tile.tile == 0 || product->prefetch_lines == 0) return;
  constexpr size_t kStepLines = V * kLanes * sizeof(Weight) * kStep<Weight> / kLine;
  if (tile.tile * product->prefetch_lines >= kStepLines) {
    product->prefetch_lines = 0;
  } else {
    product->prefetch +=
        product->prefetch_lines * kLine * (product->count / kStep<Weight>) / sizeof(Weight);
  }
}

// How long the pieces are that a place's panels are cut into, in bytes; 0: they are not.
// `panel_bytes` is what each of its tiles passes over.
template <size_t V, typename Weight>
HWY_INLINE size_t PieceBytes(const PackedMatrix& w, size_t rows, size_t panel_bytes) {
  constexpr size_t kHigh = kIsWinograd<Weight> ? kRowsOverBothHalves : kTileRows<Weight>(V);
  constexpr size_t kFew = std::min(4 * kTileRows<Weight>(V), size_t{24});
  if (!w.streamed() || ComesQuickly(w) || rows <= kHigh) return 0;
  if (kIsWinograd<Weight> && w.triples() == 0) return 0;
  if (rows <= kFew) return kShortPiece;
  // Panels may take a quarter of the cache, those that come as much, and the rows the rest.
  const size_t cache = SecondLevelCacheBytes();
  return kIsWinograd<Weight> || panel_bytes > cache / 4 ? cache / 8 : 0;
}

// Adds W x to the sums of a place's rows, at to[r] + offset: they are there already. `next`: the
// weights that are wanted when this is done, or nullptr.
template <size_t V, typename Weight>
HWY_INLINE void AddPieces(const PackedMatrix& w, const Place& place, size_t piece_bytes,
                          const float* const* x, const Weight* next, float* const* to,
                          size_t offset) {
  constexpr size_t kWidth = V * kLanes;
  const Weight* const panel = w.panel<Weight>(place.panel);
  const size_t tiles = TilesOf<V, Weight>(place.rows);
  const size_t bytes = w.inputs() * kWidth * sizeof(Weight);
  // All as long as each other: each asks for as much as the next one has.
  const size_t pieces = (bytes + piece_bytes - 1) / piece_bytes;
  const auto begin = [&](size_t piece) {
    const size_t k = w.inputs() * piece / pieces;
    return piece == pieces ? k : k - k % kStep<Weight>;
  };
  for (size_t piece = 0; piece < pieces; ++piece) {
    const size_t k = begin(piece), count = begin(piece + 1) - k;
    const Weight* const ahead = k + count < w.inputs() ? panel + (k + count) * kWidth : next;
    ForEachTile<V, Weight>(w, place.rows, [&](const TilePlace& tile) HWY_ATTR {
      TileTask<V, Weight> task;
      task.to = to + tile.row;
      task.offset = offset;
      task.start = {.rows = task.to, .offset = offset};
      task.first.weights = panel + k * kWidth;
      task.first.x = x + place.row + tile.row;
      task.first.begin = k;
      task.first.count = count;
      if (ahead != nullptr) {
        const size_t lines = (kStep<Weight> * kWidth * sizeof(Weight) / kLine + tiles - 1) / tiles;
        task.first.prefetch =
            ahead + tile.tile * lines * kLine * (count / kStep<Weight>) / sizeof(Weight);
        task.first.prefetch_lines = lines;
      }
      RunTileOf(tile.rows, 1, task);
    });
  }
}

// The same by Winograd's inner product for a stream of V vectors: a panel, or a half of one that
// has four.
template <size_t V>
HWY_INLINE void AddWinogradPieces(const PackedMatrix& w, const Place& place, size_t half,
                                  size_t piece_bytes, const float* const* x,
                                  const WinogradFloat* next, float* const* to, size_t offset) {
  constexpr size_t kPanelVectors = V == 2 ? 4 : V, kTriple = 3 * V * kLanes;
  constexpr size_t kTripleLines = (kTriple * sizeof(float) + kLine - 1) / kLine;
  const size_t tiles = TilesOf<kPanelVectors, WinogradFloat>(place.rows);
  TileTask<V, WinogradFloat> task;
  task.offset = offset + half * V * kLanes;
  TileProduct<WinogradFloat>& product = task.first;
  product.panel_stride = w.panel_stride();
  product.count = w.inputs();
  product.scaled = w.scales_rows();
  product.share_lines = (kTripleLines + tiles - 1) / tiles;
  const WinogradFloat* const weights = w.panel<WinogradFloat>(place.panel) + half * w.half_stride();
  const size_t bytes = w.triples() * kTriple * sizeof(float);
  const size_t pieces = std::max<size_t>((bytes + piece_bytes - 1) / piece_bytes, 1);
  for (size_t piece = 0; piece < pieces; ++piece) {
    const size_t end = w.triples() * (piece + 1) / pieces;
    product.begin = w.triples() * piece / pieces;
    product.triples = end - product.begin;
    product.ends = piece + 1 == pieces;
    product.weights = weights + product.begin * kTriple;
    product.next = product.ends ? next : weights + end * kTriple;
    product.corrections = piece > 0 || w.triples() == 0
                              ? nullptr
                              : w.corrections() + place.panel * w.panel_width() + half * V * kLanes;
    ForEachTile<kPanelVectors, WinogradFloat>(w, place.rows, [&](const TilePlace& tile) HWY_ATTR {
      task.to = to + tile.row;
      task.start = {.rows = task.to, .offset = task.offset};
      product.x = x + place.row + tile.row;
      product.lines_before = tile.tile * product.share_lines;
      WithRowCount<kTileRows<WinogradFloat>(kPanelVectors)>(tile.rows, [&](auto count) HWY_ATTR {
        RunTile<decltype(count)::value, V, 1, WinogradFloat>(task);
      });
    });
  }
}

template <size_t V, typename Weight>
HWY_INLINE void AddInPieces(const PackedMatrix& w, const Place& place, size_t piece_bytes,
                            const float* const* x, const Weight* next, float* const* to,
                            size_t offset) {
  if constexpr (!kIsWinograd<Weight>) {
    AddPieces<V, Weight>(w, place, piece_bytes, x, next, to, offset);
  } else if constexpr (V == 4) {
    AddWinogradPieces<2>(w, place, 0, piece_bytes, x,
                         w.panel<Weight>(place.panel) + w.half_stride(), to, offset);
    AddWinogradPieces<2>(w, place, 1, piece_bytes, x, next, to, offset);
  } else {
    AddWinogradPieces<V>(w, place, 0, piece_bytes, x, next, to, offset);
  }
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
