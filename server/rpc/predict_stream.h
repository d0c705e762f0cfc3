// One PredictStream call.
//
//   OnReadDone (gRPC's threads): parse, convert, Engine::Predict   -> engine threads
//   done       (engine threads): append to ready_; into the pump queue
//   Pump       (any thread)    : ready_ -> one message -> StartWrite; resume reading; finish
//
// The pump queue is flushed when a tick has answered all its requests; a write that ends, a read
// that ends, a notice pump at once, where they are.
//
// A request is unanswered from its arrival until its answer has been written. The stream reads on
// only while fewer than max_inflight_per_stream requests are unanswered; what one message brings
// beyond that is answered QUEUE_FULL. So a client that never reads comes to a halt by itself and
// costs no more than that many answers.
//
// Only Pump writes, finishes, and resumes reading after a rest, and at most one Pump of a stream
// runs at a time: that is the whole locking of the write side. The object owns itself until OnDone;
// requests in the engine hold a reference, so the call may end before they do.
#ifndef SEQUENT_SERVER_RPC_PREDICT_STREAM_H_
#define SEQUENT_SERVER_RPC_PREDICT_STREAM_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/status.h"
#include "sequent/v1/predictor.pb.h"
#include "server/engine/request.h"
#include "server/rpc/affinity.h"
#include "server/rpc/edge.h"
#include "server/rpc/incoming.h"
#include "server/rpc/pump_queue.h"
#include "server/rpc/stream_set.h"

namespace sequent::rpc {

class PredictStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                            public NoticeTarget,
                            public Pumped,
                            public std::enable_shared_from_this<PredictStream> {
 public:
  // Begins to read. The reactor deletes itself after OnDone.
  static PredictStream* Start(Edge* edge, grpc::CallbackServerContext* context);

  void Notify(const Status& status) override SEQ_EXCLUDES(mutex_);
  void End(const Status& status) override SEQ_EXCLUDES(mutex_);
  void PumpAnswers() override SEQ_EXCLUDES(mutex_);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // What one Pump has to do, decided under the lock and done without it.
  struct Work {
    bool write = false, finish = false, read = false;
    bool notice = false;
    Status status;  // of the notice, or of the end
  };

  PredictStream(Edge* edge, grpc::CallbackServerContext* context);

  void Open(std::shared_ptr<PredictStream> self);
  Status ParseRead(Incoming* incoming);
  void Accept(std::unique_ptr<Incoming> incoming) SEQ_EXCLUDES(mutex_);
  void Convert(Pending* pending, bool over_limit, engine::StepRequest* step);
  void Answered(Pending* pending, std::shared_ptr<const engine::StepReply> reply)
      SEQ_EXCLUDES(mutex_);
  // Lets go of a request whose answer has been written or will never be.
  void Release(Pending* pending);
  void StopReading(const Status& status) SEQ_EXCLUDES(mutex_);

  // Whether the caller must pump, after it has let go of the lock; else somebody who does goes on.
  bool ClaimPump() SEQ_REQUIRES(mutex_);
  void Pump() SEQ_EXCLUDES(mutex_);
  Work NextWork() SEQ_EXCLUDES(mutex_);
  void DecideWriteOrFinish(Work* work) SEQ_REQUIRES(mutex_);
  void Do(const Work& work);
  void Write(const Work& work);
  void DropOutbox();

  Edge* const edge_;
  grpc::CallbackServerContext* const context_;
  uint64_t id_ = 0;
  Affinity affinity_;
  grpc::ByteBuffer read_buffer_;
  std::vector<engine::StepRequest> steps_;  // of the message that is being read
  std::atomic<bool> cancelled_{false};

  // Touched by Pump, and by the write it has started, only.
  std::vector<Pending*> outbox_;
  size_t writing_answers_ = 0;
  grpc::ByteBuffer write_buffer_;

  Mutex mutex_;
  std::shared_ptr<PredictStream> self_ SEQ_GUARDED_BY(mutex_);
  std::vector<Pending*> ready_ SEQ_GUARDED_BY(mutex_);
  bool in_pump_queue_ SEQ_GUARDED_BY(mutex_) = false;
  size_t unanswered_ SEQ_GUARDED_BY(mutex_) = 0;
  bool reading_ SEQ_GUARDED_BY(mutex_) = false;      // a read is under way or being handled
  bool read_closed_ SEQ_GUARDED_BY(mutex_) = false;  // nothing more will be read
  bool writing_ SEQ_GUARDED_BY(mutex_) = false;
  bool finished_ SEQ_GUARDED_BY(mutex_) = false;
  bool pumping_ SEQ_GUARDED_BY(mutex_) = false;
  bool pump_again_ SEQ_GUARDED_BY(mutex_) = false;
  bool notice_pending_ SEQ_GUARDED_BY(mutex_) = false;
  bool notified_ SEQ_GUARDED_BY(mutex_) = false;
  Status notice_ SEQ_GUARDED_BY(mutex_);
  Status end_status_ SEQ_GUARDED_BY(mutex_);
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_PREDICT_STREAM_H_
