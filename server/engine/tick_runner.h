// What one tick does with the sessions that are ready:
//
//   pop -> its front item begins (admitted, checked, a working row) -> a row of the tick
//       -> Tick::Run -> the item commits and is answered, or waits for its next tick -> settle
//
// Items that need no model (replays, refusals, controls) are done on the way, in their order.
// Thread safety: Run may be called by several threads, each with a lane of its own.
#ifndef SEQUENT_SERVER_ENGINE_TICK_RUNNER_H_
#define SEQUENT_SERVER_ENGINE_TICK_RUNNER_H_

#include <memory>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "server/engine/admission.h"
#include "server/engine/engine_context.h"
#include "server/engine/session_flow.h"

namespace sequent::engine {

class TickRunner {
 public:
  TickRunner(EngineContext* context, SessionFlow* flow, ThreadPool* pool)
      : context_(context), flow_(flow), pool_(pool) {}

  // One tick of `lane`, which the caller has taken from the scheduler.
  void Run(Lane* lane);

 private:
  // What all steps of a tick are told: the lane that ticks, and what time it is.
  struct Turn {
    Lane* lane;
    int64_t now;
  };

  // Does what needs no tick; adds the session to the tick if something does, else settles it.
  // `front` is the item in front.
  void Advance(const Turn& turn, Session* session, Item* front);
  // The item in front is a request. Whether it is running now and waits for a tick of its lane.
  bool AdvanceStep(const Turn& turn, Session* session, StepItem* item);
  // Calls the control item in front. Whether it parked the session, which is then its own.
  bool RunControl(Session* session, ControlItem* item);

  // Decides about the item in front. True: it runs now; false: it was replayed, and is gone.
  StatusOr<bool> Start(const Turn& turn, Session* session, StepItem* item);
  StatusOr<bool> StartInternal(Session* session, StepItem* item);
  Status StartAdmitted(const Turn& turn, Session* session, StepItem* item,
                       const Admission& admission);
  StatusOr<Lane*> LaneOfBirth(Session* session, const StepItem& item, bool resets);
  Status Prepare(StepItem* item, StateRow working);

  // The item in front has run whole: it commits, and is answered. With kSettle a session that has
  // no other item is settled, under the same lock, before the answer; whether it was.
  enum class After { kGoOn, kSettle };
  bool Finish(const Turn& turn, Session* session, StepItem* item, After after);
  // Under the session's lock.
  void Apply(const Turn& turn, Session* session, StepItem* item);
  void Fail(Session* session, Status status);
  void Replay(Session* session, std::shared_ptr<const StepReply> reply);

  EngineContext* const context_;
  SessionFlow* const flow_;
  ThreadPool* const pool_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_TICK_RUNNER_H_
