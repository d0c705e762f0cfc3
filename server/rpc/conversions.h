// Between messages of the protocol and the engine's types, and the checks that need no session:
// what can be refused by looking at the message alone is refused here.
//
// Converted requests view the bytes of the message they came from, which must outlive them.
// Thread safety: pure functions.
#ifndef SEQUENT_SERVER_RPC_CONVERSIONS_H_
#define SEQUENT_SERVER_RPC_CONVERSIONS_H_

#include <string_view>

#include "core/base/status.h"
#include "sequent/v1/predictor.pb.h"
#include "server/engine/engine.h"
#include "server/engine/request.h"
#include "server/rpc/affinity.h"

namespace sequent::rpc {

// At most 128 printable ASCII characters; may be empty.
Status CheckRequestId(std::string_view id);

// Session ids in calls about one session: required, and of the call's affinity.
Status CheckSession(std::string_view id, const Affinity& affinity);

// A request that is bad in itself comes back with `refusal` set and no input, so that the refusal
// can take its place in the session's order. Deadline, stream and callbacks are the caller's to
// set.
engine::StepRequest ToStepRequest(const v1::PredictRequest& request, const Affinity& affinity);
// The same into a request that has been used before, whatever it holds.
void ToStepRequest(const v1::PredictRequest& request, const Affinity& affinity,
                   engine::StepRequest* step);

// Zeros that stand for defaults are replaced by them.
StatusOr<engine::RolloutRequest> ToRolloutRequest(const v1::RolloutRequest& request,
                                                  const Affinity& affinity);

// The answer, its `status` too if it failed. Ids of the request are echoed if they are valid.
void FillResponse(const v1::PredictRequest& request, const engine::StepReply& reply,
                  v1::PredictResponse* response);

void FillHead(const engine::HeadResult& result, v1::HeadOutput* head);
void FillRolloutStep(const engine::RolloutStep& step, v1::RolloutStep* wire);
// `levels` are the quantile levels asked for.
void FillRolloutSummary(const engine::RolloutSummary& summary, std::span<const float> levels,
                        v1::RolloutSummary* wire);

void FillSessionInfo(const engine::SessionInfo& info, v1::SessionInfo* wire);
void FillSessionState(engine::SessionState state, v1::SessionState* wire);
engine::SessionState ToSessionState(const v1::SessionState& wire);

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_CONVERSIONS_H_
