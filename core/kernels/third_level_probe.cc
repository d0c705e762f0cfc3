#include "core/kernels/third_level_probe.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "core/kernels/layout.h"
#include "core/kernels/packed_matrix.h"
#include "core/kernels/product.h"
#include "core/kernels/third_level.h"

namespace sequent::kernels {
namespace {

constexpr size_t kInputs = 512;
// About a high tile's.
constexpr size_t kRows = 6;
constexpr int kRuns = 15;
// How much longer than with weights at hand: a cache that keeps up takes 1.0 to 1.2 times as long,
// one that does not twice as long and more.
constexpr double kKeepsUp = 1.5;

// Seconds that a product of kRows rows takes for an output.
double SecondsPerOutput(size_t outputs) {
  const PackedMatrix w =
      PackedMatrix::Pack(std::vector<float>(outputs * kInputs, 0.01f).data(), outputs, kInputs);
  const std::vector<float> x(kInputs, 1.0f);
  std::vector<float> y(kRows * outputs);
  const float* in[kRows];
  float* out[kRows];
  for (size_t r = 0; r < kRows; ++r) {
    in[r] = x.data();
    out[r] = &y[r * outputs];
  }
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRuns; ++i) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    Product(w, kRows, in, Start::kZero, nullptr, out);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best / static_cast<double>(outputs);
}

bool Measure() {
  SetThirdLevelKeepsUp(true);  // without help
  const size_t outputs_at_hand =
      std::max<size_t>(SecondLevelCacheBytes() / 4 / (kInputs * sizeof(float)), 1);
  return SecondsPerOutput(16 * outputs_at_hand) <= kKeepsUp * SecondsPerOutput(outputs_at_hand);
}

}  // namespace

void ProbeThirdLevel() {
  [[maybe_unused]] static const bool probed = [] {
    SetThirdLevelKeepsUp(Measure());
    return true;
  }();
}

}  // namespace sequent::kernels
