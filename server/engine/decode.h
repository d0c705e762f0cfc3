// Head outputs as the model computes them -> HeadResults in the user's units; and how well a step
// had been predicted.
//
// Thread safety: pure functions; results belong to the caller.
#ifndef SEQUENT_SERVER_ENGINE_DECODE_H_
#define SEQUENT_SERVER_ENGINE_DECODE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/engine/lane.h"
#include "server/engine/output_plan.h"
#include "server/engine/request.h"

namespace sequent::engine {

// Makes `results` empty ones, one per head of the plan, ready for AppendSteps. Keeps their memory.
void EmptyResults(const Lane& lane, const OutputPlan& plan, std::vector<HeadResult>* results);

// Appends `steps` steps of plan.heads[which] to its result. `output` is [steps, head.outputs];
// `contexts` is [steps, context_size] of the series codec, each after its step (null: token
// models).
void AppendSteps(const Lane& lane, const OutputPlan& plan, size_t which, size_t steps,
                 const float* output, const float* contexts, HeadResult* result);

// How the step that came in was predicted by `before`, the output of `head` at the step before it
// (NaN: none). Softmax: nats of `token`; otherwise the observed encoded row against the prediction:
// the training loss of the columns (RegressionLoss), summed; point: root mean squared error; in
// model units. NaN if nothing can be said.
float Score(const HeadNode& head, const float* before, int32_t token, const float* encoded);

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_DECODE_H_
