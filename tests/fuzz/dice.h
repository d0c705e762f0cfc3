// Repeatable choices for a mutator, which libFuzzer gives one number to begin with.
#ifndef SEQUENT_TESTS_FUZZ_DICE_H_
#define SEQUENT_TESTS_FUZZ_DICE_H_

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace sequent {

class Dice {
 public:
  explicit Dice(unsigned int seed) : state_(2 * uint64_t{seed} + 1) {}

  size_t Below(size_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % n;
  }
  template <typename Choices>
  auto OneOf(const Choices& choices) {
    return choices[Below(std::size(choices))];
  }

 private:
  uint64_t state_;
};

}  // namespace sequent

#endif  // SEQUENT_TESTS_FUZZ_DICE_H_
