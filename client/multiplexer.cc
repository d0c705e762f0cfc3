#include "client/multiplexer.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"

namespace sequent::client {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

int64_t ToNanos(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

// The server refused the request without applying it, and may take it later.
bool IsWorthSendingAgain(const v1::Status& status) {
  switch (status.reason()) {
    case v1::QUEUE_FULL:
    case v1::DRAINING:
    case v1::STORE_UNAVAILABLE:
      return true;
    default:
      return status.code() == static_cast<int>(absl::StatusCode::kUnavailable);
  }
}

// The session is gone; no later step of this life can succeed.
bool EndsTheSession(v1::Reason reason) {
  switch (reason) {
    case v1::SESSION_UNKNOWN:
    case v1::SESSION_EXPIRED:
    case v1::SESSION_REPLACED:
    case v1::STATE_LOST:
    case v1::MODEL_RETIRED:
    case v1::STEP_TOO_OLD:
    case v1::STEP_GAP:
    case v1::STEP_OVERLAP:
      return true;
    default:
      return false;
  }
}

Status FromWire(const v1::Status& status) {
  const Reason reason = static_cast<Reason>(status.reason());
  if (reason != Reason::kUnspecified) return MakeError(reason, status.message());
  return Status(static_cast<absl::StatusCode>(status.code()), status.message());
}

int64_t Doubled(int64_t backoff, const ClientOptions& options) {
  const int64_t first = ToNanos(options.first_backoff_seconds);
  return std::clamp(backoff * 2, first, std::max(first, ToNanos(options.max_backoff_seconds)));
}

}  // namespace

Multiplexer::Multiplexer(const ClientOptions& options, TransportFactory factory, const Clock* clock)
    : options_(options), factory_(std::move(factory)), clock_(clock) {}

void Multiplexer::Run(Completions completions) {
  for (auto& [callback, result] : completions) {
    if (callback) callback(std::move(result));
  }
}

std::string Multiplexer::NextRequestId() { return StrCat("r", ++next_request_); }

void Multiplexer::Submit(const SessionPtr& session, v1::PredictRequest request, uint64_t units,
                         double timeout_seconds, StepCallback callback) {
  Status refusal;
  {
    MutexLock lock(&mutex_);
    if (shut_down_) {
      refusal = absl::CancelledError("the client is shut down");
    } else if (!session->broken.ok()) {
      refusal = session->broken;
    } else if (session->ended) {
      refusal = absl::FailedPreconditionError(StrCat("session ", session->id, " has ended"));
    } else if (queued_ >= options_.max_queued) {
      refusal = absl::ResourceExhaustedError(
          StrCat("client queue full: ", queued_, " requests wait for an answer (max_queued)"));
    } else if (request.ByteSizeLong() > options_.max_message_bytes) {
      refusal = absl::InvalidArgumentError(
          StrCat("request too large: ", request.ByteSizeLong(), " bytes, expected at most ",
                 options_.max_message_bytes, " (max_message_bytes)"));
    } else {
      request.set_session_id(session->id);
      request.set_epoch(session->epoch);
      request.set_step(session->next_step);
      request.set_request_id(NextRequestId());
      if (!session->begun) {
        request.set_start(true);
        request.set_model(session->model);
        request.set_version(session->version);
        session->begun = true;
      }
      session->ended = request.end();
      session->next_step += units;
      const int64_t deadline =
          timeout_seconds > 0 ? clock_->Nanos() + ToNanos(timeout_seconds) : kNever;
      session->pending.push_back({std::move(request), std::move(callback), deadline, false});
      ++queued_;
      waiting_[session->id] = session;
      MakeReady(session);
      Pump();
    }
  }
  if (!refusal.ok() && callback) {
    callback(refusal);
  } else if (wake_timer_) {
    wake_timer_();
  }
}

void Multiplexer::MakeReady(const SessionPtr& session) {
  if (session->ready || session->sent == session->pending.size()) return;
  if (session->resume_nanos > clock_->Nanos()) return;  // RunTimers brings it back
  session->ready = true;
  ready_.push_back(session);
}

void Multiplexer::Pump() {
  if (shut_down_ || writing_ || ready_.empty()) return;
  if (transport_ == nullptr) {
    if (clock_->Nanos() < connect_nanos_) return;
    transport_ = factory_(shared_from_this());
    in_flight_ = 0;
  }
  v1::PredictStreamRequest message;
  size_t bytes = 0;
  while (!ready_.empty() && in_flight_ < options_.max_in_flight &&
         bytes < options_.max_message_bytes) {
    const SessionPtr session = ready_.front();
    ready_.pop_front();
    session->ready = false;
    AddToMessage(session.get(), &message, &bytes);
    if (session->sent < session->pending.size()) {
      MakeReady(session);
      break;  // the message or the window is full
    }
  }
  if (message.requests().empty()) return;
  writing_ = true;
  transport_->Write(message);
}

void Multiplexer::AddToMessage(SessionRecord* session, v1::PredictStreamRequest* message,
                               size_t* bytes) {
  const int64_t now = clock_->Nanos();
  while (session->sent < session->pending.size() && in_flight_ < options_.max_in_flight) {
    SessionRecord::Pending& next = session->pending[session->sent];
    const size_t size = next.request.ByteSizeLong() + 16;
    if (*bytes > 0 && *bytes + size > options_.max_message_bytes) {
      *bytes = options_.max_message_bytes;
      return;
    }
    *bytes += size;
    next.request.set_acked_step(session->acked_step);
    if (next.deadline_nanos != kNever) {
      const int64_t left_ms = std::max<int64_t>(1, (next.deadline_nanos - now) / 1'000'000);
      next.request.set_timeout_ms(static_cast<uint32_t>(std::min<int64_t>(left_ms, UINT32_MAX)));
    }
    next.ever_sent = true;
    *message->add_requests() = next.request;
    ++session->sent;
    ++in_flight_;
  }
}

void Multiplexer::OnWritten() {
  MutexLock lock(&mutex_);
  writing_ = false;
  Pump();
}

void Multiplexer::OnMessage(const v1::PredictStreamResponse& message) {
  Completions completions;
  bool wake;
  {
    MutexLock lock(&mutex_);
    connect_backoff_ = 0;
    for (const v1::PredictResponse& response : message.responses()) {
      if (in_flight_ > 0) --in_flight_;
      HandleResponse(response, &completions);
    }
    Pump();
    wake = std::exchange(timer_due_, false);
  }
  Run(std::move(completions));
  if (wake && wake_timer_) wake_timer_();
}

void Multiplexer::HandleResponse(const v1::PredictResponse& response, Completions* completions) {
  const auto found = waiting_.find(response.session_id());
  if (found == waiting_.end()) return;
  const SessionPtr session = found->second;
  size_t index = 0;
  while (index < session->sent &&
         session->pending[index].request.request_id() != response.request_id()) {
    ++index;
  }
  if (index == session->sent) return;  // the answer to an earlier sending
  if (response.status().code() == 0) {
    HandleSuccess(session, index, response, completions);
  } else if (IsWorthSendingAgain(response.status())) {
    session->backoff_nanos = Doubled(session->backoff_nanos, options_);
    session->resume_nanos = clock_->Nanos() + session->backoff_nanos;
    SendAgain(session, index);
    timer_due_ = true;
  } else {
    const Status status = FromWire(response.status());
    if (EndsTheSession(response.status().reason())) session->broken = status;
    FailFrom(session, index, status, completions);
  }
}

void Multiplexer::HandleSuccess(const SessionPtr& session, size_t index,
                                const v1::PredictResponse& response, Completions* completions) {
  SessionRecord::Pending& done = session->pending[index];
  session->backoff_nanos = 0;
  session->acked_step = std::max(session->acked_step, response.step() + response.steps() - 1);
  completions->emplace_back(std::move(done.callback), response);
  session->pending.erase(session->pending.begin() + static_cast<ptrdiff_t>(index));
  --session->sent;
  --queued_;
  Forget(session);
}

// Requests from `from` on go back to the unsent part, under new ids.
void Multiplexer::SendAgain(const SessionPtr& session, size_t from) {
  for (size_t i = from; i < session->sent; ++i) {
    session->pending[i].request.set_request_id(NextRequestId());
  }
  session->sent = std::min(session->sent, from);
  MakeReady(session);
}

// The request at `index` failed for good; those behind it were meant to follow it.
void Multiplexer::FailFrom(const SessionPtr& session, size_t index, const Status& status,
                           Completions* completions) {
  const v1::PredictRequest& failed = session->pending[index].request;
  session->next_step = failed.step();
  if (failed.start()) session->begun = false;
  session->ended = false;
  const Status behind =
      session->broken.ok()
          ? MakeError(Reason::kPreviousStepFailed,
                      StrCat("step ", failed.step(), " before it failed: ", status.message()))
          : status;
  for (size_t i = index; i < session->pending.size(); ++i) {
    completions->emplace_back(std::move(session->pending[i].callback),
                              i == index ? status : behind);
    --queued_;
  }
  session->pending.resize(index);
  session->sent = std::min(session->sent, index);
  Forget(session);
}

void Multiplexer::Forget(const SessionPtr& session) {
  if (session->pending.empty()) waiting_.erase(session->id);
}

void Multiplexer::OnClosed(const Status& status) {
  Completions completions;
  std::shared_ptr<Transport> closed;
  {
    MutexLock lock(&mutex_);
    closed = std::move(transport_);
    transport_ = nullptr;
    writing_ = false;
    in_flight_ = 0;
    connect_backoff_ = Doubled(connect_backoff_, options_);
    connect_nanos_ = clock_->Nanos() + connect_backoff_;
    // A stream that ends well, or because the server or the network went away, is opened again. Any
    // other end is an answer to what was sent on it.
    const bool go_on = status.ok() || absl::IsUnavailable(status) || absl::IsCancelled(status) ||
                       absl::IsUnknown(status) || absl::IsInternal(status) ||
                       absl::IsDeadlineExceeded(status);
    const auto waiting = waiting_;
    for (const auto& [id, session] : waiting) {
      if (go_on || session->sent == 0) {
        SendAgain(session, 0);
      } else {
        FailFrom(session, 0, status, &completions);
      }
    }
  }
  Run(std::move(completions));
  if (wake_timer_) wake_timer_();
}

int64_t Multiplexer::ExpireDeadlines(int64_t now, Completions* completions) {
  int64_t next = kNever;
  const auto waiting = waiting_;
  for (const auto& [id, session] : waiting) {
    for (size_t i = 0; i < session->pending.size(); ++i) {
      SessionRecord::Pending& pending = session->pending[i];
      if (!pending.callback) continue;
      if (pending.deadline_nanos > now) {
        next = std::min(next, pending.deadline_nanos);
        continue;
      }
      const Status late =
          MakeError(Reason::kDeadline, StrCat("no answer in time for step ", pending.request.step(),
                                              " of session ", session->id));
      if (!pending.ever_sent) {  // it surely was not applied
        FailFrom(session, i, late, completions);
        break;
      }
      completions->emplace_back(std::move(pending.callback), late);
      pending.callback = nullptr;
    }
    if (session->sent < session->pending.size() && session->resume_nanos > now) {
      next = std::min(next, session->resume_nanos);
    } else {
      MakeReady(session);
    }
  }
  return next;
}

int64_t Multiplexer::RunTimers() {
  Completions completions;
  int64_t next;
  {
    MutexLock lock(&mutex_);
    const int64_t now = clock_->Nanos();
    next = ExpireDeadlines(now, &completions);
    Pump();
    if (transport_ == nullptr && !ready_.empty()) next = std::min(next, connect_nanos_);
  }
  Run(std::move(completions));
  return next;
}

void Multiplexer::Shutdown() {
  Completions completions;
  std::shared_ptr<Transport> transport;
  {
    MutexLock lock(&mutex_);
    shut_down_ = true;
    transport = transport_;
    const Status cancelled = absl::CancelledError("the client was shut down");
    for (auto& [id, session] : waiting_) {
      for (SessionRecord::Pending& pending : session->pending) {
        completions.emplace_back(std::move(pending.callback), cancelled);
      }
      session->pending.clear();
      session->sent = 0;
      session->broken = cancelled;
    }
    waiting_.clear();
    ready_.clear();
    queued_ = 0;
  }
  if (transport != nullptr) transport->Cancel();
  Run(std::move(completions));
}

SessionRecord Multiplexer::Snapshot(const SessionRecord& session) const {
  MutexLock lock(&mutex_);
  SessionRecord copy;
  copy.id = session.id;
  copy.model = session.model;
  copy.version = session.version;
  copy.epoch = session.epoch;
  copy.next_step = session.next_step;
  copy.acked_step = session.acked_step;
  copy.begun = session.begun;
  copy.ended = session.ended;
  copy.broken = session.broken;
  return copy;
}

}  // namespace sequent::client
