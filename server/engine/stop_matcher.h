// Ends a generated text before the first of several stop strings.
//
// What could be the beginning of a stop string is held back until it is known not to be one, so
// nothing that was given out has to be taken back. Pieces and stop strings are whole code points;
// so is what comes out.
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_STOP_MATCHER_H_
#define SEQUENT_SERVER_ENGINE_STOP_MATCHER_H_

#include <string>
#include <string_view>
#include <vector>

namespace sequent::engine {

class StopMatcher {
 public:
  // `stops`: not empty strings; they must outlive the matcher.
  explicit StopMatcher(const std::vector<std::string>* stops) : stops_(stops) {}

  // Appends a piece; returns what is certain to come before any stop string by now.
  std::string Append(std::string_view piece);
  // The text ends here: what was held back.
  std::string Flush();
  // A stop string has come; nothing more comes out.
  bool stopped() const { return stopped_; }

 private:
  size_t HeldBack() const;

  const std::vector<std::string>* const stops_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_STOP_MATCHER_H_
