// Whether weights that do not stay in the second-level cache need help on their way.
//
// Some processors bring them from the third-level cache, by themselves, as fast as the tallest tile
// uses them: asking ahead then only takes its time. Others give a third of that. The results are
// the same either way, so it may be decided at any time.
//
// Thread safety: any thread, at any time.
#ifndef SEQUENT_CORE_KERNELS_THIRD_LEVEL_H_
#define SEQUENT_CORE_KERNELS_THIRD_LEVEL_H_

namespace sequent::kernels {

// What was last set; at first, that it does not keep up.
bool ThirdLevelKeepsUp();
void SetThirdLevelKeepsUp(bool keeps_up);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_THIRD_LEVEL_H_
