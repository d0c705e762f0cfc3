// All scratch of one tick worker: grows to the largest batch seen and is then reused.
//
// Thread safety: one user at a time. Holds no state between ticks.
#ifndef SEQUENT_CORE_NN_WORKSPACE_H_
#define SEQUENT_CORE_NN_WORKSPACE_H_

#include <memory>

namespace sequent {

class Workspace {
 public:
  Workspace();
  ~Workspace();
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;

  struct Impl;
  Impl* impl() { return impl_.get(); }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_WORKSPACE_H_
