#include "server/rpc/rollout_call.h"

#include <utility>

#include "server/rpc/conversions.h"
#include "server/rpc/errors.h"
#include "server/rpc/unary_call.h"

namespace sequent::rpc {
namespace {

// Parts that may wait to be written before the rollout rests, and when it goes on.
constexpr size_t kMaxWaiting = 64;
constexpr size_t kResumeAt = kMaxWaiting / 2;

}  // namespace

RolloutCall::RolloutCall(Edge* edge, grpc::CallbackServerContext* context)
    : edge_(edge),
      context_(context),
      record_(edge, "Rollout"),
      request_(google::protobuf::Arena::CreateMessage<v1::RolloutRequest>(&arena_)) {}

RolloutCall* RolloutCall::Start(Edge* edge, grpc::CallbackServerContext* context,
                                const grpc::ByteBuffer& input) {
  std::shared_ptr<RolloutCall> call(new RolloutCall(edge, context));
  RolloutCall* reactor = call.get();
  reactor->Open(std::move(call), input);
  return reactor;
}

void RolloutCall::Open(std::shared_ptr<RolloutCall> self, const grpc::ByteBuffer& input) {
  {
    MutexLock lock(&mutex_);
    self_ = self;
  }
  auto request = Convert(input);
  if (!request.ok()) return OnEnd(request.status(), {});
  const auto handle = edge_->engine->Rollout(*std::move(request), self);
  MutexLock lock(&mutex_);
  handle_ = handle;
  SchedulePump();
}

StatusOr<engine::RolloutRequest> RolloutCall::Convert(const grpc::ByteBuffer& input) {
  SEQ_ASSIGN_OR_RETURN(const Affinity affinity, Affinity::OfCall(context_));
  SEQ_RETURN_IF_ERROR(ParseBuffer(input, request_));
  SEQ_ASSIGN_OR_RETURN(engine::RolloutRequest request, ToRolloutRequest(*request_, affinity));
  request.deadline_nanos = DeadlineOfCall(*edge_, *context_);
  return request;
}

// ---- the engine's side ----

void RolloutCall::OnSeed(uint64_t seed) {
  MutexLock lock(&mutex_);
  seed_ = seed;
}

void RolloutCall::OnStep(engine::RolloutStep step) {
  MutexLock lock(&mutex_);
  if (finished_) return;
  steps_.push_back(std::move(step));
  SchedulePump();
}

void RolloutCall::OnEnd(Status status, engine::RolloutSummary summary) {
  record_.Done(status);
  MutexLock lock(&mutex_);
  ended_ = true;
  if (status.ok()) summary_ = std::move(summary);
  end_status_ = std::move(status);
  SchedulePump();
}

bool RolloutCall::HasRoom() {
  MutexLock lock(&mutex_);
  resting_ = steps_.size() >= kMaxWaiting;
  return !resting_;
}

// ---- gRPC's side ----

void RolloutCall::OnWriteDone(bool ok) {
  MutexLock lock(&mutex_);
  writing_ = false;
  cancelled_ |= !ok;
  SchedulePump();
}

void RolloutCall::OnCancel() {
  MutexLock lock(&mutex_);
  cancelled_ = true;
  SchedulePump();
}

void RolloutCall::OnDone() {
  std::shared_ptr<RolloutCall> self;  // may be the last reference, so it goes after the lock
  {
    MutexLock lock(&mutex_);
    self.swap(self_);
  }
}

// ---- the executor ----

void RolloutCall::SchedulePump() {
  if (pumping_) {
    pump_again_ = true;
    return;
  }
  pumping_ = true;
  edge_->executor->Post([self = shared_from_this()] { self->Pump(); });
}

void RolloutCall::Pump() {
  while (true) {
    Do(NextWork());
    MutexLock lock(&mutex_);
    if (!pump_again_) {
      pumping_ = false;
      return;
    }
    pump_again_ = false;
  }
}

RolloutCall::Work RolloutCall::NextWork() {
  Work work;
  MutexLock lock(&mutex_);
  work.seed = seed_;
  if (!finished_ && !writing_) DecideWriteOrFinish(&work);
  SteerEngine(&work);
  return work;
}

void RolloutCall::DecideWriteOrFinish(Work* work) {
  if (cancelled_) {
    finished_ = work->finish = true;
    work->status = absl::CancelledError("the call was cancelled");
    steps_.clear();
  } else if (!steps_.empty()) {
    writing_ = true;
    work->step = std::move(steps_.front());
    steps_.pop_front();
  } else if (summary_.has_value()) {
    writing_ = true;
    work->summary = std::exchange(summary_, std::nullopt);
  } else if (ended_) {
    finished_ = work->finish = true;
    work->status = end_status_;
  }
}

void RolloutCall::SteerEngine(Work* work) {
  if (ended_ || !handle_.has_value()) return;
  if (cancelled_) {
    work->cancel = !std::exchange(cancel_sent_, true);
  } else if (resting_ && steps_.size() <= kResumeAt) {
    resting_ = false;
    work->resume = true;
  }
}

void RolloutCall::Do(Work work) {
  if (work.cancel || work.resume) {
    engine::Engine::RolloutHandle handle;
    {
      MutexLock lock(&mutex_);
      handle = *handle_;
    }
    work.cancel ? edge_->engine->CancelRollout(handle) : edge_->engine->ResumeRollout(handle);
  }
  if (work.step.has_value() || work.summary.has_value()) Write(work);
  if (work.finish) Finish(ToGrpcStatus(work.status));
}

void RolloutCall::Write(const Work& work) {
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<v1::RolloutResponse>(&arena);
  message->set_seed(work.seed);
  if (work.step.has_value()) {
    FillRolloutStep(*work.step, message->mutable_step());
  } else {
    const auto& levels = request_->quantiles();
    FillRolloutSummary(*work.summary, {levels.data(), static_cast<size_t>(levels.size())},
                       message->mutable_summary());
  }
  write_buffer_ = SerializeToBuffer(*message);
  StartWrite(&write_buffer_);
}

}  // namespace sequent::rpc
