// What a request wants to hear, resolved against the model: which heads, how many classes, which
// steps, and how large the answer can become at most.
//
// Thread safety: pure functions and plain data.
#ifndef SEQUENT_SERVER_ENGINE_OUTPUT_PLAN_H_
#define SEQUENT_SERVER_ENGINE_OUTPUT_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/nn/model.h"
#include "server/engine/request.h"

namespace sequent::engine {

struct OutputPlan {
  static constexpr uint32_t kNoHead = UINT32_MAX;

  std::vector<uint32_t> heads;  // indexes into the graph's heads, in the order asked for
  uint32_t top_k = 0;           // as asked for
  bool last_step_only = false;
  bool last_step_heads = false;  // some of the heads are answered at the last step only
  bool raw = false;
  // The head a rollout draws from, answered as it needs it while the others are decoded: softmax as
  // logits, a distribution by location and spread in linear units (core/nn/predictive.h).
  uint32_t drawn_head = kNoHead;
  bool score = false;  // of heads[0]
};

// UNKNOWN_HEAD names the nearest head; BAD_REQUEST if more heads are asked for than there are, or a
// score of a head that does not predict the input.
// `plan` is as new, or was; its memory is used again.
Status PlanOutput(const Model& model, const OutputSelection& selection, OutputPlan* plan);

// Classes a head that names them answers per step.
uint32_t ClassesPerStep(const OutputPlan& plan, size_t classes);

// The names of a softmax head's classes: its labels, or the vocabulary it predicts, or none.
std::span<const std::string> ClassLabels(const Model& model, const HeadNode& head);

// Whether the head answers classes with their probabilities (softmax, Bernoulli).
bool NamesClasses(const HeadNode& head);

// Whether the head says which token comes next.
bool PredictsTokens(const Model& model, const HeadNode& head);

// Per head, the bytes of its longest class name; 0 without names.
std::vector<size_t> LongestLabels(const Model& model);

// Bytes on the wire that an answer for `steps` input units cannot exceed. `longest_labels` are the
// model's.
uint64_t WorstReplyBytes(const Model& model, std::span<const size_t> longest_labels,
                         const OutputPlan& plan, uint64_t steps);

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_OUTPUT_PLAN_H_
