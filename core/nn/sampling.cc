#include "core/nn/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"

namespace sequent {
namespace {

using Candidate = std::pair<float, int32_t>;  // logit, class

bool Before(const Candidate& a, const Candidate& b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}

// Proportional to the class's probability; 1 for the most probable one, even if logits are
// infinite.
double Weight(float logit, float max, float temperature) {
  return logit == max ? 1 : std::exp((double{logit} - max) / temperature);
}

double TotalWeight(const std::vector<Candidate>& kept, float max, float temperature) {
  double total = 0;
  for (const Candidate& c : kept) total += Weight(c.first, max, temperature);
  return total;
}

void KeepTopK(size_t k, std::vector<Candidate>* kept) {
  if (k == 0 || k >= kept->size()) return;
  std::nth_element(kept->begin(), kept->begin() + k, kept->end(), Before);
  kept->resize(k);
}

void KeepTopP(float p, float max, float temperature, std::vector<Candidate>* kept) {
  if (p >= 1) return;
  std::sort(kept->begin(), kept->end(), Before);
  const double enough = p * TotalWeight(*kept, max, temperature);
  double sum = 0;
  size_t n = 0;
  do {
    sum += Weight((*kept)[n++].first, max, temperature);
  } while (sum < enough && n < kept->size());
  kept->resize(n);
}

// Uniform and normal draws of one key must not be functions of the same bits.
RandomStream Stream(uint64_t seed, uint32_t sample, uint64_t step, uint64_t kind) {
  return RandomStream(seed, kind << 32 | sample, step);
}

}  // namespace

Status CheckSampling(const SamplingOptions& options) {
  if (!(options.temperature > 0) || !std::isfinite(options.temperature)) {
    return MakeError(Reason::kBadRequest, StrCat("sampling.temperature: expected a finite number > "
                                                 "0, got ",
                                                 options.temperature));
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    return MakeError(Reason::kBadRequest,
                     StrCat("sampling.top_p: expected > 0 and <= 1, got ", options.top_p));
  }
  return absl::OkStatus();
}

int32_t SampleClass(std::span<const float> logits, const SamplingOptions& options, double uniform,
                    std::vector<std::pair<float, int32_t>>* scratch) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  std::vector<Candidate>& kept = *scratch;
  kept.clear();
  float max = kNever;
  for (size_t i = 0; i < logits.size(); ++i) {
    const float logit = std::isnan(logits[i]) ? kNever : logits[i];
    kept.emplace_back(logit, static_cast<int32_t>(i));
    max = std::max(max, logit);
  }
  KeepTopK(options.top_k, &kept);
  KeepTopP(options.top_p, max, options.temperature, &kept);
  // In order of class, so that a cut that drops nothing changes nothing.
  constexpr auto kByClass = [](const Candidate& a, const Candidate& b) {
    return a.second < b.second;
  };
  if (!std::is_sorted(kept.begin(), kept.end(), kByClass)) {
    std::sort(kept.begin(), kept.end(), kByClass);
  }
  double left = uniform * TotalWeight(kept, max, options.temperature);
  int32_t drawn = 0;
  for (const Candidate& c : kept) {
    const double weight = Weight(c.first, max, options.temperature);
    if (weight == 0) continue;
    drawn = c.second;
    if (left < weight) break;
    left -= weight;
  }
  return drawn;
}

double UniformDraw(uint64_t seed, uint32_t sample, uint64_t step, uint32_t index) {
  return Stream(seed, sample, step, 0).Uniform(index);
}

double NormalDraw(uint64_t seed, uint32_t sample, uint64_t step, uint32_t index) {
  return Stream(seed, sample, step, 1).Normal(index);
}

}  // namespace sequent
