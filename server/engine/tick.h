// One tick: the steps of many sessions through the model together.
//
//   Add rows -> Run: encode each row's next units, Model::Run, decode into its item's reply
//
// A row is the item in front of a session that is running; it takes at most max_tick_steps units of
// it, fewer if more would not fit the tick's budget; all of it if the model takes whole sequences.
// Input is encoded slice by slice into buffers that the tick keeps, so nothing is allocated once it
// has seen ticks of this size, and a long request holds no memory beyond its own bytes. Thread
// safety: belongs to the worker that has the lane.
#ifndef SEQUENT_SERVER_ENGINE_TICK_H_
#define SEQUENT_SERVER_ENGINE_TICK_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/base/aligned.h"
#include "core/base/clock.h"
#include "core/base/thread_pool.h"
#include "core/nn/model.h"
#include "core/nn/sharing_tuner.h"
#include "server/engine/cost_model.h"
#include "server/engine/histogram_tally.h"
#include "server/engine/lane.h"
#include "server/engine/options.h"
#include "server/engine/session.h"

namespace sequent::engine {

class Tick {
 public:
  struct Row {
    Session* session = nullptr;
    StepItem* item = nullptr;
    uint32_t units = 0;       // input units of this tick
    uint32_t steps = 0;       // model steps they make
    uint32_t before = 0;      // output rows in front of those of the steps: 1 if `last` is answered
    uint32_t first_step = 0;  // outputs are computed from this step on
    bool whole = false;       // the item's units end with this tick
    bool finite = true;       // what it answers are numbers
    bool answers_last = false;  // what it answers is the step before, if this tick makes none
    const int32_t* tokens = nullptr;
    const float* features = nullptr;  // [steps, input_width]
    const float* contexts = nullptr;  // [before + steps, context_size]
    std::vector<float*> outputs;  // per head of the graph: [before + steps - first_step, outputs]
  };

  explicit Tick(const EngineOptions& options)
      : max_rows_(options.max_batch_rows),
        max_steps_(options.max_tick_steps),
        cost_(options.tick_budget_seconds) {}

  void Clear();
  // Whether another row can join when `rows` of `units` units in all are on their way: at least one
  // always can. Rows of whole sequences are as long as they are, so the steps of a tick are
  // bounded, too.
  bool HasRoom(size_t rows, size_t units) const {
    rows += count_;
    units += pairs_;
    return rows == 0 || (rows < max_rows_ && units < max_rows_ * max_steps_ &&
                         cost_.Fits(std::max<size_t>(longest_, 1), units + 1));
  }
  // `item` is in front of `session`, is running, and has something left for the model.
  void Add(Session* session, StepItem* item);
  // Tries out how the pool's threads best share this model's ticks, before anyone is served. Else
  // they begin on one thread and learn it on the way.
  void MeasureSharing(const Model& model, ThreadPool* pool);
  // Runs the rows; their items' states, replies and progress are advanced.
  void Run(const Lane& lane, const Clock& clock, ThreadPool* pool);

  std::span<Row> rows() { return {rows_.data(), count_}; }
  // How long the requests that begin with this tick have waited; whoever runs the tick flushes it.
  SecondsTally* queue_seconds() { return &queue_seconds_; }
  double seconds() const { return seconds_; }

 private:
  // The steps of a row that are answered: rows of its outputs.
  struct Answered {
    size_t first_row = 0, count = 0;
  };

  TickRow Prepare(const Lane& lane, Row* row);
  void Encode(const Lane& lane, Row* row);
  void EncodeSeries(const Lane& lane, Row* row);
  static Answered AnsweredBy(const Row& row, const HeadNode& head);
  static void Scatter(const Lane& lane, Row* row);
  static const float* ScoredValues(const Lane& lane, const HeadNode& head, const Row& row,
                                   uint32_t i, const float* encoded);
  static void AppendScores(const Lane& lane, const HeadNode& head, const float* output, Row* row);
  float* Floats(size_t count);
  std::vector<int32_t>* Tokens();

  const size_t max_rows_, max_steps_;
  CostModel cost_;
  std::optional<SharingTuner> sharing_;
  Workspace workspace_;
  std::vector<Row> rows_;  // the first count_ are this tick's
  size_t count_ = 0;
  size_t longest_ = 0, pairs_ = 0;  // units of the longest row, of all rows
  std::vector<TickRow> views_;
  std::vector<AlignedVector<float>> floats_;
  std::vector<std::vector<int32_t>> tokens_;
  size_t floats_used_ = 0, tokens_used_ = 0;
  double seconds_ = 0;
  SecondsTally queue_seconds_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_TICK_H_
