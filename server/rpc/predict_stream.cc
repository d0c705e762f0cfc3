#include "server/rpc/predict_stream.h"

#include <utility>

#include "core/base/cores.h"
#include "core/base/error.h"
#include "server/rpc/conversions.h"
#include "server/rpc/errors.h"
#include "server/rpc/response_writer.h"
#include "server/rpc/unary_call.h"

namespace sequent::rpc {
namespace {

// What a thread keeps of the memory of a message's requests; honest messages carry fewer.
constexpr size_t kMaxKeptSteps = 256;
// Tiny requests grow a hundredfold when parsed and queued; no honest client sends so many at once.
constexpr int kMaxRequestsPerMessage = 65'536;

Status OverLimit(size_t limit) {
  return MakeError(Reason::kQueueFull,
                   StrCat("expected at most ", limit,
                          " unanswered requests on one stream (--max-inflight-per-stream)"));
}

}  // namespace

PredictStream::PredictStream(Edge* edge, grpc::CallbackServerContext* context)
    : edge_(edge), context_(context) {}

PredictStream* PredictStream::Start(Edge* edge, grpc::CallbackServerContext* context) {
  std::shared_ptr<PredictStream> stream(new PredictStream(edge, context));
  PredictStream* reactor = stream.get();
  reactor->Open(std::move(stream));
  return reactor;
}

void PredictStream::Open(std::shared_ptr<PredictStream> self) {
  edge_->metrics->StreamOpened();
  id_ = edge_->streams->Add(self);
  StatusOr<Affinity> affinity = Affinity::OfCall(context_);
  if (affinity.ok()) affinity_ = *std::move(affinity);
  // Without waiting for an answer: clients may wait for the metadata before they send anything.
  StartSendInitialMetadata();
  {
    MutexLock lock(&mutex_);
    self_ = std::move(self);
    reading_ = affinity.ok();
  }
  if (affinity.ok()) {
    StartRead(&read_buffer_);
  } else {
    StopReading(affinity.status());
  }
  // After Add: whoever begins to drain from here on finds this stream in the set.
  if (edge_->draining.load()) Notify(MakeError(Reason::kDraining, "the server is draining"));
}

void PredictStream::Notify(const Status& status) {
  {
    MutexLock lock(&mutex_);
    if (notified_) return;
    notified_ = notice_pending_ = true;
    notice_ = status;
    if (!ClaimPump()) return;
  }
  Pump();
}

void PredictStream::End(const Status& status) {
  {
    MutexLock lock(&mutex_);
    if (!read_closed_) end_status_ = status;
    read_closed_ = true;
    if (!ClaimPump()) return;
  }
  Pump();
}

// ---- reading: gRPC's callback threads ----

void PredictStream::OnReadDone(bool ok) {
  // With a crowd on a single core each message would interrupt a tick, and an interruption costs
  // more than the message.
  if (edge_->one_core) WaitForTurn(!edge_->engine->Quiet());
  if (!ok) return StopReading(absl::OkStatus());  // half-close, or the call is over
  std::unique_ptr<Incoming> incoming = edge_->incoming->Take();
  if (const Status status = ParseRead(incoming.get()); !status.ok()) {
    edge_->incoming->Give(std::move(incoming));
    edge_->problems->Note("BAD_MESSAGE", Message(status));
    return StopReading(status);
  }
  Accept(std::move(incoming));
  bool pump = false;
  {
    MutexLock lock(&mutex_);
    reading_ = !read_closed_ && !finished_ && unanswered_ < edge_->max_inflight_per_stream;
    if (!reading_) pump = ClaimPump();
    if (!reading_ && !pump) return;
  }
  if (pump) return Pump();
  StartRead(&read_buffer_);
}

Status PredictStream::ParseRead(Incoming* incoming) {
  SEQ_RETURN_IF_ERROR(ParseBuffer(std::move(read_buffer_), incoming->message));
  read_buffer_.Clear();
  if (incoming->message->requests_size() > kMaxRequestsPerMessage) {
    return MakeError(Reason::kBadRequest,
                     StrCat("expected at most ", kMaxRequestsPerMessage,
                            " requests in one message, got ", incoming->message->requests_size()));
  }
  return absl::OkStatus();
}

void PredictStream::Accept(std::unique_ptr<Incoming> incoming) {
  const auto& requests = incoming->message->requests();
  const auto count = static_cast<size_t>(requests.size());
  size_t before = 0;
  bool taken = false;
  {
    MutexLock lock(&mutex_);
    if (!read_closed_ && !finished_) {
      taken = true;
      before = unanswered_;
      unanswered_ += count;
    }
  }
  if (!taken || count == 0) return edge_->incoming->Give(std::move(incoming));
  edge_->accepted.fetch_add(count, std::memory_order_relaxed);
  edge_->unanswered.fetch_add(static_cast<int64_t>(count), std::memory_order_relaxed);
  incoming->stream = shared_from_this();
  incoming->arrived_nanos = edge_->clock->Nanos();
  incoming->left.store(count, std::memory_order_relaxed);
  incoming->pending.resize(count);
  thread_local std::vector<engine::StepRequest> steps;
  steps.resize(count);
  for (size_t i = 0; i < count; ++i) {
    Pending& pending = incoming->pending[i];
    pending.incoming = incoming.get();
    pending.request = &requests[static_cast<int>(i)];
    Convert(&pending, before + i >= edge_->max_inflight_per_stream, &steps[i]);
  }
  incoming.release();  // NOLINT: belongs to its requests, and goes with the last one
  edge_->engine->Predict(steps);
  if (count > kMaxKeptSteps) std::vector<engine::StepRequest>().swap(steps);
}

void PredictStream::Convert(Pending* pending, bool over_limit, engine::StepRequest* step) {
  ToStepRequest(*pending->request, affinity_, step);
  if (over_limit && step->refusal.ok()) {
    step->refusal = OverLimit(edge_->max_inflight_per_stream);
    step->input = {};
  }
  step->stream_id = id_;
  step->deadline_nanos = DeadlineAfterMillis(*edge_, pending->request->timeout_ms());
  // Small enough that a std::function keeps them without allocating.
  step->cancelled = [pending] {
    return pending->incoming->stream->cancelled_.load(std::memory_order_relaxed);
  };
  step->done = [pending](std::shared_ptr<const engine::StepReply> reply) {
    pending->incoming->stream->Answered(pending, std::move(reply));
  };
}

void PredictStream::Answered(Pending* pending, std::shared_ptr<const engine::StepReply> reply) {
  pending->reply = std::move(reply);
  std::shared_ptr<PredictStream> self;
  bool dropped = false;
  {
    MutexLock lock(&mutex_);
    dropped = finished_;
    if (!dropped) {
      ready_.push_back(pending);
      if (std::exchange(in_pump_queue_, true)) return;
    }
    // Under the lock: without it the request may be released, and the stream with it.
    self = shared_from_this();
  }
  if (!dropped) return edge_->pumps->Add(std::move(self));
  AnswerTally(edge_).Done(pending->reply->status, pending->incoming->arrived_nanos);
  Release(pending);
  edge_->unanswered.fetch_sub(1, std::memory_order_relaxed);
}

void PredictStream::Release(Pending* pending) {
  Incoming* const incoming = pending->incoming;
  pending->reply.reset();
  if (incoming->left.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  edge_->incoming->Give(std::unique_ptr<Incoming>(incoming));
}

void PredictStream::StopReading(const Status& status) {
  {
    MutexLock lock(&mutex_);
    if (!read_closed_) end_status_ = status;
    read_closed_ = true;
    reading_ = false;
    if (!ClaimPump()) return;
  }
  Pump();
}

void PredictStream::OnCancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  {
    MutexLock lock(&mutex_);
    if (!ClaimPump()) return;
  }
  Pump();
}

void PredictStream::OnWriteDone(bool ok) {
  if (!ok) cancelled_.store(true, std::memory_order_relaxed);
  {
    MutexLock lock(&mutex_);
    writing_ = false;
    unanswered_ -= writing_answers_;
    if (!ClaimPump()) return;
  }
  Pump();
}

void PredictStream::OnDone() {
  edge_->streams->Remove(id_);
  edge_->metrics->StreamClosed();
  std::shared_ptr<PredictStream> self;  // may be the last reference, so it goes after the lock
  {
    MutexLock lock(&mutex_);
    self.swap(self_);
  }
}

// ---- writing ----

void PredictStream::PumpAnswers() {
  {
    MutexLock lock(&mutex_);
    in_pump_queue_ = false;
    if (!ClaimPump()) return;
  }
  Pump();
}

bool PredictStream::ClaimPump() {
  pump_again_ = pumping_;
  return !std::exchange(pumping_, true);
}

void PredictStream::Pump() {
  const std::shared_ptr<PredictStream> self = shared_from_this();  // may finish, and be done
  while (true) {
    Do(NextWork());
    MutexLock lock(&mutex_);
    if (!std::exchange(pump_again_, false)) {
      pumping_ = false;
      return;
    }
  }
}

PredictStream::Work PredictStream::NextWork() {
  Work work;
  MutexLock lock(&mutex_);
  if (finished_) return work;
  outbox_.insert(outbox_.end(), ready_.begin(), ready_.end());
  ready_.clear();
  if (!writing_) DecideWriteOrFinish(&work);
  if (!work.finish && !reading_ && !read_closed_ && unanswered_ < edge_->max_inflight_per_stream) {
    reading_ = work.read = true;
  }
  return work;
}

void PredictStream::DecideWriteOrFinish(Work* work) {
  if (cancelled_.load(std::memory_order_relaxed)) {
    finished_ = work->finish = true;
    work->status = absl::CancelledError("the call was cancelled");
  } else if (!outbox_.empty() || notice_pending_) {
    writing_ = work->write = true;
    work->notice = std::exchange(notice_pending_, false);
    work->status = notice_;
  } else if (read_closed_ && unanswered_ == 0) {
    finished_ = work->finish = true;
    work->status = end_status_;
  }
}

void PredictStream::Do(const Work& work) {
  if (work.read) StartRead(&read_buffer_);
  if (work.write) Write(work);
  if (work.finish) {
    DropOutbox();
    Finish(ToGrpcStatus(work.status));
  }
}

void PredictStream::DropOutbox() {
  AnswerTally tally(edge_);
  for (Pending* pending : outbox_) {
    tally.Done(pending->reply->status, pending->incoming->arrived_nanos);
    Release(pending);
  }
  edge_->unanswered.fetch_sub(static_cast<int64_t>(outbox_.size()), std::memory_order_relaxed);
  outbox_.clear();
}

// As many answers as are ready go into one message, up to max_reply_bytes; a single larger one
// alone.
void PredictStream::Write(const Work& work) {
  thread_local BackwardWriter answer;
  thread_local std::string message;
  message.clear();
  size_t count = 0;
  {
    AnswerTally tally(edge_);
    for (; count < outbox_.size(); ++count) {
      Pending* const pending = outbox_[count];
      answer.Clear();
      WriteResponse(*pending->request, *pending->reply, &answer);
      if (count > 0 && message.size() + answer.size() > edge_->max_reply_bytes) break;
      message += answer.written();
      tally.Done(pending->reply->status, pending->incoming->arrived_nanos);
      Release(pending);
    }
  }
  outbox_.erase(outbox_.begin(), outbox_.begin() + static_cast<ptrdiff_t>(count));
  edge_->unanswered.fetch_sub(static_cast<int64_t>(count), std::memory_order_relaxed);
  writing_answers_ = count;
  if (work.notice) {
    v1::PredictStreamResponse notice;
    FillStatus(work.status, notice.mutable_notice()->mutable_status());
    notice.AppendToString(&message);
  }
  const grpc::Slice slice(message);
  write_buffer_ = grpc::ByteBuffer(&slice, 1);
  StartWrite(&write_buffer_);
}

}  // namespace sequent::rpc
