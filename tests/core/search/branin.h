// Branin's function (Dixon and Szegoe 1978): three equally deep valleys, 0.397887 at the bottom.
#ifndef SEQUENT_TESTS_CORE_SEARCH_BRANIN_H_
#define SEQUENT_TESTS_CORE_SEARCH_BRANIN_H_

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "core/search/search.h"

namespace sequent::search {

inline constexpr double kBraninLeast = 0.39788735772973816;

inline double Branin(double x, double y) {
  constexpr double kPi = std::numbers::pi;
  const double a = y - 5.1 / (4 * kPi * kPi) * x * x + 5 / kPi * x - 6;
  return a * a + 10 * (1 - 1 / (8 * kPi)) * std::cos(x) + 10;
}

inline Space BraninSpace() { return {{.low = -5, .high = 10}, {.low = 0, .high = 15}}; }

// The tries of one search, Branin being the loss.
inline std::vector<Trial> SearchBranin(const std::string& method, uint64_t seed, uint64_t tries) {
  auto search = MakeSearch(BraninSpace(), {.method = method, .seed = seed, .tries = tries}).value();
  std::vector<Trial> history;
  while (history.size() < tries) {
    const Point point = *search->Next(history);
    history.push_back({point, Branin(point[0], point[1])});
  }
  return history;
}

inline double Regret(const std::vector<Trial>& history) {
  return history[*BestTrial(history)].loss - kBraninLeast;
}

}  // namespace sequent::search

#endif  // SEQUENT_TESTS_CORE_SEARCH_BRANIN_H_
