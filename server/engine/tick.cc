#include "server/engine/tick.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/finite.h"
#include "server/engine/decode.h"

namespace sequent::engine {

void Tick::Clear() {
  count_ = longest_ = pairs_ = 0;
  floats_used_ = tokens_used_ = 0;
}

void Tick::Add(Session* session, StepItem* item) {
  if (count_ == rows_.size()) rows_.emplace_back();
  Row& row = rows_[count_++];
  row.session = session;
  row.item = item;
  const size_t left = item->units - item->units_done;
  const size_t most = std::min(max_steps_, left);
  const bool whole = !item->lane->model.graph().streamable;
  row.units = static_cast<uint32_t>(whole       ? left
                                    : most <= 1 ? most
                                                : cost_.StepsThatFit(longest_, pairs_, most));
  row.whole = item->units_done + row.units == item->units;
  row.finite = true;
  if (!item->internal && item->units_done == 0) {
    queue_seconds_.Add(static_cast<double>(item->reply->queue_us) * 1e-6);
  }
  const size_t counted = std::max<size_t>(row.units, 1);
  longest_ = std::max(longest_, counted);
  pairs_ += counted;
}

float* Tick::Floats(size_t count) {
  if (floats_used_ == floats_.size()) floats_.emplace_back();
  AlignedVector<float>& buffer = floats_[floats_used_++];
  if (buffer.size() < count) buffer.resize(count);
  return buffer.data();
}

std::vector<int32_t>* Tick::Tokens() {
  if (tokens_used_ == tokens_.size()) tokens_.emplace_back();
  return &tokens_[tokens_used_++];
}

void Tick::Encode(const Lane& lane, Row* row) {
  StepItem& item = *row->item;
  const Input& input = item.request.input;
  row->steps = row->units;
  row->tokens = nullptr;
  row->features = row->contexts = nullptr;
  if (input.kind == Input::Kind::kTokens) {
    row->tokens = input.tokens.data() + item.units_done;
  } else if (lane.model.text_codec() != nullptr) {
    std::vector<int32_t>* tokens = Tokens();
    tokens->clear();
    const std::string_view text = input.text.substr(item.units_done, row->units);
    lane.model.text_codec()->Encode(lane.model.codec_state(item.working.data()), text,
                                    row->whole && item.flush, tokens);
    row->steps = static_cast<uint32_t>(tokens->size());
    row->tokens = tokens->data();
  }
}

void Tick::EncodeSeries(const Lane& lane, Row* row) {
  StepItem& item = *row->item;
  const SeriesCodec& codec = *lane.model.series_codec();
  std::byte* state = lane.model.codec_state(item.working.data());
  float* features = Floats(row->steps * lane.model.input_width());
  float* context = Floats((row->before + row->steps) * codec.context_size());
  row->features = features;
  row->contexts = context;
  if (row->before > 0) {
    codec.Context(state, context);
    context += codec.context_size();
  }
  const float* raw = item.request.input.values.data() + item.units_done * codec.columns();
  const std::span<const int64_t> times = item.request.input.unix_ms;
  for (uint32_t i = 0; i < row->steps; ++i) {
    codec.Encode(state, raw, features, context, times.empty() ? 0 : times[item.units_done + i]);
    raw += codec.columns();
    features += lane.model.input_width();
    context += codec.context_size();
  }
}

TickRow Tick::Prepare(const Lane& lane, Row* row) {
  StepItem& item = *row->item;
  const OutputPlan& plan = item.plan;
  Encode(lane, row);
  // The last step of a text may lie in an earlier tick than its last byte: then `last` answers it.
  const bool once = plan.last_step_only || plan.last_step_heads;
  const bool last_was_before = once && row->whole && row->steps == 0;
  // A rollout whose prompt makes no step goes on from the session's.
  const bool has_last =
      item.steps_made > 0 || (item.internal && lane.model.HasLast(item.working.data()));
  row->answers_last = item.from_last || (last_was_before && has_last);
  row->before = plan.score || row->answers_last ? 1 : 0;
  row->first_step = 0;
  if (plan.last_step_only && !plan.score) {
    row->first_step = row->whole && row->steps > 0 ? row->steps - 1 : row->steps;
  }
  if (lane.model.series_codec() != nullptr) EncodeSeries(lane, row);

  const std::vector<HeadNode>& heads = lane.model.graph().heads;
  row->outputs.assign(heads.size(), nullptr);
  for (const uint32_t head : plan.heads) {
    row->outputs[head] = Floats((row->before + row->steps - row->first_step) * heads[head].outputs);
  }
  TickRow view;
  view.state = item.working.data();
  view.steps = row->steps;
  view.tokens = row->tokens;
  view.features = row->features;
  view.first_output = row->first_step;
  view.output_last = row->before > 0;
  view.outputs = row->outputs.data();
  return view;
}

void Tick::MeasureSharing(const Model& model, ThreadPool* pool) {
  sharing_ = pool->threads() == 1 ? SharingTuner() : SharingTuner(model.MeasureSharing(pool));
}

void Tick::Run(const Lane& lane, const Clock& clock, ThreadPool* pool) {
  if (!sharing_.has_value()) {
    sharing_ = pool->threads() == 1 ? SharingTuner() : SharingTuner(SharingPlan());
  }
  const int64_t begin = clock.Nanos();
  views_.clear();
  for (Row& row : rows()) views_.push_back(Prepare(lane, &row));
  const Sharing sharing = sharing_->Next(count_);
  lane.model.Run({views_}, &workspace_, pool, SharingPlan(sharing));
  for (Row& row : rows()) Scatter(lane, &row);
  const int64_t nanos = clock.Nanos() - begin;
  seconds_ = static_cast<double>(nanos) * 1e-9;
  const double expected = cost_.Seconds(longest_, pairs_);
  if (!sharing_->trying()) cost_.Observe(longest_, pairs_, seconds_);
  sharing_->Took(expected > 0 ? seconds_ / expected : 0);
  for (Row& row : rows()) {
    row.item->units_done += row.units;
    row.item->steps_made += row.steps;
    row.item->compute_nanos += nanos;
  }
}

Tick::Answered Tick::AnsweredBy(const Row& row, const HeadNode& head) {
  if (row.item->from_last) return {0, 1};
  if (!row.item->plan.last_step_only && !head.last_step) return {row.before, row.steps};
  if (!row.whole) return {};
  if (row.steps == 0) return {0, row.answers_last ? size_t{1} : 0};
  return {row.before + row.steps - 1 - row.first_step, 1};
}

// What step i is scored by: as it was encoded; a column whose scale goes with a window on the scale
// of the step before, which the prediction was made on.
const float* Tick::ScoredValues(const Lane& lane, const HeadNode& head, const Row& row, uint32_t i,
                                const float* encoded) {
  const SeriesCodec& codec = *lane.model.series_codec();
  const auto windowed = [&](size_t column) { return codec.per_window(column); };
  if (std::none_of(head.columns.begin(), head.columns.end(), windowed)) return encoded;
  thread_local std::vector<float> values;
  values.assign(encoded, encoded + lane.model.input_width());
  const float* raw =
      row.item->request.input.values.data() + (row.item->units_done + i) * codec.columns();
  for (const size_t column : head.columns) {
    if (!windowed(column) || std::isnan(raw[column])) continue;
    values[column] = codec.Forward(column, row.contexts + i * codec.context_size(), raw[column]);
  }
  return values.data();
}

void Tick::AppendScores(const Lane& lane, const HeadNode& head, const float* output, Row* row) {
  const size_t width = lane.model.input_width();
  for (uint32_t i = 0; i < row->steps; ++i) {
    const int32_t token = row->tokens == nullptr ? 0 : row->tokens[i];
    const float* encoded = row->features == nullptr ? nullptr : row->features + i * width;
    if (encoded != nullptr) encoded = ScoredValues(lane, head, *row, i, encoded);
    row->item->reply->scores.push_back(Score(head, output + i * head.outputs, token, encoded));
  }
}

void Tick::Scatter(const Lane& lane, Row* row) {
  StepItem& item = *row->item;
  const OutputPlan& plan = item.plan;
  const SeriesCodec* codec = lane.model.series_codec();
  for (size_t which = 0; which < plan.heads.size(); ++which) {
    const HeadNode& head = lane.model.graph().heads[plan.heads[which]];
    const float* output = row->outputs[plan.heads[which]];
    const Answered answered = AnsweredBy(*row, head);
    if (plan.score && which == 0) AppendScores(lane, head, output, row);
    const float* wanted = output + answered.first_row * head.outputs;
    row->finite = row->finite && kernels::AllFinite(answered.count * head.outputs, wanted);
    if (!row->finite) return;
    const float* contexts = nullptr;
    if (codec != nullptr) {
      const size_t skipped = answered.first_row < row->before ? 0 : row->first_step;
      contexts = row->contexts + (answered.first_row + skipped) * codec->context_size();
    }
    AppendSteps(lane, plan, which, answered.count, wanted, contexts, &item.reply->heads[which]);
  }
}

}  // namespace sequent::engine
