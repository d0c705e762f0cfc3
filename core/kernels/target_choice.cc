#include "core/kernels/target_choice.h"

#include <cstdint>

#include "core/kernels/targets.h"
// After targets.h:
#include <hwy/highway.h>

namespace sequent::kernels {

std::vector<std::string> OfferedTargets() {
  std::vector<std::string> names;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    names.emplace_back(hwy::TargetName(target));
  }
  return names;
}

void UseTarget(const std::string& name) {
  hwy::SetSupportedTargetsForTest(0);
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (name == hwy::TargetName(target)) hwy::SetSupportedTargetsForTest(target);
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace sequent::kernels
