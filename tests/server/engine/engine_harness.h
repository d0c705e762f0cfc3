// An engine without threads and gRPC: the test runs the ticks, on a clock it sets.
#ifndef SEQUENT_TESTS_SERVER_ENGINE_ENGINE_HARNESS_H_
#define SEQUENT_TESTS_SERVER_ENGINE_ENGINE_HARNESS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/nn/model.h"
#include "server/engine/engine.h"
#include "server/engine/metrics.h"
#include "server/engine/model_registry.h"
#include "tests/support/models.h"

namespace sequent::engine {

// What a request was answered; empty until then.
struct Answer {
  std::shared_ptr<const StepReply> reply;
  int calls = 0;
};

class EngineHarness {
 public:
  // Models "text" (TinyTextModel) and "series" (TinySeriesModel, Gaussian), each in version 1.
  explicit EngineHarness(const EngineOptions& options = {})
      : registry_(&metrics_), engine_(options, &registry_, &metrics_, &clock) {
    registry_.Add("text", 1, *Model::Create(TinyTextModel()));
    registry_.Add("series", 1, *Model::Create(TinySeriesModel(HeadKind::kGaussian)));
  }

  // Another model, in version 1.
  std::shared_ptr<const Model> Add(const std::string& name, ModelContents contents) {
    auto model = Model::Create(std::move(contents)).value();
    registry_.Add(name, 1, model);
    return model;
  }

  Engine* engine() { return &engine_; }
  void AddModel(const std::string& name, ModelContents contents) {
    registry_.Add(name, 1, *Model::Create(std::move(contents)));
  }
  Metrics* metrics() { return &metrics_; }

  // `input` views must live until the answer.
  void Send(StepRequest request, Answer* answer) {
    request.done = [answer](std::shared_ptr<const StepReply> reply) {
      answer->reply = std::move(reply);
      ++answer->calls;
    };
    engine_.Predict(std::move(request));
  }
  // Ticks until nothing is ready; how many it took.
  int RunTicks() {
    int ticks = 0;
    while (engine_.RunTick()) ++ticks;
    return ticks;
  }
  std::shared_ptr<const StepReply> Ask(StepRequest request) {
    Answer answer;
    Send(std::move(request), &answer);
    RunTicks();
    return answer.reply;
  }

  FakeClock clock;

 private:
  Metrics metrics_{"test", "test", "test"};
  ModelRegistry registry_;
  Engine engine_;
};

// A request for `text`, which must outlive it. With step 1 it names the model.
inline StepRequest TextRequest(const std::string& session, uint64_t step, std::string_view text) {
  StepRequest request;
  request.session_id = session;
  if (step <= 1) request.model = "text";
  request.step = step;
  request.input.kind = Input::Kind::kText;
  request.input.text = text;
  return request;
}

inline StepRequest RowsRequest(const std::string& session, uint64_t step,
                               std::span<const float> values) {
  StepRequest request;
  request.session_id = session;
  if (step <= 1) request.model = "series";
  request.step = step;
  request.input.kind = Input::Kind::kFloats;
  request.input.values = values;
  request.input.width = 2;
  return request;
}

}  // namespace sequent::engine

#endif  // SEQUENT_TESTS_SERVER_ENGINE_ENGINE_HARNESS_H_
