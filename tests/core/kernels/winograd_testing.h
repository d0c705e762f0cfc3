// What tests of Winograd's inner product have in common.
#ifndef SEQUENT_TESTS_CORE_KERNELS_WINOGRAD_TESTING_H_
#define SEQUENT_TESTS_CORE_KERNELS_WINOGRAD_TESTING_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/aligned.h"
#include "core/kernels/target_choice.h"
#include "core/kernels/winograd.h"

namespace sequent::kernels {

inline constexpr Arithmetic kBothWinograds[] = {Arithmetic::kWinograd, Arithmetic::kWinogradStates};

// Rows as a product with `w` takes them.
class PreparedRows {
 public:
  PreparedRows(const PackedMatrix& w, size_t count, const float* const* x)
      : width_(w.triples() > 0 ? RowLayout(w.inputs()).floats() : 0), values_(count * width_) {
    for (size_t r = 0; r < count; ++r) rows_.push_back(values_.data() + r * width_);
    if (w.triples() > 0) {
      PrepareRows(w, count, x, rows_.data());
    } else {
      for (size_t r = 0; r < count; ++r) rows_[r] = const_cast<float*>(x[r]);
    }
  }

  const float* const* in(size_t first = 0) const { return rows_.data() + first; }

 private:
  size_t width_;
  AlignedVector<float> values_;
  std::vector<float*> rows_;
};

inline std::vector<std::string> TargetsItFits() {
  std::vector<std::string> targets = OfferedTargets();
  std::erase_if(targets, [](const std::string& target) {
    UseTarget(target);
    return !WinogradFits();
  });
  UseTarget("");
  return targets;
}
// As SEQUENT_ON_EVERY_TARGET, for those that it fits; there may be none.
#define SEQUENT_WHERE_WINOGRAD_FITS(test)                                                \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(test);                                   \
  INSTANTIATE_TEST_SUITE_P(Targets, test, ::testing::ValuesIn(kernels::TargetsItFits()), \
                           [](const auto& info) { return info.param; })

}  // namespace sequent::kernels

#endif  // SEQUENT_TESTS_CORE_KERNELS_WINOGRAD_TESTING_H_
