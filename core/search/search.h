// Looking for the point with the smallest loss, when a loss takes minutes: four methods behind one
// interface.
//
//   grid      every combination, in order
//   random    points drawn evenly (Bergstra and Bengio 2012)
//   bayesian  a Gaussian process over the losses so far, the point of greatest expected improvement
//             next (bayesian.cc)
//   global    dlib's upper bounds and trust region (King 2017), if this was built with dlib
//
// A search is a function of (space, options, history): it can be left at any try and taken up again
// from a record of the tries. Thread safety: one user at a time.
#ifndef SEQUENT_CORE_SEARCH_SEARCH_H_
#define SEQUENT_CORE_SEARCH_SEARCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/search/space.h"

namespace sequent::search {

struct Trial {
  Point point;
  double loss = 0;  // not finite: the try failed, which counts as the worst of all
};

struct SearchOptions {
  std::string method = "bayesian";  // grid | random | bayesian | global
  uint64_t seed = 1;
  uint64_t tries = 40;  // how many there will be; `bayesian` begins with a part of them at random
  uint64_t points = 5;  // grid: of each range of real numbers, and of longer ones of whole numbers
};

class Search {
 public:
  virtual ~Search() = default;
  // The point to try after those of `history`; none: nothing is left that was not tried. `history`
  // must be what this search was asked before with more behind it, or one it was never asked.
  virtual std::optional<Point> Next(const std::vector<Trial>& history) = 0;
};

// INVALID_ARGUMENT: the space, or an unknown method. UNIMPLEMENTED: `global`, built without dlib.
StatusOr<std::unique_ptr<Search>> MakeSearch(const Space& space, const SearchOptions& options);

// The points of a grid, at most `limit`.
uint64_t GridSize(const Space& space, uint64_t points, uint64_t limit);

// The index of the smallest loss; none if all failed.
std::optional<size_t> BestTrial(const std::vector<Trial>& history);

}  // namespace sequent::search

#endif  // SEQUENT_CORE_SEARCH_SEARCH_H_
