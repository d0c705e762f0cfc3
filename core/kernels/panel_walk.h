// Which panels of a matrix one call works on, and from which end.
//
// Every panel's results stand for themselves, so the walk changes no bits. Ranges let threads share
// a layer. Walking back over weights that do not fit the cache finds those still there that were
// used last: alternating the direction from pass to pass saves their way in.
#ifndef SEQUENT_CORE_KERNELS_PANEL_WALK_H_
#define SEQUENT_CORE_KERNELS_PANEL_WALK_H_

#include <cstddef>
#include <cstdint>

namespace sequent::kernels {

struct PanelWalk {
  size_t begin = 0, end = SIZE_MAX;  // cut to the matrix's panels
  bool backwards = false;
};

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_PANEL_WALK_H_
