#include "server/engine/rollout_path.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/kernels/elementwise.h"
#include "core/nn/predictive.h"
#include "core/nn/sampling.h"
#include "server/engine/output_plan.h"

namespace sequent::engine {

RolloutStep RolloutPath::Draw(const std::vector<HeadResult>& heads) {
  RolloutStep step;
  step.sample = sample_;
  step.index = index_;
  values_.resize(heads.size());
  scales_.resize(heads.size());
  done_ = index_ + 1 == request_->steps;
  for (size_t h = 0; h < heads.size(); ++h) {
    if (h != plan_->head) {
      step.heads.push_back(heads[h]);
    } else if (model_->graph().heads[h].kind == HeadKind::kSoftmax) {
      step.heads.push_back(DrawClass(heads[h]));
    } else {
      step.heads.push_back(DrawValues(heads[h]));
    }
    Record(h, step.heads.back());
  }
  ++index_;
  return step;
}

void RolloutPath::Record(size_t head, const HeadResult& answer) {
  if (NamesClasses(model_->graph().heads[head])) return;
  values_[head].insert(values_[head].end(), answer.values.begin(), answer.values.end());
  scales_[head].insert(scales_[head].end(), answer.scales.begin(), answer.scales.end());
}

std::string RolloutPath::LabelOf(int32_t token) const {
  const auto labels = ClassLabels(*model_, model_->graph().heads[plan_->head]);
  if (static_cast<size_t>(token) < labels.size()) return labels[static_cast<size_t>(token)];
  return std::to_string(token);
}

HeadResult RolloutPath::DrawClass(const HeadResult& logits) {
  const double uniform = UniformDraw(seed_, sample_, index_, 0);
  const int32_t token = SampleClass(logits.values, request_->sampling, uniform, &scratch_);
  const int32_t previous = tokens_.empty() ? TextCodec::kNoToken : tokens_.back();
  tokens_.push_back(token);
  HeadResult answer;
  answer.name = logits.name;
  if (plan_->text) {
    DrawText(previous, token, &answer);
    return answer;
  }
  const double log_sum = kernels::LogSumExp(logits.values.size(), logits.values.data());
  answer.kind = HeadResult::Kind::kClasses;
  answer.classes_per_step = 1;
  answer.classes.push_back(
      {token, static_cast<float>(std::exp(logits.values[static_cast<size_t>(token)] - log_sum))});
  answer.labels = ClassLabels(*model_, model_->graph().heads[plan_->head]);
  answer.labels_owner = model_;
  for (const std::string& stop : request_->stop) stopped_ |= stop == LabelOf(token);
  if (stopped_) {
    done_ = true;
    tokens_.pop_back();
  }
  return answer;
}

void RolloutPath::DrawText(int32_t previous, int32_t token, HeadResult* answer) {
  answer->kind = HeadResult::Kind::kText;
  answer->text = matcher_.Append(model_->text_codec()->Text(previous, token));
  stopped_ = matcher_.stopped();
  if (stopped_) done_ = true;
  if (done_) answer->text += matcher_.Flush();
  text_ += answer->text;
}

HeadResult RolloutPath::DrawValues(const HeadResult& head) {
  HeadResult answer = head;
  if (plan_->drawn) {
    for (uint32_t k = 0; k < answer.values.size(); ++k) answer.values[k] = DrawValue(head, k);
    answer.scales.clear();
    answer.quantiles.clear();
    answer.kind = HeadResult::Kind::kValues;
  }
  AppendRow(answer.values);
  return answer;
}

// A temperature stretches what is drawn away from the location; of quantiles, from the median.
float RolloutPath::DrawValue(const HeadResult& head, uint32_t k) const {
  const HeadNode& node = model_->graph().heads[plan_->head];
  const double temperature = request_->sampling.temperature;
  if (node.kind == HeadKind::kGaussian) {
    const double z = NormalDraw(seed_, sample_, index_, k);
    return model_->series_codec()->FromLinear(node.columns[k],
                                              head.values[k] + head.scales[k] * z * temperature);
  }
  // Away from 0 and 1, where a Student-t has no quantile.
  const double level = std::clamp(UniformDraw(seed_, sample_, index_, k), 1e-9, 1 - 1e-9);
  if (node.kind == HeadKind::kStudentT) {
    const Predictive unit(node.kind, 0, 1, false, node.degrees_of_freedom);
    return model_->series_codec()->FromLinear(
        node.columns[k], head.values[k] + head.scales[k] * unit.Quantile(level) * temperature);
  }
  const size_t levels = node.levels.size();
  const Predictive predictive(node.levels, std::span(head.quantiles).subspan(k * levels, levels));
  // Stretched where the column is linear, so that what has a logarithm keeps its sign.
  const bool log = model_->series_codec()->log(node.columns[k]);
  const auto linear = [log](double value) { return log ? std::log(value) : value; };
  const double median = linear(predictive.Point());
  return model_->series_codec()->FromLinear(
      node.columns[k], median + (linear(predictive.Quantile(level)) - median) * temperature);
}

void RolloutPath::AppendRow(const std::vector<float>& fed) {
  const float* known = request_->known_inputs.data() + index_ * plan_->known_width;
  for (const int32_t source : plan_->sources) {
    rows_.push_back(source >= 0 ? fed[static_cast<size_t>(source)] : known[-1 - source]);
  }
}

Input RolloutPath::InputsFrom(size_t first) const {
  Input input;
  if (plan_->sources.empty()) {
    input.kind = Input::Kind::kTokens;
    input.tokens = std::span(tokens_).subspan(first);
    return input;
  }
  input.kind = Input::Kind::kFloats;
  input.width = static_cast<uint32_t>(plan_->sources.size());
  input.values = std::span(rows_).subspan(first * plan_->sources.size());
  if (!request_->known_times.empty()) {
    input.unix_ms = request_->known_times.subspan(first, index_ - first);
  }
  return input;
}

// A stop string's own tokens were drawn but not answered.
Input RolloutPath::AllInputs() const {
  Input input = InputsFrom(0);
  if (!plan_->text) return input;
  size_t bytes = 0, count = 0;
  int32_t previous = TextCodec::kNoToken;
  while (count < tokens_.size()) {
    bytes += model_->text_codec()->Text(previous, tokens_[count]).size();
    if (bytes > text_.size()) break;
    previous = tokens_[count++];
  }
  input.tokens = input.tokens.first(count);
  return input;
}

uint64_t RolloutPath::Units(bool in_text) const {
  if (plan_->text && in_text) return text_.size();
  const Input input = AllInputs();
  return input.kind == Input::Kind::kTokens ? input.tokens.size()
                                            : input.values.size() / input.width;
}

}  // namespace sequent::engine
