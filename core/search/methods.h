// The methods one by one, for MakeSearch. The space has been checked.
#ifndef SEQUENT_CORE_SEARCH_METHODS_H_
#define SEQUENT_CORE_SEARCH_METHODS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/search/search.h"

namespace sequent::search {

std::unique_ptr<Search> MakeGrid(const Space& space, uint64_t points);
std::unique_ptr<Search> MakeRandom(const Space& space, uint64_t seed);
std::unique_ptr<Search> MakeBayesian(const Space& space, uint64_t seed, uint64_t tries);
// Null if this was built without dlib.
std::unique_ptr<Search> MakeGlobal(const Space& space, uint64_t seed);

// A point drawn evenly among those that are not in `history`; draw number `draw` of `seed`. None if
// there is no other.
std::optional<Point> DrawNew(const Space& space, uint64_t seed, uint64_t draw,
                             const std::vector<Trial>& history);

bool WasTried(const Point& point, const std::vector<Trial>& history);

}  // namespace sequent::search

#endif  // SEQUENT_CORE_SEARCH_METHODS_H_
