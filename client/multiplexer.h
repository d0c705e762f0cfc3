// Many sessions over one stream, with nothing lost and nothing counted twice.
//
// Every request of a session is numbered (PredictRequest.step) and names the session's life
// (epoch), so the server applies it once however often it arrives. That makes one rule enough for
// every trouble: *whatever has no final answer is sent again, in order*. A broken stream: all
// unanswered requests of all sessions. QUEUE_FULL or UNAVAILABLE: that request and the session's
// later ones, after a pause. A request sent again gets a new request_id, so a late answer to its
// former self is recognised and dropped.
//
// Coalescing: while one message is being written, requests gather; the next message takes them all.
//
// A step that fails for good (wrong width, say) changes nothing on the server; the session's steps
// that were queued behind it fail with ABORTED, since they were meant to follow it, and the next
// new step takes its number.
//
// Thread safety: thread-safe. Callbacks run outside the lock, on the transport's or the timer's
// thread.
#ifndef SEQUENT_CLIENT_MULTIPLEXER_H_
#define SEQUENT_CLIENT_MULTIPLEXER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/options.h"
#include "client/transport.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/status.h"
#include "sequent/v1/predictor.pb.h"

namespace sequent::client {

using StepCallback = std::function<void(StatusOr<v1::PredictResponse>)>;

// One session's side of the conversation. Owned by the Multiplexer's lock.
struct SessionRecord {
  struct Pending {
    v1::PredictRequest request;
    StepCallback callback;  // empty: given up on by the caller, still owed an answer
    int64_t deadline_nanos = 0;
    bool ever_sent = false;
  };

  std::string id;
  std::string model;
  int64_t version = 0;
  uint64_t epoch = 0;
  uint64_t next_step = 1;
  uint64_t acked_step = 0;
  bool begun = false;  // a request with `start` has been queued or answered in this life
  bool ended = false;
  Status broken;                // the server no longer has the session; every further step fails so
  std::deque<Pending> pending;  // in order; the first `sent` are on the wire
  size_t sent = 0;
  int64_t resume_nanos = 0;  // not before: the pause after a refusal
  int64_t backoff_nanos = 0;
  bool ready = false;  // stands in the multiplexer's ready queue
};

class Multiplexer : public TransportListener, public std::enable_shared_from_this<Multiplexer> {
 public:
  // `clock` must outlive it. Opens its stream with the first step.
  Multiplexer(const ClientOptions& options, TransportFactory factory, const Clock* clock);

  // Queues one request of the session: `request` holds input, output and flags; numbers, epoch, ids
  // and timeout are filled in here. `units`: how far it advances the session.
  void Submit(const std::shared_ptr<SessionRecord>& session, v1::PredictRequest request,
              uint64_t units, double timeout_seconds, StepCallback callback);

  // Expires deadlines, ends pauses, reconnects. Returns when it wants to be called next
  // (nanoseconds on the clock), INT64_MAX if never.
  int64_t RunTimers();
  // Set by the owner: called (outside the lock) when RunTimers should be called sooner than it
  // said.
  void SetTimerWaker(std::function<void()> waker) { wake_timer_ = std::move(waker); }

  // Fails everything unanswered with CANCELLED and gives the stream up.
  void Shutdown();

  // What the session looks like now.
  SessionRecord Snapshot(const SessionRecord& session) const;

  void OnMessage(const v1::PredictStreamResponse& message) override;
  void OnWritten() override;
  void OnClosed(const Status& status) override;

 private:
  using SessionPtr = std::shared_ptr<SessionRecord>;
  // Callbacks collected under the lock, called after it.
  using Completions = std::vector<std::pair<StepCallback, StatusOr<v1::PredictResponse>>>;
  static void Run(Completions completions);

  void MakeReady(const SessionPtr& session) SEQ_REQUIRES(mutex_);
  void Pump() SEQ_REQUIRES(mutex_);
  void AddToMessage(SessionRecord* session, v1::PredictStreamRequest* message, size_t* bytes)
      SEQ_REQUIRES(mutex_);
  void HandleResponse(const v1::PredictResponse& response, Completions* completions)
      SEQ_REQUIRES(mutex_);
  void HandleSuccess(const SessionPtr& session, size_t index, const v1::PredictResponse& response,
                     Completions* completions) SEQ_REQUIRES(mutex_);
  void SendAgain(const SessionPtr& session, size_t from) SEQ_REQUIRES(mutex_);
  void FailFrom(const SessionPtr& session, size_t index, const Status& status,
                Completions* completions) SEQ_REQUIRES(mutex_);
  void Forget(const SessionPtr& session) SEQ_REQUIRES(mutex_);
  int64_t ExpireDeadlines(int64_t now, Completions* completions) SEQ_REQUIRES(mutex_);
  std::string NextRequestId() SEQ_REQUIRES(mutex_);

  const ClientOptions options_;
  const TransportFactory factory_;
  const Clock* const clock_;
  std::function<void()> wake_timer_;

  mutable Mutex mutex_;
  std::shared_ptr<Transport> transport_ SEQ_GUARDED_BY(mutex_);
  bool writing_ SEQ_GUARDED_BY(mutex_) = false;
  bool shut_down_ SEQ_GUARDED_BY(mutex_) = false;
  bool timer_due_ SEQ_GUARDED_BY(mutex_) = false;  // a pause began that RunTimers must end
  size_t in_flight_ SEQ_GUARDED_BY(mutex_) = 0;
  size_t queued_ SEQ_GUARDED_BY(mutex_) = 0;  // pending of all sessions
  int64_t connect_nanos_ SEQ_GUARDED_BY(mutex_) = 0;
  int64_t connect_backoff_ SEQ_GUARDED_BY(mutex_) = 0;
  uint64_t next_request_ SEQ_GUARDED_BY(mutex_) = 0;
  std::deque<SessionPtr> ready_ SEQ_GUARDED_BY(mutex_);
  std::unordered_map<std::string, SessionPtr> waiting_ SEQ_GUARDED_BY(mutex_);  // with pending work
};

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_MULTIPLEXER_H_
