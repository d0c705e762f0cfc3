#include "server/engine/rollout.h"

#include <prometheus/counter.h>

#include <algorithm>
#include <random>
#include <utility>

#include "core/base/error.h"
#include "server/engine/input_check.h"
#include "server/engine/rollout_summary.h"

namespace sequent::engine {
namespace {

uint64_t RandomSeed() {
  std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

// A word that ended the text was held back, and is a step of the rollout then.
bool HoldsToken(const Model& model, const Input& prompt, const StateRow& row) {
  return model.text_codec() != nullptr && prompt.kind != Input::Kind::kTokens &&
         model.text_codec()->HoldsToken(model.codec_state(row.data()));
}

// White space alone makes no step of a model of words.
bool SaysSomething(const StepReply& reply) {
  return std::any_of(reply.heads.begin(), reply.heads.end(), [](const HeadResult& head) {
    return !head.values.empty() || !head.classes.empty();
  });
}

Status NothingToGoOnFrom() {
  return absl::FailedPreconditionError(
      "there is nothing to go on from: no step was made yet, and there is no prompt");
}

}  // namespace

Rollout::Rollout(EngineContext* context, SessionFlow* flow, RolloutRequest request,
                 std::shared_ptr<RolloutSink> sink, std::function<void()> ended)
    : context_(context),
      flow_(flow),
      request_(std::move(request)),
      sink_(std::move(sink)),
      ended_callback_(std::move(ended)) {}

bool Rollout::Expired() const { return request_.deadline_nanos <= context_->clock->Nanos(); }

bool Rollout::Begin(Lane* lane, StateRow row, Session* caller) {
  MutexLock lock(&mutex_);
  if (ended_) return false;
  const Status status = Prepare(lane, std::move(row));
  if (!status.ok()) {
    Finish(status);
  } else {
    caller_ = caller;
  }
  return status.ok() && caller != nullptr;
}

Status Rollout::Prepare(Lane* lane, StateRow row) {
  if (Expired()) {
    return MakeError(Reason::kDeadline, "the deadline passed before the rollout's turn came");
  }
  lane_ = lane;
  const Model& model = lane->model;
  if (!row.valid()) {
    return MakeError(Reason::kSessionLimit, "there is no memory for the rollout's state");
  }
  SEQ_RETURN_IF_ERROR(CheckInput(model, request_.prompt));
  SEQ_ASSIGN_OR_RETURN(plan_, PlanRollout(context_->options, model, request_));
  const uint64_t units = UnitsOf(request_.prompt);
  const bool from_last = units == 0 && !HoldsToken(model, request_.prompt, row);
  if (from_last && !model.HasLast(row.data())) return NothingToGoOnFrom();
  if (!context_->ReserveSteps(request_.samples + units)) {
    return MakeError(Reason::kQueueFull,
                     StrCat("there is no room among the ", context_->options.max_queued_steps,
                            " steps that may be queued (--max-queued-steps)"));
  }
  reserved_steps_ = request_.samples + units;
  seed_ = request_.seed.value_or(0);
  if (!request_.seed) seed_ = RandomSeed();
  sink_->OnSeed(seed_);
  prompt_ = flow_->NewTemporary(lane, std::move(row));
  std::unique_ptr<StepItem> item = MakeItem(request_.prompt);
  item->from_last = from_last;
  item->flush = true;
  item->request.done = [self = shared_from_this()](std::shared_ptr<const StepReply> reply) {
    self->OnPrompt(reply);
  };
  flow_->SubmitTo(prompt_, std::move(item));
  return absl::OkStatus();
}

std::unique_ptr<StepItem> Rollout::MakeItem(const Input& input) const {
  auto item = context_->items.Take();
  item->request.input = input;
  item->request.output.last_step_only = true;
  item->units = static_cast<uint32_t>(UnitsOf(input));
  item->cost = 0;  // reserved for the whole rollout
  if (plan_.sources.empty() || plan_.drawn) item->drawn_head = static_cast<uint32_t>(plan_.head);
  return item;
}

void Rollout::OnPrompt(const std::shared_ptr<const StepReply>& reply) {
  MutexLock lock(&mutex_);
  if (ended_) return;
  Status status = reply->status;
  if (status.ok()) status = SaysSomething(*reply) ? Fork(reply) : NothingToGoOnFrom();
  if (!status.ok()) return Finish(status);
  Advance();
}

Status Rollout::Fork(const std::shared_ptr<const StepReply>& reply) {
  paths_.reserve(request_.samples);
  for (uint32_t sample = 0; sample < request_.samples; ++sample) {
    StateRow row = prompt_->row.Copy();
    if (!row.valid()) {
      return MakeError(Reason::kSessionLimit, StrCat("there is no memory for the states of ",
                                                     request_.samples, " samples"));
    }
    paths_.emplace_back(lane_->version->model, &plan_, &request_, seed_, sample);
    sessions_.push_back(flow_->NewTemporary(lane_, std::move(row)));
    waiting_.push_back({sample, reply});
  }
  unfinished_ = paths_.size();
  return absl::OkStatus();
}

void Rollout::OnStep(size_t path, const std::shared_ptr<const StepReply>& reply) {
  MutexLock lock(&mutex_);
  if (ended_) return;
  if (!reply->status.ok()) return Finish(reply->status);
  if (Expired()) {
    return Finish(MakeError(Reason::kDeadline, "the deadline passed during the rollout"));
  }
  waiting_.push_back({path, reply});
  Advance();
}

void Rollout::Resume() {
  MutexLock lock(&mutex_);
  if (!ended_) Advance();
}

void Rollout::Advance() {
  while (!waiting_.empty() && sink_->HasRoom()) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    AdvancePath(next);
  }
  if (paths_.empty() || unfinished_ > 0 || ended_) return;
  if (caller_ != nullptr) return RunCommit();
  Finish(absl::OkStatus());
}

void Rollout::AdvancePath(const Waiting& waiting) {
  RolloutPath& path = paths_[waiting.path];
  Session*& session = sessions_[waiting.path];
  sink_->OnStep(path.Draw(waiting.reply->heads));
  lane_->metrics->rollout_steps->Increment();
  if (path.done()) {
    flow_->Release(std::exchange(session, nullptr));
    --unfinished_;
    return;
  }
  std::unique_ptr<StepItem> item = MakeItem(path.NextInput());
  item->request.done = [self = shared_from_this(), index = waiting.path](
                           std::shared_ptr<const StepReply> reply) { self->OnStep(index, reply); };
  flow_->SubmitTo(session, std::move(item));
}

void Rollout::RunCommit() {
  const Input input = paths_[0].AllInputs();
  if (UnitsOf(input) == 0) {
    AdvanceCaller();
    return Finish(absl::OkStatus());
  }
  unfinished_ = 1;
  std::unique_ptr<StepItem> item = MakeItem(input);
  item->request.done = [self = shared_from_this()](std::shared_ptr<const StepReply> reply) {
    self->OnCommitted(reply);
  };
  flow_->SubmitTo(prompt_, std::move(item));
}

void Rollout::OnCommitted(const std::shared_ptr<const StepReply>& reply) {
  MutexLock lock(&mutex_);
  if (ended_) return;
  if (reply->status.ok()) AdvanceCaller();
  Finish(reply->status);
}

// The prompt session has made every step by now, in a tick that is calling us.
void Rollout::AdvanceCaller() {
  const bool in_text = request_.prompt.kind != Input::Kind::kTokens;
  const uint64_t units = UnitsOf(request_.prompt) + paths_[0].Units(in_text);
  StateRow row = prompt_->row.Copy();
  if (!row.valid()) {
    return Finish(MakeError(Reason::kSessionLimit, "there is no memory for the session's state"));
  }
  MutexLock lock(&caller_->shard->mutex);
  caller_->row = std::move(row);
  caller_->next_step += units;
  caller_->last_used_nanos = context_->clock->Nanos();
  lane_->metrics->steps->Increment(static_cast<double>(units));
}

void Rollout::End(const Status& status) {
  MutexLock lock(&mutex_);
  Finish(status);
}

void Rollout::Finish(const Status& status) {
  if (std::exchange(ended_, true)) return;
  context_->ReleaseSteps(std::exchange(reserved_steps_, 0));
  if (Session* prompt = std::exchange(prompt_, nullptr)) flow_->Release(prompt);
  for (Session*& session : sessions_) {
    if (session != nullptr) flow_->Release(std::exchange(session, nullptr));
  }
  waiting_.clear();
  RolloutSummary summary;
  if (status.ok()) summary = Summarize(lane_->model, plan_, request_, paths_);
  sink_->OnEnd(status, std::move(summary));
  if (Session* caller = std::exchange(caller_, nullptr)) flow_->Unpark(caller);
  ended_callback_();
}

}  // namespace sequent::engine
