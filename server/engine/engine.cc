#include "server/engine/engine.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/thread_pool.h"
#include "server/engine/engine_context.h"
#include "server/engine/quiet_time.h"
#include "server/engine/rollouts.h"
#include "server/engine/session_calls.h"
#include "server/engine/session_flow.h"
#include "server/engine/tick.h"
#include "server/engine/tick_runner.h"

namespace sequent::engine {
namespace {

constexpr size_t kMaxSessionIdBytes = 128;
// How often an idle worker looks at timers at least.
constexpr int64_t kMaxIdleNanos = 1'000'000'000;
// A call with more requests than this leaves them to a worker also on an idle engine.
constexpr size_t kMaxTickedByCaller = 8;

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._:/~-").find(c) != std::string_view::npos;
}

size_t ThreadsOf(const EngineOptions& options) {
  if (options.threads > 0) return options.threads;
  return std::max(2u, std::thread::hardware_concurrency()) - 1;
}

}  // namespace

Status CheckSessionId(std::string_view id) {
  if (id.empty() || id.size() > kMaxSessionIdBytes) {
    return MakeError(Reason::kBadRequest, StrCat("session_id: expected 1..", kMaxSessionIdBytes,
                                                 " bytes, got ", id.size()));
  }
  if (!std::all_of(id.begin(), id.end(), IsIdCharacter)) {
    return MakeError(Reason::kBadRequest, StrCat("session_id: expected [A-Za-z0-9._:/~-], got '",
                                                 Quoted(id, kMaxSessionIdBytes), "'"));
  }
  return absl::OkStatus();
}

class Engine::Impl {
 public:
  Impl(const EngineOptions& options, ModelRegistry* registry, Metrics* metrics, const Clock* clock)
      : context(options, registry, metrics, clock),
        flow(&context),
        calls(&context, &flow),
        rollouts(&context, &flow),
        pool(ThreadsOf(options)),
        runner(&context, &flow, &pool) {
    context.metrics->SetGauges([this] {
      context.metrics->SetQueuedSteps(context.queued_steps.load());
      context.scheduler.SetGauges();
    });
  }
  ~Impl() { context.metrics->SetGauges({}); }

  void Start() {
    for (const auto& version : context.registry->List()) {
      if (version->state != ModelVersion::State::kReady) continue;
      Lane* const lane = context.scheduler.LaneOf(version);
      lane->tick->MeasureSharing(lane->model, &pool);
    }
    for (size_t i = 0; i < pool.threads(); ++i) workers.emplace_back([this] { Work(); });
  }

  void Work() {
    FlushDenormals();
    const int64_t wait = std::min(context.store.timer_nanos(), kMaxIdleNanos);
    bool more_due = false;
    while (!context.stopping.load()) {
      if (Lane* lane = context.scheduler.WaitAndTake(more_due ? 0 : wait)) {
        Tick(lane);
        Answered(context.scheduler.Idle() ? Answerer::kIdleWorker : Answerer::kBusyWorker);
      }
      more_due = flow.ExpireDue();
    }
  }

  bool RunTick() {
    Lane* const lane = context.scheduler.Take();
    if (lane != nullptr) {
      Tick(lane);
      Answered(Answerer::kCaller);
    }
    flow.ExpireDue();
    return lane != nullptr;
  }

  void Tick(Lane* lane) {
    runner.Run(lane);
    quiet_time.TickEnded(context.clock->Nanos());
    context.scheduler.Give(lane);
  }

  void Answered(Answerer who) {
    if (answered) answered(who);
  }

  void Predict(std::span<StepRequest> requests) {
    {
      const int64_t now = context.clock->Nanos();
      Scheduler::Pushes pushes(&context.scheduler);
      for (StepRequest& request : requests) flow.Submit(&request, now, &pushes);
      quiet_time.Called(now);
      if (quiet_time.quiet() && requests.size() <= kMaxTickedByCaller) TickHere(&pushes);
    }
    Answered(Answerer::kCaller);
  }

  // On an idle engine the caller ticks itself: waking a worker takes longer than a small tick. One
  // caller at a time, so that others stay free to bring more.
  void TickHere(Scheduler::Pushes* pushes) {
    if (workers.empty() || !context.scheduler.AllAsleep(workers.size())) return;
    if (ticked_by_caller.exchange(true)) return;
    if (Lane* lane = pushes->Take()) Tick(lane);
    ticked_by_caller.store(false);
  }

  void Stop() {
    context.stopping.store(true);
    context.scheduler.Stop();
    for (std::thread& worker : workers) worker.join();
    workers.clear();
    rollouts.EndAll(StoppingError());
    // Callers that had come in before `stopping` was set are still on their way to the queue.
    while (context.in_flight.load() > 0) {
      rollouts.EndAll(StoppingError());
      if (!flow.RefuseAllReady()) std::this_thread::yield();
    }
    while (flow.RefuseAllReady()) {
    }
    Answered(Answerer::kCaller);
  }

  EngineContext context;
  SessionFlow flow;
  SessionCalls calls;
  Rollouts rollouts;
  ThreadPool pool;
  TickRunner runner;
  std::vector<std::thread> workers;
  std::atomic<bool> ticked_by_caller{false};
  QuietTime quiet_time;
  AnsweredHook answered;
};

Engine::Engine(const EngineOptions& options, ModelRegistry* registry, Metrics* metrics,
               const Clock* clock)
    : impl_(std::make_unique<Impl>(options, registry, metrics, clock)) {}

Engine::~Engine() { Stop(); }

void Engine::Start() { impl_->Start(); }
void Engine::Stop() { impl_->Stop(); }
bool Engine::RunTick() { return impl_->RunTick(); }
void Engine::Predict(StepRequest request) { impl_->Predict({&request, 1}); }
void Engine::Predict(std::span<StepRequest> requests) { impl_->Predict(requests); }
void Engine::SetAnsweredHook(AnsweredHook hook) { impl_->answered = std::move(hook); }

Engine::RolloutHandle Engine::Rollout(RolloutRequest request, std::shared_ptr<RolloutSink> sink) {
  return impl_->rollouts.Start(std::move(request), std::move(sink));
}
void Engine::ResumeRollout(RolloutHandle handle) { impl_->rollouts.Resume(handle); }
void Engine::CancelRollout(RolloutHandle handle) { impl_->rollouts.Cancel(handle); }

StatusOr<SessionInfo> Engine::GetSession(const std::string& id) { return impl_->calls.Get(id); }

void Engine::CloseSession(const std::string& id, std::function<void(Status)> done) {
  impl_->calls.Close(id, std::move(done));
}

void Engine::ForkSession(const std::string& id, const std::string& new_id,
                         std::function<void(StatusOr<SessionInfo>)> done) {
  impl_->calls.Fork(id, new_id, std::move(done));
}

void Engine::ExportSession(const std::string& id, bool close,
                           std::function<void(StatusOr<SessionState>)> done) {
  impl_->calls.Export(id, close, std::move(done));
}

StatusOr<SessionInfo> Engine::ImportSession(const std::string& id, const SessionState& state) {
  return impl_->calls.Import(id, state);
}

StatusOr<Engine::SessionPage> Engine::ListSessions(const std::string& model, uint32_t page_size,
                                                   const std::string& page_token) {
  return impl_->calls.List(model, page_size, page_token);
}

uint64_t Engine::SessionsOf(const std::string& model, int64_t version) const {
  const Lane* lane = impl_->context.scheduler.FindLane(model, version);
  return lane == nullptr ? 0 : lane->sessions.load();
}

void Engine::BeginDrain() { impl_->context.draining.store(true); }
bool Engine::Quiet() const { return impl_->quiet_time.quiet(); }
size_t Engine::InFlight() const { return impl_->context.in_flight.load(); }

}  // namespace sequent::engine
