// One path of a rollout: what it has drawn so far, and what it draws next.
//
// A draw is keyed by (seed, sample, step): the same seed gives the same path whatever else runs.
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_ROLLOUT_PATH_H_
#define SEQUENT_SERVER_ENGINE_ROLLOUT_PATH_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/nn/model.h"
#include "server/engine/request.h"
#include "server/engine/rollout_plan.h"
#include "server/engine/stop_matcher.h"

namespace sequent::engine {

class RolloutPath {
 public:
  // `plan` and `request` outlive the path.
  RolloutPath(std::shared_ptr<const Model> model, const RolloutPlan* plan,
              const RolloutRequest* request, uint64_t seed, uint32_t sample)
      : model_(std::move(model)),
        plan_(plan),
        request_(request),
        seed_(seed),
        sample_(sample),
        matcher_(&request->stop) {}

  // Draws the next step from what the heads (all, in the graph's order, the fed one as logits) say
  // now, and returns what it answers. Not to be called once done.
  RolloutStep Draw(const std::vector<HeadResult>& heads);
  // All steps are made, or a stop has come: Draw's answer was the last one.
  bool done() const { return done_; }
  bool stopped() const { return stopped_; }

  // The step drawn last, as the model's next input. Views the path, until the next Draw.
  Input NextInput() const { return InputsFrom(index_ - 1); }
  // Everything drawn that was answered, to be applied to the session; and the input units it is.
  Input AllInputs() const;
  uint64_t Units(bool in_text) const;

  const std::string& text() const { return text_; }
  // [steps, columns] of regression head `head` of the graph, in the user's units: what was drawn,
  // or the point or mean; and the spread if it was given.
  const std::vector<float>& values(size_t head) const { return values_[head]; }
  const std::vector<float>& scales(size_t head) const { return scales_[head]; }

 private:
  // Rows or tokens of steps first .. index-1.
  Input InputsFrom(size_t first) const;
  HeadResult DrawClass(const HeadResult& logits);
  HeadResult DrawValues(const HeadResult& head);
  float DrawValue(const HeadResult& head, uint32_t k) const;
  void DrawText(int32_t previous, int32_t token, HeadResult* answer);
  void AppendRow(const std::vector<float>& fed);
  void Record(size_t head, const HeadResult& answer);
  std::string LabelOf(int32_t token) const;

  const std::shared_ptr<const Model> model_;
  const RolloutPlan* const plan_;
  const RolloutRequest* const request_;
  const uint64_t seed_;
  const uint32_t sample_;
  uint32_t index_ = 0;
  bool done_ = false, stopped_ = false;
  StopMatcher matcher_;
  std::string text_;
  std::vector<int32_t> tokens_;  // drawn
  std::vector<float> rows_;      // drawn and known, [steps, columns]
  std::vector<std::vector<float>> values_, scales_;
  std::vector<std::pair<float, int32_t>> scratch_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_ROLLOUT_PATH_H_
