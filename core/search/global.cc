// dlib's global_function_search: upper bounds from what was measured (LIPO) in turn with a trust
// region around the best point. It keeps what it was told, so a history is told to it once.
#include <dlib/global_optimization/global_function_search.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/search/methods.h"

namespace sequent::search {
namespace {

using Vector = dlib::matrix<double, 0, 1>;

// Points that were tried before, in a row, until one is drawn.
constexpr size_t kRepeats = 20;

// Whole numbers on an even range and choices are what dlib calls integers; all else is real.
bool IsInteger(const Parameter& p) { return p.choices > 0 || (p.whole && !p.log); }

dlib::function_spec SpecOf(const Space& space) {
  Vector low(static_cast<long>(space.size())), high(static_cast<long>(space.size()));
  std::vector<bool> integer;
  for (size_t i = 0; i < space.size(); ++i) {
    const Parameter& p = space[i];
    const bool unit = !IsInteger(p);
    low(static_cast<long>(i)) = unit || p.choices > 0 ? 0 : p.low;
    high(static_cast<long>(i)) = unit            ? 1
                                 : p.choices > 0 ? static_cast<double>(p.choices - 1)
                                                 : p.high;
    integer.push_back(!unit);
  }
  return dlib::function_spec(low, high, integer);
}

class Global : public Search {
 public:
  Global(const Space& space, uint64_t seed) : space_(space), seed_(seed) { Begin(); }

  std::optional<Point> Next(const std::vector<Trial>& history) override {
    if (history.size() < told_) Begin();
    while (told_ < history.size()) Tell(history[told_]);
    if (CountPoints(space_, tried_.size() + 1) <= tried_.size()) return {};
    Ask();
    if (asked_) return PointAsked();
    return DrawNew(space_, seed_, history.size(), history);
  }

 private:
  // Begins it anew, with nothing told.
  void Begin() {
    asked_.reset();
    decided_ = false;
    tried_.clear();
    search_ = dlib::global_function_search(SpecOf(space_));
    search_.set_seed(static_cast<time_t>(seed_));
    told_ = 0;
    worst_.reset();
  }

  // Once for each try, whether it is told or looked for, so that the same is asked for either way.
  // Points of whole numbers come again; what they have lost is known, and the next is asked for.
  void Ask() {
    if (decided_) return;
    decided_ = true;
    for (size_t again = 0; again < kRepeats; ++again) {
      asked_.emplace(search_.get_next_x());
      const auto tried = tried_.find(PointAsked());
      if (tried == tried_.end()) return;
      asked_->set(-tried->second);
    }
    asked_.reset();
  }

  void Tell(const Trial& trial) {
    Ask();
    // It maximises. A failure is as bad as the worst before it.
    const bool finite = std::isfinite(trial.loss);
    if (finite) worst_ = std::max(worst_.value_or(trial.loss), trial.loss);
    const double loss = finite ? trial.loss : worst_.value_or(0);
    if (asked_) asked_->set(-loss);
    asked_.reset();
    decided_ = false;
    tried_.emplace(trial.point, loss);
    ++told_;
  }

  Point PointAsked() const {
    Point point(space_.size());
    for (size_t i = 0; i < space_.size(); ++i) {
      const double x = asked_->x()(static_cast<long>(i));
      point[i] = IsInteger(space_[i]) ? std::round(x) : FromUnit(space_[i], x);
    }
    return point;
  }

  const Space space_;
  const uint64_t seed_;
  dlib::global_function_search search_;
  // The point of the next try; none, once `decided_`: a new one is to be drawn.
  std::optional<dlib::function_evaluation_request> asked_;
  bool decided_ = false;
  std::map<Point, double> tried_;  // and their losses
  size_t told_ = 0;
  std::optional<double> worst_;
};

}  // namespace

std::unique_ptr<Search> MakeGlobal(const Space& space, uint64_t seed) {
  return std::make_unique<Global>(space, seed);
}

}  // namespace sequent::search
