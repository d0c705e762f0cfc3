// Answers as they go over the wire, written without building their messages: a distribution over
// many classes is hundreds of small messages, and making them costs more than all the rest of an
// answer. The bytes are those that Protobuf would write for FillResponse's message.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_RPC_RESPONSE_WRITER_H_
#define SEQUENT_SERVER_RPC_RESPONSE_WRITER_H_

#include "sequent/v1/predictor.pb.h"
#include "server/engine/request.h"
#include "server/rpc/backward_writer.h"

namespace sequent::rpc {

// Writes the answer as an element of PredictStreamResponse.responses: tag, length, message.
void WriteResponse(const v1::PredictRequest& request, const engine::StepReply& reply,
                   BackwardWriter* out);

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_RESPONSE_WRITER_H_
