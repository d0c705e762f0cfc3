// Sums whose bits do not depend on the compiler: in an order that vectorises and is a function of
// the number of terms alone.
#ifndef SEQUENT_CORE_NN_ORDERED_SUM_H_
#define SEQUENT_CORE_NN_ORDERED_SUM_H_

#include <cstddef>

namespace sequent {

// term(0) + .. + term(n - 1): sixteen partial sums, added from the first to the last.
template <class Term>
float OrderedSum(size_t n, const Term& term) {
  constexpr size_t kLanes = 16;
  float lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) lanes[k] += term(i + k);
  }
  for (size_t k = 0; i + k < n; ++k) lanes[k] += term(i + k);
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_ORDERED_SUM_H_
