#include "server/engine/decode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "core/codec/series_transform.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/rank.h"
#include "core/nn/predictive.h"

namespace sequent::engine {
namespace {

bool AsValues(const OutputPlan& plan, const HeadNode& node, uint32_t head) {
  return plan.raw || (plan.drawn_head == head && node.kind == HeadKind::kSoftmax);
}

// Counting ranks takes n^2 comparisons, 16 at a time; finding the first of many takes few more than
// n of them, one by one.
constexpr size_t kMaxRanked = 1024;
constexpr size_t kWorthRanking = 8;

// The `wanted` most probable classes, all of them ranked; of equal ones the smaller id first.
void AppendRanked(std::span<const float> probabilities, size_t wanted,
                  std::vector<HeadResult::Class>* classes) {
  thread_local std::vector<uint32_t> larger, equal;
  const size_t count = probabilities.size();
  larger.resize(count);
  kernels::CountLarger(count, probabilities.data(), larger.data());
  // If all differ, these are the places 0 .. count - 1, in some order.
  if (std::accumulate(larger.begin(), larger.end(), size_t{0}) < count * (count - 1) / 2) {
    equal.assign(count, 0);  // those with so many larger ones, so far
    for (uint32_t& place : larger) place += equal[place]++;
  }
  const size_t begin = classes->size();
  classes->resize(begin + wanted);
  HeadResult::Class* const ranked = classes->data() + begin;
  for (size_t i = 0; i < count; ++i) {
    if (larger[i] < wanted) ranked[larger[i]] = {static_cast<int32_t>(i), probabilities[i]};
  }
}

// The same, only those sorted.
void AppendSorted(std::span<const float> probabilities, size_t wanted,
                  std::vector<HeadResult::Class>* classes) {
  thread_local std::vector<HeadResult::Class> order;
  order.resize(probabilities.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = {static_cast<int32_t>(i), probabilities[i]};
  const auto before = [](const HeadResult::Class& a, const HeadResult::Class& b) {
    return a.probability != b.probability ? a.probability > b.probability : a.id < b.id;
  };
  const auto end = order.begin() + static_cast<ptrdiff_t>(wanted);
  std::partial_sort(order.begin(), end, order.end(), before);
  classes->insert(classes->end(), order.begin(), end);
}

void AppendClasses(HeadKind kind, const float* logits, size_t classes, size_t wanted,
                   HeadResult* result) {
  thread_local std::vector<float> probabilities;
  probabilities.resize(classes);
  if (kind == HeadKind::kSoftmax) {
    kernels::Softmax(classes, logits, probabilities.data());
  } else {
    kernels::Activate(kernels::Function::kSigmoid, classes, logits, probabilities.data());
  }
  if (classes <= kMaxRanked && wanted * kWorthRanking >= classes) {
    AppendRanked(probabilities, wanted, &result->classes);
  } else {
    AppendSorted(probabilities, wanted, &result->classes);
  }
}

// Of a column with a logarithm always above 0, so that a rollout can feed it back.
float PointOf(const SeriesCodec& codec, size_t column, const Predictive& predictive) {
  const float point = NarrowToFloat(predictive.Point());
  return codec.log(column) ? std::max(point, std::numeric_limits<float>::min()) : point;
}

void AppendQuantiles(const SeriesCodec& codec, const HeadNode& head, size_t k, const float* output,
                     const float* context, HeadResult* result) {
  const size_t at = result->quantiles.size();
  result->quantiles.resize(at + head.levels.size());
  float* quantiles = result->quantiles.data() + at;
  InvertQuantiles(codec, head, k, output, context, quantiles);
  const Predictive predictive(head.levels, std::span(quantiles, head.levels.size()));
  result->values.push_back(PointOf(codec, head.column(k), predictive));
}

// `draws`: locations and spreads in linear units (core/nn/predictive.h), for a rollout.
void AppendDecoded(const SeriesCodec& codec, const HeadNode& head, bool draws, const float* output,
                   const float* context, HeadResult* result) {
  for (size_t k = 0; k < head.values(); ++k) {
    if (head.kind == HeadKind::kQuantiles) {
      AppendQuantiles(codec, head, k, output, context, result);
      continue;
    }
    const LocationAndSpread linear = LinearOutput(codec, head, k, output, context);
    if (draws) {
      result->values.push_back(static_cast<float>(linear.location));
      result->scales.push_back(static_cast<float>(linear.spread));
      continue;
    }
    const Predictive predictive(head.kind, linear.location, linear.spread,
                                codec.log(head.column(k)), head.degrees_of_freedom);
    result->values.push_back(PointOf(codec, head.column(k), predictive));
    if (head.has_scale()) result->scales.push_back(NarrowToFloat(predictive.Deviation()));
  }
}

// What a distribution says once for all steps.
void SetShape(const Lane& lane, const HeadNode& head, HeadResult* result) {
  result->degrees_of_freedom = static_cast<float>(head.degrees_of_freedom);
  if (head.levels.empty()) return;
  result->levels = head.levels;
  result->labels_owner = lane.version;
}

void MakeEmpty(const Lane& lane, const OutputPlan& plan, uint32_t which, HeadResult* result) {
  const HeadNode& head = lane.model.graph().heads[which];
  result->kind = HeadResult::Kind::kValues;
  result->name = head.name;
  result->width = result->classes_per_step = 0;
  result->values.clear();
  result->scales.clear();
  result->quantiles.clear();
  result->levels = {};
  result->degrees_of_freedom = 0;
  result->classes.clear();
  result->text.clear();
  result->labels = {};
  result->labels_owner.reset();
  if (AsValues(plan, head, which)) {
    result->width = static_cast<uint32_t>(head.outputs);
  } else if (NamesClasses(head)) {
    result->kind = HeadResult::Kind::kClasses;
    result->classes_per_step = ClassesPerStep(plan, head.outputs);
    result->labels = ClassLabels(lane.model, head);
    result->labels_owner = lane.version;
  } else {
    if (head.kind != HeadKind::kPoint) result->kind = HeadResult::Kind::kDistribution;
    SetShape(lane, head, result);
    result->width = static_cast<uint32_t>(head.values());
  }
}

}  // namespace

void EmptyResults(const Lane& lane, const OutputPlan& plan, std::vector<HeadResult>* results) {
  results->resize(plan.heads.size());
  for (size_t i = 0; i < results->size(); ++i) {
    MakeEmpty(lane, plan, plan.heads[i], &(*results)[i]);
  }
}

void AppendSteps(const Lane& lane, const OutputPlan& plan, size_t which, size_t steps,
                 const float* output, const float* contexts, HeadResult* result) {
  const HeadNode& head = lane.model.graph().heads[plan.heads[which]];
  const SeriesCodec* codec = lane.model.series_codec();
  for (size_t i = 0; i < steps; ++i, output += head.outputs) {
    if (AsValues(plan, head, plan.heads[which])) {
      result->values.insert(result->values.end(), output, output + head.outputs);
    } else if (NamesClasses(head)) {
      AppendClasses(head.kind, output, head.outputs, result->classes_per_step, result);
    } else {
      AppendDecoded(*codec, head, plan.drawn_head == plan.heads[which], output,
                    contexts + i * codec->context_size(), result);
    }
  }
}

float Score(const HeadNode& head, const float* before, int32_t token, const float* encoded) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  if (std::isnan(before[0])) return kNone;
  if (head.kind == HeadKind::kSoftmax) {
    return static_cast<float>(kernels::LogSumExp(head.outputs, before) - before[token]);
  }
  const size_t columns = head.columns.size();  // of the next step, whatever the horizon
  double sum = 0;
  for (size_t k = 0; k < columns; ++k) {
    sum += RegressionLoss(head, before, k, encoded[head.columns[k]]);
  }
  if (head.kind == HeadKind::kPoint) sum = std::sqrt(sum / static_cast<double>(columns));
  return static_cast<float>(sum);
}

}  // namespace sequent::engine
