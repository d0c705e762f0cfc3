// Rollouts from the client's side.
#ifndef SEQUENT_TESTS_INTEGRATION_ROLLOUTS_H_
#define SEQUENT_TESTS_INTEGRATION_ROLLOUTS_H_

#include <string>
#include <vector>

#include "tests/integration/server_fixture.h"

namespace sequent::rpc {

struct RolloutResult {
  grpc::Status status;
  uint64_t seed = 0;
  std::vector<v1::RolloutStep> steps;
  int summaries = 0;
  v1::RolloutSummary summary;

  // The pieces of one sample's steps, put together.
  std::string Pieces(uint32_t sample = 0) const {
    std::string text;
    for (const auto& step : steps) {
      if (step.sample() == sample && step.heads_size() > 0) text += step.heads(0).text();
    }
    return text;
  }
};

class RolloutTest : public ServerTest {
 protected:
  RolloutResult Rollout(const v1::RolloutRequest& request) {
    const auto context = NewContext();
    const auto reader = predictor()->Rollout(context.get(), request);
    RolloutResult result;
    v1::RolloutResponse response;
    while (reader->Read(&response)) {
      result.seed = response.seed();
      if (response.has_step()) result.steps.push_back(response.step());
      if (response.has_summary()) ++result.summaries, result.summary = response.summary();
    }
    result.status = reader->Finish();
    return result;
  }
  RolloutResult MustRollout(const v1::RolloutRequest& request) {
    RolloutResult result = Rollout(request);
    EXPECT_TRUE(result.status.ok()) << result.status.error_message();
    EXPECT_EQ(result.summaries, 1);
    return result;
  }
  std::string TextOf(const v1::RolloutRequest& request) {
    const RolloutResult result = MustRollout(request);
    return result.summary.texts_size() > 0 ? result.summary.texts(0) : "";
  }

  // Of the model "text", stateless behind `prompt`, or of a session if that is empty.
  static v1::RolloutRequest OfText(const std::string& prompt, uint32_t steps, uint64_t seed) {
    v1::RolloutRequest request;
    request.set_model("text");
    if (!prompt.empty()) request.set_text(prompt);
    request.set_steps(steps);
    request.mutable_sampling()->set_seed(seed);
    return request;
  }
};

}  // namespace sequent::rpc

#endif  // SEQUENT_TESTS_INTEGRATION_ROLLOUTS_H_
