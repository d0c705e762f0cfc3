// The engine: sessions, their order, and ticks that run the steps of many sessions together.
//
// The ready queue holds sessions, not requests: a session is idle, in the queue once, or in one
// running tick. So two steps of one session are never in one batch nor out of order, and no lock is
// held during compute. A tick takes what is ready and never waits for company; while it runs the
// next one gathers.
//
//   Predict -> session's FIFO -> ready queue -> tick: gather, Model::Run, scatter, complete ->
//   done()
//
// The request is the unit of commit: its ticks write to a working row, which becomes the session's
// by swapping after the last one.
//
// Thread safety: all methods are thread-safe except as noted. None waits for compute; Predict runs
// one tick itself when the engine is quiet.
#ifndef SEQUENT_SERVER_ENGINE_ENGINE_H_
#define SEQUENT_SERVER_ENGINE_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "server/engine/options.h"
#include "server/engine/request.h"

namespace sequent::engine {

class Metrics;
class ModelRegistry;

// 1-128 bytes of [A-Za-z0-9._:/~-]; BAD_REQUEST otherwise, the bytes quoted safely.
Status CheckSessionId(std::string_view id);

class Engine {
 public:
  // `registry`, `metrics` and `clock` must outlive the engine.
  Engine(const EngineOptions& options, ModelRegistry* registry, Metrics* metrics,
         const Clock* clock);
  // Stops as Stop() does.
  ~Engine();

  // Starts the worker threads. Without it the engine is driven by RunTick (tests).
  void Start();
  // Refuses everything queued with DRAINING and joins the workers; every `done` has been called,
  // but for those of calls of Predict that have not returned.
  void Stop();

  // One tick of the model version whose turn it is, and due expiries; false: nothing was ready.
  // What a worker calls in a loop. Not to be called after Start.
  bool RunTick();

  // Queues the request; its `done` gets the answer in the session's order, before the call returns
  // if there is nothing to wait for.
  void Predict(StepRequest request);
  // The same for many, in their order, at less cost. Leaves requests in their places that can be
  // filled anew: their fields are anything, their memory has been used before.
  void Predict(std::span<StepRequest> requests);

  // Called after one or more `done`s of Predict, once for all that a tick or a call has answered,
  // by the same thread. Set before Start.
  enum class Answerer {
    kCaller,      // of Predict, Stop or RunTick
    kIdleWorker,  // no other tick waits, so it may take its time
    kBusyWorker
  };
  using AnsweredHook = std::function<void(Answerer who)>;
  void SetAnsweredHook(AnsweredHook hook);

  // A rollout takes its place in its session's order, then runs as temporary sessions. Returns a
  // handle for Resume and Cancel, valid until OnEnd has been called; later calls are ignored.
  using RolloutHandle = uint64_t;
  RolloutHandle Rollout(RolloutRequest request, std::shared_ptr<RolloutSink> sink);
  void ResumeRollout(RolloutHandle handle);  // the sink has room again
  void CancelRollout(RolloutHandle handle);  // the caller has gone: OnEnd(CANCELLED) follows soon

  // `done` is called exactly once, in the session's order (Fork, Export, Close) or at once.
  StatusOr<SessionInfo> GetSession(const std::string& id);
  void CloseSession(const std::string& id, std::function<void(Status)> done);
  void ForkSession(const std::string& id, const std::string& new_id,
                   std::function<void(StatusOr<SessionInfo>)> done);
  void ExportSession(const std::string& id, bool close,
                     std::function<void(StatusOr<SessionState>)> done);
  StatusOr<SessionInfo> ImportSession(const std::string& id, const SessionState& state);

  struct SessionPage {
    std::vector<SessionInfo> sessions;
    std::string next_page_token;
  };
  // In order of id; `model` empty = all. `page_size` 0 = 100, at most 1,000.
  StatusOr<SessionPage> ListSessions(const std::string& model, uint32_t page_size,
                                     const std::string& page_token);
  uint64_t SessionsOf(const std::string& model, int64_t version) const;

  // Whether calls of Predict have usually found the engine idle for a while: a lone client, or few.
  bool Quiet() const;

  // From now on new sessions are refused with DRAINING; live ones go on.
  void BeginDrain();
  // Requests and rollouts accepted and not yet answered.
  size_t InFlight() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_ENGINE_H_
