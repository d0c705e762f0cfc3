// One rollout while it runs: a prompt, then `samples` paths, each a temporary session that shares
// ticks with everyone.
//
//   Begin -> prompt session: the prompt's steps, or the heads from `last`
//         -> paths: forks of it. A reply waits until the sink has room; then the path draws, says
//            its step, and queues what it drew as its next input
//         -> all done: (commit: everything answered is run once more on the prompt session, as one
//            chunk, and becomes the caller's session) -> summary
//
// Chunks do not matter to the bits, so what is committed is what the path saw.
// Thread safety: thread-safe. Sink and flow are called with the rollout's lock held; neither calls
// back.
#ifndef SEQUENT_SERVER_ENGINE_ROLLOUT_H_
#define SEQUENT_SERVER_ENGINE_ROLLOUT_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/status.h"
#include "server/engine/engine_context.h"
#include "server/engine/request.h"
#include "server/engine/rollout_path.h"
#include "server/engine/rollout_plan.h"
#include "server/engine/session_flow.h"

namespace sequent::engine {

class Rollout : public std::enable_shared_from_this<Rollout> {
 public:
  // `ended` is called once, after the sink's OnEnd.
  Rollout(EngineContext* context, SessionFlow* flow, RolloutRequest request,
          std::shared_ptr<RolloutSink> sink, std::function<void()> ended);

  const RolloutRequest& request() const { return request_; }

  // Once: from the state `row`. `caller`: the session to advance at the end (commit), which the
  // tick that calls this has. True: it runs on; `caller` is then to be parked until it has ended.
  bool Begin(Lane* lane, StateRow row, Session* caller) SEQ_EXCLUDES(mutex_);
  // Ends it, if it has not ended.
  void End(const Status& status) SEQ_EXCLUDES(mutex_);
  // The sink has room again.
  void Resume() SEQ_EXCLUDES(mutex_);

 private:
  struct Waiting {  // a path whose model has answered and that has not drawn from it
    size_t path;
    std::shared_ptr<const StepReply> reply;
  };

  Status Prepare(Lane* lane, StateRow row) SEQ_REQUIRES(mutex_);
  void OnPrompt(const std::shared_ptr<const StepReply>& reply) SEQ_EXCLUDES(mutex_);
  void OnStep(size_t path, const std::shared_ptr<const StepReply>& reply) SEQ_EXCLUDES(mutex_);
  void OnCommitted(const std::shared_ptr<const StepReply>& reply) SEQ_EXCLUDES(mutex_);
  Status Fork(const std::shared_ptr<const StepReply>& reply) SEQ_REQUIRES(mutex_);
  // Paths that wait go on while the sink has room.
  void Advance() SEQ_REQUIRES(mutex_);
  void AdvancePath(const Waiting& waiting) SEQ_REQUIRES(mutex_);
  void RunCommit() SEQ_REQUIRES(mutex_);
  void AdvanceCaller() SEQ_REQUIRES(mutex_);
  void Finish(const Status& status) SEQ_REQUIRES(mutex_);
  bool Expired() const;
  std::unique_ptr<StepItem> MakeItem(const Input& input) const SEQ_REQUIRES(mutex_);

  EngineContext* const context_;
  SessionFlow* const flow_;
  const RolloutRequest request_;
  const std::shared_ptr<RolloutSink> sink_;
  const std::function<void()> ended_callback_;

  Mutex mutex_;
  bool ended_ SEQ_GUARDED_BY(mutex_) = false;
  size_t reserved_steps_ SEQ_GUARDED_BY(mutex_) = 0;
  Lane* lane_ SEQ_GUARDED_BY(mutex_) = nullptr;
  Session* caller_ SEQ_GUARDED_BY(mutex_) = nullptr;  // parked, while set
  RolloutPlan plan_ SEQ_GUARDED_BY(mutex_);
  uint64_t seed_ SEQ_GUARDED_BY(mutex_) = 0;
  Session* prompt_ SEQ_GUARDED_BY(mutex_) = nullptr;
  std::vector<RolloutPath> paths_ SEQ_GUARDED_BY(mutex_);
  std::vector<Session*> sessions_ SEQ_GUARDED_BY(mutex_);  // of the paths; null: done
  std::deque<Waiting> waiting_ SEQ_GUARDED_BY(mutex_);
  size_t unfinished_ SEQ_GUARDED_BY(mutex_) = 0;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_ROLLOUT_H_
