#include "server/rpc/edge.h"

#include <utility>

#include "core/base/error.h"
#include "server/rpc/errors.h"

namespace sequent::rpc {

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
  const std::string code = CodeName(status);
  edge_->metrics->RequestDone(method_, code, seconds);
  if (status.ok()) return;
  const Reason reason = ReasonOf(status);
  if (reason != Reason::kUnspecified) edge_->metrics->Rejected(reason);
  edge_->problems->Note(
      reason == Reason::kUnspecified ? std::string_view(code) : ReasonName(reason),
      SafeMessage(Message(status)));
}

int64_t DeadlineAfterMillis(const Edge& edge, uint32_t millis) {
  if (millis == 0) return engine::kNoDeadline;
  return edge.clock->Nanos() + int64_t{millis} * 1'000'000;
}

}  // namespace sequent::rpc
