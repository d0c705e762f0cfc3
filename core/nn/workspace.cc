#include "core/nn/workspace.h"

#include <algorithm>

#include "core/nn/workspace_impl.h"

namespace sequent {

Workspace::Workspace() : impl_(std::make_unique<Impl>()) {}
Workspace::~Workspace() = default;
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;

size_t Workspace::Impl::steps() const {
  size_t steps = 0;
  for (const TickRow* row : rows) steps += row->steps;
  return steps;
}

void Workspace::Impl::Sort(std::span<const TickRow> batch) {
  rows.clear();
  for (const TickRow& row : batch) rows.push_back(&row);
  // By address among equals: std::stable_sort would allocate.
  std::sort(rows.begin(), rows.end(), [](const TickRow* a, const TickRow* b) {
    return a->steps != b->steps ? a->steps > b->steps : a < b;
  });
}

void Workspace::Impl::Split(size_t parts) {
  // A row counts as one step more than it has: rows without steps still answer from `last`.
  const size_t total = steps() + rows.size();
  bounds.assign(1, 0);
  size_t taken = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    taken += rows[r]->steps + 1;
    if (taken * parts >= total * bounds.size() && bounds.size() < parts) bounds.push_back(r + 1);
  }
  if (bounds.back() != rows.size() || bounds.size() == 1) bounds.push_back(rows.size());
  if (passes.size() < parts) passes.resize(parts);
}

}  // namespace sequent
