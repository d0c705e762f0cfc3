#include <memory>
#include <string>
#include <utility>

#include "sequent/v1/predictor.grpc.pb.h"
#include "server/rpc/conversions.h"
#include "server/rpc/predict_stream.h"
#include "server/rpc/rollout_call.h"
#include "server/rpc/services.h"
#include "server/rpc/unary_call.h"

namespace sequent::rpc {
namespace {

using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;

using S = v1::Predictor;
using RawService = S::WithRawCallbackMethod_Predict<S::WithRawCallbackMethod_PredictStream<
    S::WithRawCallbackMethod_Rollout<S::WithRawCallbackMethod_GetSession<
        S::WithRawCallbackMethod_CloseSession<S::WithRawCallbackMethod_ForkSession<
            S::WithRawCallbackMethod_ListSessions<S::WithRawCallbackMethod_ExportSession<
                S::WithRawCallbackMethod_ImportSession<S::Service>>>>>>>>>;

using PredictCall = UnaryCall<v1::PredictRequest, v1::PredictResponse>;

void RunPredict(PredictCall* call) {
  engine::StepRequest step = ToStepRequest(call->request(), call->affinity());
  step.deadline_nanos = call->deadline_nanos();
  step.cancelled = [call] { return call->cancelled(); };
  step.done = [call](std::shared_ptr<const engine::StepReply> reply) {
    call->edge()->executor->Post([call, reply = std::move(reply)] {
      if (reply->status.ok()) FillResponse(call->request(), *reply, call->response());
      call->Reply(reply->status);
    });
  };
  call->edge()->engine->Predict(std::move(step));
}

// Answers a call whose response is a SessionInfo.
template <typename Call>
void ReplyInfo(Call* call, const StatusOr<engine::SessionInfo>& info) {
  if (info.ok()) FillSessionInfo(*info, call->response());
  call->Reply(info.status());
}

template <typename Call>
void RunGet(Call* call) {
  const std::string& id = call->request().session_id();
  if (const Status status = CheckSession(id, call->affinity()); !status.ok()) {
    return call->Reply(status);
  }
  ReplyInfo(call, call->edge()->engine->GetSession(id));
}

template <typename Call>
void RunClose(Call* call) {
  const std::string& id = call->request().session_id();
  if (const Status status = CheckSession(id, call->affinity()); !status.ok()) {
    return call->Reply(status);
  }
  call->edge()->engine->CloseSession(id, [call](Status status) {
    call->edge()->executor->Post([call, status] { call->Reply(status); });
  });
}

template <typename Call>
void RunFork(Call* call) {
  const v1::ForkSessionRequest& request = call->request();
  Status status = CheckSession(request.session_id(), call->affinity());
  if (status.ok()) status = CheckSession(request.new_session_id(), call->affinity());
  if (!status.ok()) return call->Reply(status);
  call->edge()->engine->ForkSession(
      request.session_id(), request.new_session_id(), [call](StatusOr<engine::SessionInfo> info) {
        call->edge()->executor->Post([call, info = std::move(info)] { ReplyInfo(call, info); });
      });
}

template <typename Call>
void RunList(Call* call) {
  const v1::ListSessionsRequest& request = call->request();
  auto page = call->edge()->engine->ListSessions(request.model(), request.page_size(),
                                                 request.page_token());
  if (page.ok()) {
    for (const auto& info : page->sessions) {
      FillSessionInfo(info, call->response()->add_sessions());
    }
    call->response()->set_next_page_token(page->next_page_token);
  }
  call->Reply(page.status());
}

template <typename Call>
void RunExport(Call* call) {
  const v1::ExportSessionRequest& request = call->request();
  if (const Status status = CheckSession(request.session_id(), call->affinity()); !status.ok()) {
    return call->Reply(status);
  }
  auto done = [call](StatusOr<engine::SessionState> state) {
    call->edge()->executor->Post([call, state = std::move(state)]() mutable {
      const Status status = state.status();
      if (status.ok()) FillSessionState(*std::move(state), call->response());
      call->Reply(status);
    });
  };
  call->edge()->engine->ExportSession(request.session_id(), request.close(), std::move(done));
}

template <typename Call>
void RunImport(Call* call) {
  const v1::ImportSessionRequest& request = call->request();
  if (const Status status = CheckSession(request.session_id(), call->affinity()); !status.ok()) {
    return call->Reply(status);
  }
  ReplyInfo(call, call->edge()->engine->ImportSession(request.session_id(),
                                                      ToSessionState(request.state())));
}

// For handlers that take longer than a map look-up.
template <typename Handler>
auto OnExecutor(Handler handler) {
  return
      [handler](auto* call) { call->edge()->executor->Post([call, handler] { handler(call); }); };
}

class PredictorService final : public RawService {
 public:
  explicit PredictorService(Edge* edge) : edge_(edge) {}

  Unary* Predict(CallbackServerContext* context, const ByteBuffer* in, ByteBuffer* out) override {
    return StartUnaryCall<v1::PredictRequest, v1::PredictResponse>(edge_, "Predict", context, in,
                                                                   out, RunPredict);
  }
  grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* PredictStream(
      CallbackServerContext* context) override {
    return PredictStream::Start(edge_, context);
  }
  grpc::ServerWriteReactor<ByteBuffer>* Rollout(CallbackServerContext* context,
                                                const ByteBuffer* in) override {
    return RolloutCall::Start(edge_, context, *in);
  }
  Unary* GetSession(CallbackServerContext* context, const ByteBuffer* in,
                    ByteBuffer* out) override {
    return StartUnaryCall<v1::GetSessionRequest, v1::SessionInfo>(
        edge_, "GetSession", context, in, out, [](auto* call) { RunGet(call); });
  }
  Unary* CloseSession(CallbackServerContext* context, const ByteBuffer* in,
                      ByteBuffer* out) override {
    return StartUnaryCall<v1::CloseSessionRequest, v1::CloseSessionResponse>(
        edge_, "CloseSession", context, in, out, [](auto* call) { RunClose(call); });
  }
  Unary* ForkSession(CallbackServerContext* context, const ByteBuffer* in,
                     ByteBuffer* out) override {
    return StartUnaryCall<v1::ForkSessionRequest, v1::SessionInfo>(
        edge_, "ForkSession", context, in, out, [](auto* call) { RunFork(call); });
  }
  Unary* ListSessions(CallbackServerContext* context, const ByteBuffer* in,
                      ByteBuffer* out) override {
    return StartUnaryCall<v1::ListSessionsRequest, v1::ListSessionsResponse>(
        edge_, "ListSessions", context, in, out, OnExecutor([](auto* call) { RunList(call); }));
  }
  Unary* ExportSession(CallbackServerContext* context, const ByteBuffer* in,
                       ByteBuffer* out) override {
    return StartUnaryCall<v1::ExportSessionRequest, v1::SessionState>(
        edge_, "ExportSession", context, in, out, [](auto* call) { RunExport(call); });
  }
  Unary* ImportSession(CallbackServerContext* context, const ByteBuffer* in,
                       ByteBuffer* out) override {
    return StartUnaryCall<v1::ImportSessionRequest, v1::SessionInfo>(
        edge_, "ImportSession", context, in, out, OnExecutor([](auto* call) { RunImport(call); }));
  }

 private:
  Edge* const edge_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePredictorService(Edge* edge) {
  return std::make_unique<PredictorService>(edge);
}

}  // namespace sequent::rpc
