// What all calls of one server share, and the accounting of one request.
#ifndef SEQUENT_SERVER_RPC_EDGE_H_
#define SEQUENT_SERVER_RPC_EDGE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "server/engine/engine.h"
#include "server/engine/histogram_tally.h"
#include "server/engine/metrics.h"
#include "server/engine/model_registry.h"
#include "server/rpc/executor.h"
#include "server/rpc/problem_log.h"

namespace sequent::rpc {

class IncomingPool;
class PumpQueue;
class StreamSet;

// The name of PredictStream in metrics.
inline constexpr char kStreamMethod[] = "PredictStream";

// Plain wiring; everything outlives the calls. Thread safety: pointers are set once at start.
struct Edge {
  engine::Engine* engine = nullptr;
  engine::ModelRegistry* registry = nullptr;
  engine::Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
  Executor* executor = nullptr;
  ProblemLog* problems = nullptr;
  StreamSet* streams = nullptr;
  PumpQueue* pumps = nullptr;
  IncomingPool* incoming = nullptr;
  size_t max_inflight_per_stream = 256;
  size_t max_reply_bytes = 2 << 20;
  bool one_core = false;  // the process may use no more

  engine::MethodMetrics stream_metrics;  // kStreamMethod's

  std::atomic<bool> ready{false};  // models are loaded, calls are served
  std::atomic<bool> draining{false};
  // Requests that came in, ever; and those whose answers have not been written yet.
  std::atomic<uint64_t> accepted{0};
  std::atomic<int64_t> unanswered{0};
};

// One request from its arrival to its answer: in flight for the drain, then counted and timed.
// `method` must be a literal. Thread safety: one caller at a time.
class RequestRecord {
 public:
  RequestRecord(Edge* edge, const char* method);
  RequestRecord(RequestRecord&& other) noexcept;
  RequestRecord& operator=(RequestRecord&&) = delete;
  ~RequestRecord();  // no longer in flight; not counted unless Done was called

  // Counts the request, and the reason it was refused for.
  void Done(const Status& status);

 private:
  Edge* edge_;
  const char* method_;
  int64_t start_nanos_;
};

// The accounting of many requests of PredictStream. Counts and times them when it goes.
// Thread safety: one user; belongs on its stack.
class AnswerTally {
 public:
  explicit AnswerTally(Edge* edge);
  ~AnswerTally();
  AnswerTally(const AnswerTally&) = delete;
  AnswerTally& operator=(const AnswerTally&) = delete;

  // As RequestRecord::Done. `arrived_nanos` on the edge's clock.
  void Done(const Status& status, int64_t arrived_nanos);

 private:
  Edge* const edge_;
  const int64_t now_nanos_;
  engine::SecondsTally good_;  // answers that are no refusals
};

// Server-side deadline `millis` from now; 0 = none.
int64_t DeadlineAfterMillis(const Edge& edge, uint32_t millis);

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_EDGE_H_
