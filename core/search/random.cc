#include "core/base/random.h"

#include "core/search/methods.h"

namespace sequent::search {
namespace {

// Enough that a last point of a thousand is found; spaces that small are searched by `grid`.
constexpr uint64_t kDraws = 10000;

class Random : public Search {
 public:
  Random(const Space& space, uint64_t seed) : space_(space), seed_(seed) {}

  std::optional<Point> Next(const std::vector<Trial>& history) override {
    return DrawNew(space_, seed_, history.size(), history);
  }

 private:
  const Space space_;
  const uint64_t seed_;
};

}  // namespace

std::optional<Point> DrawNew(const Space& space, uint64_t seed, uint64_t draw,
                             const std::vector<Trial>& history) {
  constexpr uint64_t kPurpose = 0x72616e646f6d;  // "random"
  const RandomStream stream(seed, kPurpose, draw);
  Point point(space.size());
  for (uint64_t again = 0; again < kDraws; ++again) {
    for (size_t i = 0; i < space.size(); ++i) {
      point[i] = FromUnit(space[i], stream.Uniform(again * space.size() + i));
    }
    if (!WasTried(point, history)) return point;
  }
  return {};
}

std::unique_ptr<Search> MakeRandom(const Space& space, uint64_t seed) {
  return std::make_unique<Random>(space, seed);
}

}  // namespace sequent::search
