// One Rollout call: the engine puts parts in, the executor writes them out one by one. While the
// client does not read, HasRoom says no and the rollout rests; it is resumed when half of the parts
// have gone.
//
// As with PredictStream only Pump writes and finishes, and one Pump runs at a time. The object owns
// itself until OnDone; the engine holds it as a sink, so the call may end before the rollout does.
#ifndef SEQUENT_SERVER_RPC_ROLLOUT_CALL_H_
#define SEQUENT_SERVER_RPC_ROLLOUT_CALL_H_

#include <google/protobuf/arena.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <memory>
#include <optional>

#include "core/base/mutex.h"
#include "core/base/status.h"
#include "sequent/v1/predictor.pb.h"
#include "server/engine/engine.h"
#include "server/engine/request.h"
#include "server/rpc/edge.h"

namespace sequent::rpc {

class RolloutCall final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                          public engine::RolloutSink,
                          public std::enable_shared_from_this<RolloutCall> {
 public:
  static RolloutCall* Start(Edge* edge, grpc::CallbackServerContext* context,
                            const grpc::ByteBuffer& input);

  void OnSeed(uint64_t seed) override;
  void OnStep(engine::RolloutStep step) override;
  void OnEnd(Status status, engine::RolloutSummary summary) override;
  bool HasRoom() override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  struct Work {
    std::optional<engine::RolloutStep> step;
    std::optional<engine::RolloutSummary> summary;
    bool finish = false, resume = false, cancel = false;
    uint64_t seed = 0;
    Status status;
  };

  RolloutCall(Edge* edge, grpc::CallbackServerContext* context);

  void Open(std::shared_ptr<RolloutCall> self, const grpc::ByteBuffer& input);
  StatusOr<engine::RolloutRequest> Convert(const grpc::ByteBuffer& input);
  void SchedulePump() SEQ_REQUIRES(mutex_);
  void Pump() SEQ_EXCLUDES(mutex_);
  Work NextWork() SEQ_EXCLUDES(mutex_);
  void DecideWriteOrFinish(Work* work) SEQ_REQUIRES(mutex_);
  void SteerEngine(Work* work) SEQ_REQUIRES(mutex_);
  void Do(Work work);
  void Write(const Work& work);

  Edge* const edge_;
  grpc::CallbackServerContext* const context_;
  RequestRecord record_;
  google::protobuf::Arena arena_;
  v1::RolloutRequest* const request_;
  grpc::ByteBuffer write_buffer_;

  Mutex mutex_;
  std::shared_ptr<RolloutCall> self_ SEQ_GUARDED_BY(mutex_);
  std::deque<engine::RolloutStep> steps_ SEQ_GUARDED_BY(mutex_);
  std::optional<engine::RolloutSummary> summary_ SEQ_GUARDED_BY(mutex_);
  std::optional<engine::Engine::RolloutHandle> handle_ SEQ_GUARDED_BY(mutex_);
  uint64_t seed_ SEQ_GUARDED_BY(mutex_) = 0;
  Status end_status_ SEQ_GUARDED_BY(mutex_);
  bool ended_ SEQ_GUARDED_BY(mutex_) = false;      // nothing more comes from the engine
  bool resting_ SEQ_GUARDED_BY(mutex_) = false;    // the engine waits for ResumeRollout
  bool cancelled_ SEQ_GUARDED_BY(mutex_) = false;  // the client has gone
  bool cancel_sent_ SEQ_GUARDED_BY(mutex_) = false;
  bool writing_ SEQ_GUARDED_BY(mutex_) = false;
  bool finished_ SEQ_GUARDED_BY(mutex_) = false;
  bool pumping_ SEQ_GUARDED_BY(mutex_) = false;
  bool pump_again_ SEQ_GUARDED_BY(mutex_) = false;
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_ROLLOUT_CALL_H_
