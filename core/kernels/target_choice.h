// Which SIMD target the run-time dispatch takes: for tests and measurements, which want every one.
//
// Thread safety: none; no kernel may run meanwhile.
#ifndef SEQUENT_CORE_KERNELS_TARGET_CHOICE_H_
#define SEQUENT_CORE_KERNELS_TARGET_CHOICE_H_

#include <string>
#include <vector>

namespace sequent::kernels {

// The targets that are compiled and that this CPU has, best first, named as TargetName names them.
std::vector<std::string> OfferedTargets();

// From here on kernels run on the offered target of this name; any other name: on the best one.
// Matrices packed for another target must not be used any more.
void UseTarget(const std::string& name);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_TARGET_CHOICE_H_
