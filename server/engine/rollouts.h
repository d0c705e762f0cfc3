// The rollouts that run now, by handle.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_ENGINE_ROLLOUTS_H_
#define SEQUENT_SERVER_ENGINE_ROLLOUTS_H_

#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "core/base/mutex.h"
#include "core/base/status.h"
#include "server/engine/engine_context.h"
#include "server/engine/request.h"
#include "server/engine/rollout.h"
#include "server/engine/session_flow.h"

namespace sequent::engine {

class Rollouts {
 public:
  Rollouts(EngineContext* context, SessionFlow* flow) : context_(context), flow_(flow) {}

  uint64_t Start(RolloutRequest request, std::shared_ptr<RolloutSink> sink);
  void Resume(uint64_t handle);
  void Cancel(uint64_t handle);
  void EndAll(const Status& status);

 private:
  void Launch(const std::shared_ptr<Rollout>& rollout);
  void LaunchStateless(const std::shared_ptr<Rollout>& rollout);
  ControlItem::Next BeginFromSession(const std::shared_ptr<Rollout>& rollout, Session* session);
  std::shared_ptr<Rollout> Find(uint64_t handle);
  void Remove(uint64_t handle);

  EngineContext* const context_;
  SessionFlow* const flow_;
  Mutex mutex_;
  uint64_t last_handle_ SEQ_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<uint64_t, std::shared_ptr<Rollout>> rollouts_ SEQ_GUARDED_BY(mutex_);
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_ROLLOUTS_H_
