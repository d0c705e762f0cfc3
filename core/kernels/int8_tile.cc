#include "core/kernels/int8_tile.h"

#include <array>
#include <atomic>
#include <cstring>

namespace sequent::kernels {
namespace {

struct Choice {
  const char* name;
  Int8Tile tile;
};

// Best first; the last one is always there.
const std::array<Choice, 4>& Choices() {
  static const std::array<Choice, 4> choices = {{{"avx512_vnni", Avx512VnniTile()},
                                                 {"avx_vnni", AvxVnniTile()},
                                                 {"avx2", Avx2Tile()},
                                                 {"portable", PortableTile()}}};
  return choices;
}

const Choice* Best() {
  for (const Choice& choice : Choices()) {
    if (choice.tile != nullptr) return &choice;
  }
  return &Choices().back();
}

std::atomic<const Choice*> chosen{nullptr};

const Choice* Chosen() {
  const Choice* choice = chosen.load(std::memory_order_acquire);
  if (choice != nullptr) return choice;
  choice = Best();
  chosen.store(choice, std::memory_order_release);
  return choice;
}

// Plain loops for whatever the compiler makes of them.
void SumPortably(size_t rows, size_t vectors, const uint8_t* x, size_t stride, const int8_t* panel,
                 size_t groups, const int32_t* starts, int32_t* sums) {
  const size_t columns = vectors * 16;
  for (size_t r = 0; r < rows; ++r) {
    uint32_t acc[64];
    std::memcpy(acc, starts, columns * sizeof(uint32_t));
    for (size_t g = 0; g < groups; ++g) {
      const uint8_t* in = x + r * stride + 4 * g;
      const int8_t* w = panel + g * columns * 4;
      for (size_t c = 0; c < columns; ++c) {
        acc[c] += static_cast<uint32_t>(in[0] * w[4 * c] + in[1] * w[4 * c + 1] +
                                        in[2] * w[4 * c + 2] + in[3] * w[4 * c + 3]);
      }
    }
    std::memcpy(sums + r * columns, acc, columns * sizeof(uint32_t));
  }
}

}  // namespace

Int8Tile ChosenInt8Tile() { return Chosen()->tile; }
const char* Int8TileName() { return Chosen()->name; }

std::vector<std::string> OfferedInt8Tiles() {
  std::vector<std::string> names;
  for (const Choice& choice : Choices()) {
    if (choice.tile != nullptr) names.emplace_back(choice.name);
  }
  return names;
}

void UseInt8Tile(const std::string& name) {
  const Choice* wanted = Best();
  for (const Choice& choice : Choices()) {
    if (choice.tile != nullptr && choice.name == name) wanted = &choice;
  }
  chosen.store(wanted, std::memory_order_release);
}

Int8Tile PortableTile() { return SumPortably; }

}  // namespace sequent::kernels
