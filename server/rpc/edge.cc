#include "server/rpc/edge.h"

#include <prometheus/counter.h>

#include <utility>

#include "core/base/error.h"
#include "server/rpc/errors.h"

namespace sequent::rpc {
namespace {

void CountOne(Edge* edge, const char* method, const Status& status, double seconds) {
  const std::string code = CodeName(status);
  edge->metrics->RequestDone(method, code, seconds);
  if (status.ok()) return;
  const Reason reason = ReasonOf(status);
  if (reason != Reason::kUnspecified) edge->metrics->Rejected(reason);
  edge->problems->Note(reason == Reason::kUnspecified ? std::string_view(code) : ReasonName(reason),
                       SafeMessage(Message(status)));
}

}  // namespace

RequestRecord::RequestRecord(Edge* edge, const char* method)
    : edge_(edge), method_(method), start_nanos_(edge->clock->Nanos()) {
  edge_->accepted.fetch_add(1, std::memory_order_relaxed);
  edge_->unanswered.fetch_add(1, std::memory_order_relaxed);
}

RequestRecord::RequestRecord(RequestRecord&& other) noexcept
    : edge_(std::exchange(other.edge_, nullptr)),
      method_(other.method_),
      start_nanos_(other.start_nanos_) {}

RequestRecord::~RequestRecord() {
  if (edge_ != nullptr) edge_->unanswered.fetch_sub(1, std::memory_order_relaxed);
}

void RequestRecord::Done(const Status& status) {
  const double seconds = static_cast<double>(edge_->clock->Nanos() - start_nanos_) * 1e-9;
  CountOne(edge_, method_, status, seconds);
}

AnswerTally::AnswerTally(Edge* edge) : edge_(edge), now_nanos_(edge->clock->Nanos()) {}

AnswerTally::~AnswerTally() {
  if (good_.count() == 0) return;
  const engine::MethodMetrics& metrics = edge_->stream_metrics;
  metrics.answered->Increment(static_cast<double>(good_.count()));
  good_.Flush(metrics.seconds);
}

void AnswerTally::Done(const Status& status, int64_t arrived_nanos) {
  const double seconds = static_cast<double>(now_nanos_ - arrived_nanos) * 1e-9;
  if (status.ok()) {
    good_.Add(seconds);
  } else {
    CountOne(edge_, kStreamMethod, status, seconds);
  }
}

int64_t DeadlineAfterMillis(const Edge& edge, uint32_t millis) {
  if (millis == 0) return engine::kNoDeadline;
  return edge.clock->Nanos() + int64_t{millis} * 1'000'000;
}

}  // namespace sequent::rpc
