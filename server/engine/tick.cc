#include "server/engine/tick.h"

#include <algorithm>
#include <cmath>

#include "server/engine/decode.h"

namespace sequent::engine {
namespace {

bool AllFinite(const float* values, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    if (!std::isfinite(values[i])) return false;
  }
  return true;
}

// Rows of the outputs that stand before those of the wanted steps.
size_t RowsBefore(const TickRow& view) { return view.output_last ? 1 : 0; }

}  // namespace

void Tick::Add(Session* session, StepItem* item) {
  Row row;
  row.session = session;
  row.item = item;
  row.steps =
      static_cast<uint32_t>(std::min<uint64_t>(max_steps_, item->model_steps - item->steps_made));
  steps_ += std::max<uint32_t>(row.steps, 1);
  rows_.push_back(std::move(row));
}

float* Tick::Buffer(size_t floats) {
  if (buffers_used_ == buffers_.size()) buffers_.emplace_back();
  AlignedVector<float>& buffer = buffers_[buffers_used_++];
  if (buffer.size() < floats) buffer.resize(floats);
  return buffer.data();
}

TickRow Tick::Prepare(const Lane& lane, Row* row) {
  const StepItem& item = *row->item;
  TickRow view;
  view.state = item.working.data();
  view.steps = row->steps;
  if (!item.tokens.empty()) view.tokens = item.tokens.data() + item.steps_made;
  if (!item.features.empty()) {
    view.features = item.features.data() + item.steps_made * lane.model.input_width();
  }
  const bool last = item.steps_made + row->steps == item.model_steps;
  view.output_last = item.plan.score || item.from_last;
  if (item.plan.last_step_only && !item.plan.score) {
    view.first_output = last && row->steps > 0 ? row->steps - 1 : row->steps;
  }
  const size_t rows = RowsBefore(view) + row->steps - view.first_output;
  row->outputs.assign(lane.model.graph().heads.size(), nullptr);
  for (const uint32_t head : item.plan.heads) {
    row->outputs[head] = Buffer(rows * lane.model.graph().heads[head].outputs);
  }
  view.outputs = row->outputs.data();
  return view;
}

void Tick::Run(const Lane& lane, const Clock& clock, ThreadPool* pool) {
  views_.clear();
  for (Row& row : rows_) views_.push_back(Prepare(lane, &row));
  const int64_t begin = clock.Nanos();
  lane.model.Run({views_}, &workspace_, pool);
  seconds_ = static_cast<double>(clock.Nanos() - begin) * 1e-9;
  cost_.Observe(steps_, seconds_);
  for (size_t i = 0; i < rows_.size(); ++i) Scatter(lane, views_[i], &rows_[i]);
}

void Tick::Scatter(const Lane& lane, const TickRow& view, Row* row) {
  StepItem& item = *row->item;
  const OutputPlan& plan = item.plan;
  const size_t context_size =
      lane.model.series_codec() == nullptr ? 0 : lane.model.series_codec()->context_size();
  for (size_t which = 0; which < plan.heads.size(); ++which) {
    const HeadNode& head = lane.model.graph().heads[plan.heads[which]];
    const float* output = row->outputs[plan.heads[which]];
    if (plan.score && which == 0) {
      for (uint32_t i = 0; i < row->steps; ++i) {
        const size_t step = item.steps_made + i;
        const int32_t token = item.tokens.empty() ? 0 : item.tokens[step];
        const float* encoded =
            item.features.empty() ? nullptr : item.features.data() + step * lane.model.input_width();
        item.reply->scores.push_back(Score(head, output + i * head.outputs, token, encoded));
      }
    }
    // `from_last`: the one row in front is the answer. Otherwise the rows of the wanted steps.
    size_t first = item.from_last ? 0 : RowsBefore(view) + 0;
    size_t steps = item.from_last ? 1 : row->steps - view.first_output;
    size_t first_step = item.steps_made + view.first_output;
    if (plan.last_step_only && plan.score) {  // all were computed, one is answered
      const bool last = item.steps_made + row->steps == item.model_steps && row->steps > 0;
      first += row->steps - (last ? 1 : 0);
      first_step = item.steps_made + row->steps - (last ? 1 : 0);
      steps = last ? 1 : 0;
    }
    const float* wanted = output + first * head.outputs;
    row->finite = row->finite && AllFinite(wanted, steps * head.outputs);
    if (!row->finite) return;
    const float* contexts =
        item.contexts.empty() ? nullptr : item.contexts.data() + first_step * context_size;
    AppendSteps(lane, plan, which, steps, wanted, contexts, &item.reply->heads[which]);
  }
}

void Tick::Clear() {
  rows_.clear();
  buffers_used_ = 0;
  steps_ = 0;
}

}  // namespace sequent::engine
