// Waiting for what another thread is about to do, without a guess at how long it takes.
#ifndef SEQUENT_TESTS_SUPPORT_EVENTUALLY_H_
#define SEQUENT_TESTS_SUPPORT_EVENTUALLY_H_

#include <chrono>
#include <thread>

namespace sequent {

// Whether `condition` has come true, asked again and again for at most half a minute.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace sequent

#endif  // SEQUENT_TESTS_SUPPORT_EVENTUALLY_H_
