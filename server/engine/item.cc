#include "server/engine/item.h"

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
  next = nullptr;
  refused_behind.reset();
  request.Clear();
  units = units_done = 0;
  internal = from_last = flush = running = birth = false;
  drawn_head = OutputPlan::kNoHead;
  lane = nullptr;
  working.Reset();
  plan.heads.clear();
  reply.reset();
  steps_made = 0;
  compute_nanos = 0;
}

ItemQueue::~ItemQueue() {
  while (!empty()) PopFront();
}

void ItemQueue::Append(std::unique_ptr<Item> item) {
  Item* const added = item.release();
  added->next = nullptr;
  (empty() ? front_ : back_->next) = added;
  back_ = added;
}

std::unique_ptr<Item> ItemQueue::PopFront() {
  std::unique_ptr<Item> item(front_);
  front_ = std::exchange(item->next, nullptr);
  if (front_ == nullptr) back_ = nullptr;
  return item;
}

}  // namespace sequent::engine
