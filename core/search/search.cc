#include "core/search/search.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/base/error.h"
#include "core/search/methods.h"

namespace sequent::search {

StatusOr<std::unique_ptr<Search>> MakeSearch(const Space& space, const SearchOptions& options) {
  SEQ_RETURN_IF_ERROR(CheckSpace(space));
  if (options.method == "grid") return MakeGrid(space, options.points);
  if (options.method == "random") return MakeRandom(space, options.seed);
  if (options.method == "bayesian") return MakeBayesian(space, options.seed, options.tries);
  if (options.method == "global") {
    auto search = MakeGlobal(space, options.seed);
    if (search != nullptr) return search;
    return absl::UnimplementedError(
        "expected grid, random or bayesian, got 'global', which this program was built without "
        "(it needs libdlib-dev)");
  }
  return absl::InvalidArgumentError(
      StrCat("expected grid, random, bayesian or global, got '", Quoted(options.method), "'"));
}

std::optional<size_t> BestTrial(const std::vector<Trial>& history) {
  std::optional<size_t> best;
  for (size_t i = 0; i < history.size(); ++i) {
    if (!std::isfinite(history[i].loss)) continue;
    if (!best || history[i].loss < history[*best].loss) best = i;
  }
  return best;
}

bool WasTried(const Point& point, const std::vector<Trial>& history) {
  return std::any_of(history.begin(), history.end(),
                     [&](const Trial& trial) { return trial.point == point; });
}

}  // namespace sequent::search
