// What goes into the engine and what comes out: the protocol's requests and replies without the
// wire. Field meanings are those of proto/sequent/v1/predictor.proto.
#ifndef SEQUENT_SERVER_ENGINE_REQUEST_H_
#define SEQUENT_SERVER_ENGINE_REQUEST_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/status.h"
#include "core/nn/sampling.h"

namespace sequent::engine {

inline constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

// A view of a request's input. The bytes belong to the caller and must live until `done` was
// called.
struct Input {
  enum class Kind { kNone, kFloats, kTokens, kText };
  Kind kind = Kind::kNone;
  std::span<const float> values;  // kFloats: row-major [steps, width]; need not be aligned
  uint32_t width = 0;
  std::span<const int32_t> tokens;
  std::string_view text;
  std::span<const int64_t> unix_ms;
};

struct OutputSelection {
  std::vector<std::string> heads;  // empty = all
  bool last_step_only = false;
  uint32_t top_k = 0;
  bool raw = false;
  bool score = false;
};

// One head's answer for `steps` steps.
struct HeadResult {
  enum class Kind { kValues, kDistribution, kClasses, kText };
  struct Class {
    int32_t id;
    float probability;
  };
  Kind kind = Kind::kValues;
  std::string name;
  uint32_t width = 0;         // kValues, kDistribution: floats per step
  std::vector<float> values;  // kValues; kDistribution: means, of a quantile head medians
  std::vector<float> scales;  // kDistribution: standard deviations; of a quantile head none
  // Of a quantile head: [steps, width x levels], levels innermost. `levels` live as long as
  // `labels_owner`.
  std::vector<float> quantiles;
  std::span<const float> levels;
  float degrees_of_freedom = 0;  // of a Student-t head
  uint32_t classes_per_step = 0;
  std::vector<Class> classes;  // kClasses: [steps x classes_per_step], by falling probability
  // kClasses: names of class ids (empty = none); lives as long as `labels_owner`.
  std::span<const std::string> labels;
  std::shared_ptr<const void> labels_owner;
  std::string text;  // kText
};

struct StepReply {
  Status status;  // carries Reason and next_step where the protocol says so (core/base/error.h)
  std::string model;
  int64_t version = 0;
  uint64_t epoch = 0;
  uint64_t step = 0;
  uint32_t steps = 0;
  uint64_t next_step = 0;
  std::vector<HeadResult> heads;
  std::vector<float> scores;
  bool replayed = false;
  bool created = false;
  bool reset = false;
  uint64_t queue_us = 0;
  uint64_t compute_us = 0;
  uint32_t batch_rows = 0;
};

struct StepRequest {
  std::string session_id;  // empty: stateless
  std::string model;
  int64_t version = 0;
  bool start = false;
  bool end = false;
  uint64_t epoch = 0;
  uint64_t step = 0;
  uint64_t acked_step = 0;
  Input input;
  OutputSelection output;
  int64_t deadline_nanos =
      kNoDeadline;  // on the engine's clock; looked at before the first tick only
  // Ordered stream the request came on (PREVIOUS_STEP_FAILED is per stream); 0: a unary call.
  uint64_t stream_id = 0;
  // Not OK: the edge has found the request bad already; it only takes its place in the session's
  // order and is answered with this.
  Status refusal;
  // The caller has gone away; looked at before the first tick only. May be empty.
  std::function<bool()> cancelled;
  // Called exactly once, from an engine thread or inside Predict(); must not block. `reply` may be
  // shared with the reply cache. Holds whatever keeps `input`'s bytes alive.
  std::function<void(std::shared_ptr<const StepReply> reply)> done;

  // As new, but for memory that it has grown.
  void Clear();
};

struct SessionInfo {
  std::string session_id;
  std::string model;
  int64_t version = 0;
  uint64_t epoch = 0;
  uint64_t next_step = 0;
  uint32_t queued_requests = 0;
  double idle_seconds = 0;
  uint64_t state_bytes = 0;
};

struct SessionState {
  std::string state;
  std::string model;
  int64_t version = 0;
  std::string fingerprint;
  uint64_t epoch = 0;
  uint64_t next_step = 0;
};

struct RolloutRequest {
  std::string session_id;  // empty: stateless
  std::string model;
  int64_t version = 0;
  uint64_t epoch = 0;
  uint64_t step = 0;
  Input prompt;
  uint32_t steps = 0;
  uint32_t samples = 1;
  SamplingOptions sampling;
  std::optional<uint64_t> seed;
  std::vector<std::string> stop;
  std::vector<float> quantiles;
  std::span<const float> known_inputs;  // [steps, known_width], lives until the sink's OnEnd
  uint32_t known_width = 0;
  std::span<const int64_t> known_times;  // [steps], if the model uses time; as long
  bool commit = false;
  int64_t deadline_nanos = kNoDeadline;
  uint64_t stream_id = 0;
};

struct RolloutStep {
  uint32_t sample = 0;
  uint32_t index = 0;
  std::vector<HeadResult> heads;
};

struct RolloutForecast {  // one regression head, [steps, width] in the user's units
  std::string head;
  uint32_t width = 0;
  std::vector<float> mean, scale;
  std::vector<float> quantiles;  // [steps, width x levels]
};

struct RolloutSummary {
  std::vector<std::string> texts;
  std::vector<RolloutForecast> forecasts;
  std::string stop_reason;  // "steps" | "stop"
};

// Where a rollout's output goes. Calls come from engine threads, one at a time, and must not block.
class RolloutSink {
 public:
  virtual ~RolloutSink() = default;
  // Called first, once.
  virtual void OnSeed(uint64_t seed) = 0;
  virtual void OnStep(RolloutStep step) = 0;
  // Called last, once. `summary` is meaningful when `status` is OK.
  virtual void OnEnd(Status status, RolloutSummary summary) = 0;
  // Whether another step can be taken now. After false, the rollout rests until
  // Engine::ResumeRollout.
  virtual bool HasRoom() = 0;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_REQUEST_H_
