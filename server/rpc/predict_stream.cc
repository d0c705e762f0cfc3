#include "server/rpc/predict_stream.h"

#include <utility>

#include "core/base/error.h"
#include "server/rpc/conversions.h"
#include "server/rpc/errors.h"
#include "server/rpc/unary_call.h"

namespace sequent::rpc {
namespace {

constexpr char kMethod[] = "PredictStream";

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
  MutexLock lock(&mutex_);
  if (notified_) return;
  notified_ = notice_pending_ = true;
  notice_ = status;
  SchedulePump();
}

void PredictStream::End(const Status& status) {
  MutexLock lock(&mutex_);
  if (!read_closed_) end_status_ = status;
  read_closed_ = true;
  SchedulePump();
}

// ---- reading: gRPC's callback threads ----

void PredictStream::OnReadDone(bool ok) {
  if (!ok) return StopReading(absl::OkStatus());  // half-close, or the call is over
  auto incoming = ParseRead();
  if (!incoming.ok()) {
    edge_->problems->Note("BAD_MESSAGE", Message(incoming.status()));
    return StopReading(incoming.status());
  }
  Accept(*incoming);
  {
    MutexLock lock(&mutex_);
    reading_ = !read_closed_ && !finished_ && unanswered_ < edge_->max_inflight_per_stream;
    if (!reading_) return SchedulePump();
  }
  StartRead(&read_buffer_);
}

StatusOr<std::shared_ptr<const PredictStream::Incoming>> PredictStream::ParseRead() {
  auto incoming = std::make_shared<Incoming>();
  incoming->message =
      google::protobuf::Arena::CreateMessage<v1::PredictStreamRequest>(&incoming->arena);
  SEQ_RETURN_IF_ERROR(ParseBuffer(std::move(read_buffer_), incoming->message));
  read_buffer_.Clear();
  if (incoming->message->requests_size() > kMaxRequestsPerMessage) {
    return MakeError(Reason::kBadRequest,
                     StrCat("expected at most ", kMaxRequestsPerMessage,
                            " requests in one message, got ", incoming->message->requests_size()));
  }
  return incoming;
}

void PredictStream::Accept(const std::shared_ptr<const Incoming>& incoming) {
  const auto& requests = incoming->message->requests();
  size_t before;
  {
    MutexLock lock(&mutex_);
    if (read_closed_ || finished_) return;
    before = unanswered_;
    unanswered_ += requests.size();
  }
  for (int i = 0; i < requests.size(); ++i) {
    Submit(incoming, requests[i], before + i >= edge_->max_inflight_per_stream);
  }
}

void PredictStream::Submit(const std::shared_ptr<const Incoming>& incoming,
                           const v1::PredictRequest& request, bool over_limit) {
  engine::StepRequest step = ToStepRequest(request, affinity_);
  if (over_limit && step.refusal.ok()) {
    step.refusal = OverLimit(edge_->max_inflight_per_stream);
    step.input = {};
  }
  step.stream_id = id_;
  step.deadline_nanos = DeadlineAfterMillis(*edge_, request.timeout_ms());
  auto self = shared_from_this();
  step.cancelled = [self] { return self->cancelled_.load(std::memory_order_relaxed); };
  step.done = [self = std::move(self), incoming, &request,
               record = std::make_shared<RequestRecord>(edge_, kMethod)](
                  std::shared_ptr<const engine::StepReply> reply) {
    record->Done(reply->status);
    MutexLock lock(&self->mutex_);
    if (self->finished_) return;
    self->ready_.push_back({incoming, &request, std::move(reply), record});
    self->SchedulePump();
  };
  edge_->engine->Predict(std::move(step));
}

void PredictStream::StopReading(const Status& status) {
  MutexLock lock(&mutex_);
  if (!read_closed_) end_status_ = status;
  read_closed_ = true;
  reading_ = false;
  SchedulePump();
}

void PredictStream::OnCancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  MutexLock lock(&mutex_);
  SchedulePump();
}

void PredictStream::OnWriteDone(bool ok) {
  if (!ok) cancelled_.store(true, std::memory_order_relaxed);
  MutexLock lock(&mutex_);
  writing_ = false;
  unanswered_ -= writing_answers_;
  SchedulePump();
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

// ---- writing: the executor ----

void PredictStream::SchedulePump() {
  if (pumping_) {
    pump_again_ = true;
    return;
  }
  pumping_ = true;
  edge_->executor->Post([self = shared_from_this()] { self->Pump(); });
}

void PredictStream::Pump() {
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

PredictStream::Work PredictStream::NextWork() {
  Work work;
  MutexLock lock(&mutex_);
  if (finished_) return work;
  while (!ready_.empty()) {
    outbox_.push_back(std::move(ready_.front()));
    ready_.pop_front();
  }
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
    outbox_.clear();
    Finish(ToGrpcStatus(work.status));
  }
}

// As many answers as are ready go into one message, up to max_reply_bytes; a single larger one
// alone.
void PredictStream::Write(const Work& work) {
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<v1::PredictStreamResponse>(&arena);
  if (work.notice) FillStatus(work.status, message->mutable_notice()->mutable_status());
  size_t bytes = 0;
  writing_answers_ = 0;
  while (!outbox_.empty()) {
    const Answer& answer = outbox_.front();
    v1::PredictResponse* response = message->add_responses();
    FillResponse(*answer.request, *answer.reply, response);
    bytes += response->ByteSizeLong() + 8;
    if (bytes > edge_->max_reply_bytes && writing_answers_ > 0) {
      message->mutable_responses()->RemoveLast();
      break;
    }
    ++writing_answers_;
    outbox_.pop_front();
  }
  write_buffer_ = SerializeToBuffer(*message);
  StartWrite(&write_buffer_);
}

}  // namespace sequent::rpc
