#include "core/train/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.h"

namespace sequent::train {
namespace {

constexpr uint64_t kBootstrapStream = 0x626f6f74;

// Sums over circular runs of values.
class CircularSums {
 public:
  explicit CircularSums(std::span<const double> values) : sums_(1, 0.0), count_(values.size()) {
    for (size_t i = 0; i < count_ + kBootstrapBlock; ++i) {
      sums_.push_back(sums_.back() + values[i % count_]);
    }
  }
  double Run(size_t begin, size_t length) const { return sums_[begin + length] - sums_[begin]; }

 private:
  std::vector<double> sums_;
  size_t count_;
};

}  // namespace

std::optional<Interval> SkillInterval(std::span<const double> errors, std::span<const double> naive,
                                      uint64_t seed) {
  const size_t n = errors.size();
  if (n < 2 * kBootstrapBlock) return {};
  const CircularSums error_sums(errors), naive_sums(naive);
  std::vector<double> skills;
  for (size_t resample = 0; resample < kBootstrapResamples; ++resample) {
    const RandomStream random(seed, kBootstrapStream, resample);
    double error = 0, other = 0;
    for (size_t made = 0; made < n; made += kBootstrapBlock) {
      const size_t length = std::min(kBootstrapBlock, n - made);
      const auto begin = static_cast<size_t>(random.Uniform(made) * static_cast<double>(n));
      error += error_sums.Run(begin, length);
      other += naive_sums.Run(begin, length);
    }
    if (!(other > 0)) return {};
    skills.push_back(1 - std::sqrt(std::max(0.0, error) / other));
  }
  std::sort(skills.begin(), skills.end());
  const auto at = [&](double level) {
    return skills[static_cast<size_t>(std::lround(level * (kBootstrapResamples - 1)))];
  };
  return Interval{at(0.025), at(0.975)};
}

}  // namespace sequent::train
