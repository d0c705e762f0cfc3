// What a Workspace holds: the tick's rows in order of length, and a pass for each part of the
// tick.
#ifndef SEQUENT_CORE_NN_WORKSPACE_IMPL_H_
#define SEQUENT_CORE_NN_WORKSPACE_IMPL_H_

#include <cstddef>
#include <span>
#include <vector>

#include "core/nn/model.h"
#include "core/nn/pass.h"
#include "core/nn/workspace.h"

namespace sequent {

struct Workspace::Impl {
  std::vector<const TickRow*> rows;  // most steps first
  std::vector<size_t> bounds;        // part p: rows bounds[p] .. bounds[p + 1] - 1
  std::vector<Pass> passes;          // one per part

  size_t parts() const { return bounds.size() - 1; }
  std::span<const TickRow* const> part(size_t p) const {
    return std::span(rows).subspan(bounds[p], bounds[p + 1] - bounds[p]);
  }
  size_t steps() const;

  // Takes the rows in, sorted.
  void Sort(std::span<const TickRow> batch);
  // Cuts them into at most `parts` groups of about the same number of steps.
  void Split(size_t parts);
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_WORKSPACE_IMPL_H_
