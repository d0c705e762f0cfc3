#include "server/engine/session.h"

namespace sequent::engine {

void StepRequest::Clear() {
  session_id.clear();
  model.clear();
  version = 0;
  start = end = false;
  epoch = step = acked_step = 0;
  input = {};
  output.heads.clear();
  output.last_step_only = output.raw = output.score = false;
  output.top_k = 0;
  deadline_nanos = kNoDeadline;
  stream_id = 0;
  if (!refusal.ok()) refusal = absl::OkStatus();
  cancelled = nullptr;
  done = nullptr;
}

void StepItem::Recycle() {
  cost = 1;
  arrived_nanos = 0;
  next.reset();
  refused_behind.reset();
  request.Clear();
  units = units_done = 0;
  internal = from_last = flush = running = birth = false;
  logits_head = OutputPlan::kNoHead;
  lane = nullptr;
  working.Reset();
  plan.heads.clear();
  reply.reset();
  steps_made = 0;
  compute_nanos = 0;
}

void Session::Append(std::unique_ptr<Item> item) {
  Item* const added = item.get();
  if (tail != nullptr) {
    tail->next = std::move(item);
  } else {
    head = std::move(item);
  }
  tail = added;
  ++queued;
}

std::unique_ptr<Item> Session::PopFront() {
  std::unique_ptr<Item> item = std::move(head);
  head = std::move(item->next);
  if (head == nullptr) tail = nullptr;
  --queued;
  if (item->refused_behind != nullptr) {
    if (failed_streams == nullptr) failed_streams = std::make_unique<FailedStreams>();
    failed_streams->AddAll(*item->refused_behind);
  }
  return item;
}

void Session::MarkFailed(uint64_t stream) {
  if (stream == 0) return;
  if (failed_streams == nullptr) failed_streams = std::make_unique<FailedStreams>();
  failed_streams->Add(stream);
}

void Session::UnmarkFailed(uint64_t stream) {
  if (failed_streams != nullptr) failed_streams->Remove(stream);
}

}  // namespace sequent::engine
