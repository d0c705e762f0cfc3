// One tick: the steps of many sessions through the model together.
//
//   Add rows -> Run -> each row's outputs decoded into its item's reply
//
// A row is the item in front of a session that is running; it takes at most max_tick_steps steps of it.
// Thread safety: belongs to the worker that has the lane.
#ifndef SEQUENT_SERVER_ENGINE_TICK_H_
#define SEQUENT_SERVER_ENGINE_TICK_H_

#include <cstddef>
#include <vector>

#include "core/base/aligned.h"
#include "core/base/clock.h"
#include "core/base/thread_pool.h"
#include "core/nn/model.h"
#include "server/engine/cost_model.h"
#include "server/engine/lane.h"
#include "server/engine/options.h"
#include "server/engine/session.h"

namespace sequent::engine {

class Tick {
 public:
  explicit Tick(const EngineOptions& options)
      : max_rows_(options.max_batch_rows),
        max_steps_(options.max_tick_steps),
        cost_(options.tick_budget_seconds) {}

  // Whether another row can join: at least one always can.
  bool HasRoom() const {
    return rows_.empty() || (rows_.size() < max_rows_ && cost_.Fits(steps_ + 1));
  }
  // `item` is in front of `session`, has begun, and has model steps left (or answers from `last`).
  void Add(Session* session, StepItem* item);

  struct Row {
    Session* session = nullptr;
    StepItem* item = nullptr;
    uint32_t steps = 0;     // model steps of this tick
    bool finite = true;     // its outputs and the state it left are numbers
    std::vector<float*> outputs;  // per head of the graph
  };

  // Runs the rows through the model and decodes what they are to answer.
  void Run(const Lane& lane, const Clock& clock, ThreadPool* pool);

  std::vector<Row>& rows() { return rows_; }
  double seconds() const { return seconds_; }
  size_t steps() const { return steps_; }
  void Clear();

 private:
  TickRow Prepare(const Lane& lane, Row* row);
  void Scatter(const Lane& lane, const TickRow& view, Row* row);
  float* Buffer(size_t floats);

  const size_t max_rows_, max_steps_;
  CostModel cost_;
  Workspace workspace_;
  std::vector<Row> rows_;
  std::vector<TickRow> views_;
  std::vector<AlignedVector<float>> buffers_;
  size_t buffers_used_ = 0, steps_ = 0;
  double seconds_ = 0;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_TICK_H_
