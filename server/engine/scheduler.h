// Whose tick is next: model versions that have ready sessions, round robin, each in one tick at a
// time.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_ENGINE_SCHEDULER_H_
#define SEQUENT_SERVER_ENGINE_SCHEDULER_H_

#include <boost/circular_buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/mutex.h"
#include "server/engine/lane.h"
#include "server/engine/model_registry.h"

namespace sequent::engine {

class Scheduler {
 public:
  using MakeLane = std::function<std::unique_ptr<Lane>(std::shared_ptr<const ModelVersion>)>;
  explicit Scheduler(MakeLane make_lane) : make_lane_(std::move(make_lane)) {}

  // The version's lane, made at its first use. Lives as long as the scheduler.
  Lane* LaneOf(const std::shared_ptr<const ModelVersion>& version);
  // nullptr: no such lane yet.
  const Lane* FindLane(const std::string& model, int64_t version) const;

  // What the sessions of all lanes take: state rows and replies.
  size_t SessionBytes() const;

  // Sets the gauges of all lanes.
  void SetGauges() const;

  // Puts a session, whose phase is ready, into the lane's queue.
  void Push(Lane* lane, Session* session);

  // The lane whose turn it is, to be handed back by Give; nullptr: none is ready.
  Lane* Take();
  // The same, waiting for at most `nanos`; also nullptr after Stop.
  Lane* WaitAndTake(int64_t nanos);
  void Give(Lane* lane);
  void Stop();

  // Any session that is ready in any lane; for stopping.
  Session* PopAny();

 private:
  void AddRunnable(Lane* lane);
  Lane* TakeLocked() SEQ_REQUIRES(mutex_);

  const MakeLane make_lane_;
  mutable Mutex mutex_;
  CondVar runnable_changed_;
  std::vector<std::unique_ptr<Lane>> lanes_ SEQ_GUARDED_BY(mutex_);
  boost::circular_buffer<Lane*> runnable_ SEQ_GUARDED_BY(mutex_){8};
  bool stopped_ SEQ_GUARDED_BY(mutex_) = false;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_SCHEDULER_H_
