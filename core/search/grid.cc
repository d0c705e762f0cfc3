// Every combination, the last parameter running fastest.
#include <algorithm>
#include <cmath>

#include "core/search/methods.h"

namespace sequent::search {
namespace {

std::vector<double> ValuesOf(const Parameter& p, uint64_t points) {
  std::vector<double> values;
  const double whole = p.high - p.low + 1;
  if (p.choices > 0 || (p.whole && whole <= static_cast<double>(points))) {
    const size_t count = p.choices > 0 ? p.choices : static_cast<size_t>(whole);
    for (size_t i = 0; i < count; ++i) {
      values.push_back((p.choices > 0 ? 0 : p.low) + static_cast<double>(i));
    }
    return values;
  }
  for (uint64_t i = 0; i < points; ++i) {
    const double part =
        points == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(points - 1);
    values.push_back(FromUnit(p, part));
  }
  // Near the lower end of a logarithmic range several may be the same whole number.
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

class Grid : public Search {
 public:
  Grid(const Space& space, uint64_t points) {
    for (const Parameter& p : space) values_.push_back(ValuesOf(p, points));
  }

  std::optional<Point> Next(const std::vector<Trial>& history) override {
    uint64_t rest = history.size();
    Point point(values_.size());
    for (size_t i = values_.size(); i-- > 0;) {
      point[i] = values_[i][rest % values_[i].size()];
      rest /= values_[i].size();
    }
    if (rest > 0) return {};
    return point;
  }

 private:
  std::vector<std::vector<double>> values_;
};

}  // namespace

std::unique_ptr<Search> MakeGrid(const Space& space, uint64_t points) {
  return std::make_unique<Grid>(space, std::max<uint64_t>(1, points));
}

uint64_t GridSize(const Space& space, uint64_t points, uint64_t limit) {
  double size = 1;
  for (const Parameter& p : space) {
    size *= static_cast<double>(ValuesOf(p, std::max<uint64_t>(1, points)).size());
  }
  return size < static_cast<double>(limit) ? static_cast<uint64_t>(size) : limit;
}

}  // namespace sequent::search
