// Bayesian search: spread a few points out, then go where improvement is expected to be greatest.
//
// The losses so far are fitted by a Gaussian process, whose mean and deviation (m, d) at a point
// give the improvement over the best loss b to be expected there,
//   EI = (b - m) P(z) + d p(z),   z = (b - m) / d,   P and p the normal distribution and density
// (Mockus 1978; Jones, Schonlau, Welch 1998). It is large where the process expects little loss and
// where it knows little. Its greatest point is looked for by drawing many and improving the best of
// them step by step.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/random.h"
#include "core/search/gaussian_process.h"
#include "core/search/methods.h"

namespace sequent::search {
namespace {

constexpr uint64_t kPurpose = 0x62617965736961;  // "bayesia"

// What is drawn for a try: first evenly, then near the best point, then around the best drawn.
constexpr size_t kEven = 600, kNear = 200, kImproved = 4, kRounds = 24, kSteps = 6;

double ExpectedImprovement(const GaussianProcess::Prediction& at, double best) {
  const double gain = best - at.mean;
  if (at.deviation < 1e-12) return std::max(0.0, gain);
  const double z = gain / at.deviation;
  const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
  return gain * 0.5 * std::erfc(-z / std::numbers::sqrt2) + at.deviation * density;
}

// Losses without what is far above the middle: how bad a bad point is says nothing of the good
// ones, and would bend the whole process. Failures are as bad as the worst left.
std::vector<double> Tamed(const std::vector<Trial>& history) {
  std::vector<double> sorted;
  for (const Trial& trial : history) {
    if (std::isfinite(trial.loss)) sorted.push_back(trial.loss);
  }
  if (sorted.empty()) return std::vector<double>(history.size(), 0);
  std::sort(sorted.begin(), sorted.end());
  const double best = sorted.front(), middle = sorted[sorted.size() / 2];
  const double worst = std::min(sorted.back(), middle + 3 * (middle - best));
  std::vector<double> losses;
  for (const Trial& trial : history) {
    losses.push_back(std::isfinite(trial.loss) ? std::min(trial.loss, worst) : worst);
  }
  double mean = 0, squares = 0;
  for (const double loss : losses) mean += loss / static_cast<double>(losses.size());
  for (const double loss : losses) squares += (loss - mean) * (loss - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(losses.size()));
  for (double& loss : losses) loss = deviation > 0 ? (loss - mean) / deviation : 0;
  return losses;
}

class Bayesian : public Search {
 public:
  Bayesian(const Space& space, uint64_t seed, uint64_t tries) : space_(space), seed_(seed) {
    const uint64_t wanted = 2 * space.size() + 2;
    first_ = std::clamp<uint64_t>(wanted, 3, std::max<uint64_t>(3, tries / 3));
    for (size_t i = 0; i < space.size(); ++i) {
      const bool apart = space[i].choices > 0 && !space[i].ordered;
      scale_of_.insert(scale_of_.end(), apart ? space[i].choices : 1, i);
    }
  }

  std::optional<Point> Next(const std::vector<Trial>& history) override {
    if (history.size() < first_) {
      const Point point = Spread(history.size());
      if (!WasTried(point, history)) return point;
      return DrawNew(space_, seed_, history.size(), history);
    }
    Measured data;
    for (const Trial& trial : history) data.x.push_back(Coordinates(trial.point));
    data.y = Tamed(history);
    data.scale_of = scale_of_;
    const GaussianProcess process = GaussianProcess::Fit(data);
    return Greatest(process, history);
  }

 private:
  struct Candidate {
    std::vector<double> unit;
    Point point;
    double gain = 0;
  };

  // Even in every number of points: multiples of the powers of the root of g^(d+1) = g + 1 (Roberts
  // 2018), shifted by the seed.
  Point Spread(uint64_t i) const {
    const double d = static_cast<double>(space_.size());
    double root = 2;
    for (int round = 0; round < 60; ++round) root = std::pow(1 + root, 1 / (d + 1));
    const RandomStream shift(seed_, kPurpose, 0);
    Point point(space_.size());
    double step = 1;
    for (size_t j = 0; j < space_.size(); ++j) {
      step /= root;
      const double u = shift.Uniform(j) + step * static_cast<double>(i + 1);
      point[j] = FromUnit(space_[j], u - std::floor(u));
    }
    return point;
  }

  // Where the process has the point: a number for what has an order, a corner for each choice.
  std::vector<double> Coordinates(const Point& point) const {
    std::vector<double> x;
    for (size_t i = 0; i < space_.size(); ++i) {
      if (space_[i].choices == 0 || space_[i].ordered) {
        x.push_back(ToUnit(space_[i], point[i]));
        continue;
      }
      for (size_t c = 0; c < space_[i].choices; ++c) {
        x.push_back(static_cast<double>(c) == point[i] ? std::numbers::sqrt2 / 2 : 0);
      }
    }
    return x;
  }

  Candidate Rate(std::vector<double> unit, const GaussianProcess& process, double best) const {
    Candidate candidate;
    candidate.unit = std::move(unit);
    for (size_t i = 0; i < space_.size(); ++i) {
      candidate.point.push_back(FromUnit(space_[i], candidate.unit[i]));
    }
    candidate.gain = ExpectedImprovement(process.At(Coordinates(candidate.point)), best);
    return candidate;
  }

  std::vector<double> Near(const std::vector<double>& unit, double width,
                           const RandomStream& stream, uint64_t* draw) const {
    std::vector<double> near = unit;
    for (double& u : near) u = std::clamp(u + width * stream.Normal((*draw)++), 0.0, 1.0);
    return near;
  }

  std::optional<Point> Greatest(const GaussianProcess& process,
                                const std::vector<Trial>& history) const {
    // The best of what the process makes of the points tried: a loss that was lucky is not it.
    double best = process.At(Coordinates(history[0].point)).mean;
    size_t best_at = 0;
    for (size_t i = 1; i < history.size(); ++i) {
      const double mean = process.At(Coordinates(history[i].point)).mean;
      if (mean < best) {
        best = mean;
        best_at = i;
      }
    }
    const RandomStream stream(seed_, kPurpose, 1 + history.size());
    uint64_t draw = 0;
    std::vector<Candidate> found;
    for (size_t i = 0; i < kEven; ++i) {
      std::vector<double> unit(space_.size());
      for (double& u : unit) u = stream.Uniform(draw++);
      found.push_back(Rate(std::move(unit), process, best));
    }
    std::vector<double> middle(space_.size());
    for (size_t i = 0; i < middle.size(); ++i) {
      middle[i] = ToUnit(space_[i], history[best_at].point[i]);
    }
    for (size_t i = 0; i < kNear; ++i) {
      const double width = std::pow(10, -1 - static_cast<double>(i % 3));
      found.push_back(Rate(Near(middle, width, stream, &draw), process, best));
    }
    std::erase_if(found, [&](const Candidate& c) { return WasTried(c.point, history); });
    if (found.empty()) return DrawNew(space_, seed_, history.size(), history);
    std::stable_sort(found.begin(), found.end(),
                     [](const Candidate& a, const Candidate& b) { return a.gain > b.gain; });
    found.resize(std::min(found.size(), kImproved));
    for (Candidate& candidate : found) {
      for (size_t round = 0; round < kRounds; ++round) {
        const double width = 0.1 * std::pow(0.8, static_cast<double>(round));
        for (size_t step = 0; step < kSteps; ++step) {
          Candidate other = Rate(Near(candidate.unit, width, stream, &draw), process, best);
          if (other.gain > candidate.gain && !WasTried(other.point, history)) candidate = other;
        }
      }
    }
    return std::max_element(found.begin(), found.end(),
                            [](const Candidate& a, const Candidate& b) { return a.gain < b.gain; })
        ->point;
  }

  const Space space_;
  const uint64_t seed_;
  uint64_t first_ = 0;
  std::vector<size_t> scale_of_;
};

}  // namespace

std::unique_ptr<Search> MakeBayesian(const Space& space, uint64_t seed, uint64_t tries) {
  return std::make_unique<Bayesian>(space, seed, tries);
}

}  // namespace sequent::search
