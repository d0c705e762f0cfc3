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
#include <utility>
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

  // Puts a session, which is busy and in no queue, into the lane's.
  void Push(Lane* lane, Session* session);

  // Pushes many, those of a lane in a row under one lock, and wakes workers once at its end: a
  // worker that is woken by the first would tick for it alone. Thread safety: one user; belongs on
  // its stack, for a short time.
  class Pushes {
   public:
    explicit Pushes(Scheduler* scheduler) : scheduler_(scheduler) {}
    ~Pushes() {
      Enqueue();
      Wake();
    }
    Pushes(const Pushes&) = delete;
    Pushes& operator=(const Pushes&) = delete;

    void Push(Lane* lane, Session* session);
    // Instead of waking anybody: the lane that came to have work by these pushes, as if taken;
    // nullptr: there is none.
    Lane* Take();

   private:
    void Enqueue();
    void Wake();

    Scheduler* const scheduler_;
    Lane* lane_ = nullptr;  // of the sessions that wait to be put into its queue
    SessionChain waiting_;
    Lane* idle_ = nullptr;  // waits to be made runnable
  };

  // The lane whose turn it is, to be handed back by Give; nullptr: none is ready.
  Lane* Take();
  // The same, waiting for at most `nanos`; also nullptr after Stop.
  Lane* WaitAndTake(int64_t nanos);
  void Give(Lane* lane);
  // Whether no lane waits for a worker.
  bool Idle() const;
  // Whether `workers` of them wait for a lane.
  bool AllAsleep(size_t workers) const;
  void Stop();

  // Any session that is ready in any lane; for stopping.
  Session* PopAny();

 private:
  // Takes the sessions over. Whether the lane must be made runnable: it was not yet.
  static bool Enqueue(Lane* lane, SessionChain* sessions);
  void AddRunnable(Lane* lane);
  Lane* TakeLocked() SEQ_REQUIRES(mutex_);

  const MakeLane make_lane_;
  mutable Mutex mutex_;
  CondVar runnable_changed_;
  std::vector<std::unique_ptr<Lane>> lanes_ SEQ_GUARDED_BY(mutex_);
  boost::circular_buffer<Lane*> runnable_ SEQ_GUARDED_BY(mutex_){8};
  size_t sleepers_ SEQ_GUARDED_BY(mutex_) = 0;  // workers that wait for a lane
  bool stopped_ SEQ_GUARDED_BY(mutex_) = false;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_SCHEDULER_H_
