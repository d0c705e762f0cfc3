#include "server/engine/stop_matcher.h"

#include <algorithm>
#include <utility>

namespace sequent::engine {

std::string StopMatcher::Append(std::string_view piece) {
  if (stopped_) return {};
  held_.append(piece);
  size_t first = std::string::npos;
  for (const std::string& stop : *stops_) first = std::min(first, held_.find(stop));
  stopped_ = first != std::string::npos;
  const size_t certain = stopped_ ? first : held_.size() - HeldBack();
  std::string out = held_.substr(0, certain);
  held_.erase(0, stopped_ ? held_.size() : certain);
  return out;
}

std::string StopMatcher::Flush() { return std::exchange(held_, {}); }

// The longest end of the text that some stop string begins with.
size_t StopMatcher::HeldBack() const {
  size_t longest = 0;
  for (const std::string& stop : *stops_) {
    for (size_t n = std::min(stop.size() - 1, held_.size()); n > longest; --n) {
      if (held_.compare(held_.size() - n, n, stop, 0, n) == 0) longest = n;
    }
  }
  return longest;
}

}  // namespace sequent::engine
