// The sums of whole numbers that every int8 product is made of: a few rows x one panel.
//
// Whole numbers have no rounding, so every implementation gives the same sums in whatever order it
// adds. The best one that the CPU has is chosen at run time; those for special instructions are
// files of their own, compiled for them, with nothing else inside. Thread safety: thread-safe, but
// UseInt8Tile, during which no kernel may run.
#ifndef SEQUENT_CORE_KERNELS_INT8_TILE_H_
#define SEQUENT_CORE_KERNELS_INT8_TILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sequent::kernels {

// Rows of one call: as many as 32 registers hold sums of 4 vectors for.
inline constexpr size_t kInt8TileRows = 6;

// sums[r][column] = starts[column] + over all groups and their 4 inputs x[r][k] * panel[k][column],
// modulo 2^32. 1 to kInt8TileRows rows of `stride` bytes (int8_rows.h); `vectors` (1 to 4) of 16
// columns (int8_matrix.h); sums are [rows, 16 * vectors]. All 64-byte aligned.
using Int8Tile = void (*)(size_t rows, size_t vectors, const uint8_t* x, size_t stride,
                          const int8_t* panel, size_t groups, const int32_t* starts, int32_t* sums);

// The one in use.
Int8Tile ChosenInt8Tile();
const char* Int8TileName();

// For tests and measurements: those this CPU has, best first ("avx512_vnni", "portable"), and a
// change to the one of this name; any other name: the best one.
std::vector<std::string> OfferedInt8Tiles();
void UseInt8Tile(const std::string& name);

// The implementations; nullptr where this CPU, or the platform compiled for, has not got them.
Int8Tile Avx512VnniTile();
Int8Tile AvxVnniTile();
Int8Tile Avx2Tile();
Int8Tile PortableTile();

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_INT8_TILE_H_
