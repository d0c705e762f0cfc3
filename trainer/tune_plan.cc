#include "trainer/tune_plan.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/train/selection.h"
#include "core/train/trainer.h"
#include "trainer/config.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

constexpr std::string_view kMeasures = "validation.";
constexpr uint32_t kMaxTries = 1000000, kMaxPoints = 1000;

std::optional<double> Number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

// Sizes are alike if they are near; names are not.
bool AreOrdered(const std::vector<std::string>& values) {
  std::vector<double> numbers;
  for (const std::string& value : values) {
    const auto number = Number(value);
    if (!number) return false;
    numbers.push_back(*number);
  }
  return std::is_sorted(numbers.begin(), numbers.end()) ||
         std::is_sorted(numbers.rbegin(), numbers.rend());
}

Status CheckKey(const std::string& path, const std::string& key) {
  if (key.starts_with("model.") || key.starts_with("train.")) return absl::OkStatus();
  return Expected(path + ".key", "a key below model or train",
                  key.empty() ? "nothing" : StrCat("'", Quoted(key), "'"));
}

// Sets the key to the value, for the errors this may have.
Status TryValue(const v1::TrainConfig& base, const std::string& path, const std::string& key,
                const std::string& value) {
  v1::TrainConfig config = base;
  return SetByPath(key, value, path, &config);
}

Status AddValues(const std::string& path, const v1::TuneParameter& parameter, TunePlan* plan) {
  std::vector<std::string> values(parameter.values().begin(), parameter.values().end());
  if (parameter.has_min() || parameter.has_max() || parameter.log()) {
    return Expected(path, "values or a range, not both", "both");
  }
  std::vector<std::string> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    return Expected(path + ".values", "each value once", StrCat("'", Quoted(*twice), "' again"));
  }
  if (values.size() < 2) return Expected(path + ".values", "two at least", "one");
  for (size_t i = 0; i < values.size(); ++i) {
    SEQ_RETURN_IF_ERROR(
        TryValue(plan->base, StrCat(path, ".values[", i, "]"), parameter.key(), values[i]));
  }
  plan->space.push_back({.choices = values.size(), .ordered = AreOrdered(values)});
  plan->values.push_back(std::move(values));
  return absl::OkStatus();
}

Status AddRange(const std::string& path, const v1::TuneParameter& parameter, TunePlan* plan) {
  if (!parameter.has_min() || !parameter.has_max()) {
    return Expected(path, "min and max, or values", "neither");
  }
  SEQ_ASSIGN_OR_RETURN(const bool whole, IsWholeNumber(parameter.key(), path + ".key", plan->base));
  const search::Parameter range = {
      .low = parameter.min(), .high = parameter.max(), .log = parameter.log(), .whole = whole};
  const Status status = search::CheckSpace({range});
  if (!status.ok()) {  // "[0].min: ..."
    return absl::InvalidArgumentError(StrCat(path, ToAbsl(Message(status).substr(3))));
  }
  plan->space.push_back(range);
  plan->values.emplace_back();
  const size_t last = plan->space.size() - 1;
  for (const auto& [end, value] : {std::pair(".min", range.low), std::pair(".max", range.high)}) {
    search::Point point(last + 1);
    point[last] = value;
    SEQ_RETURN_IF_ERROR(
        TryValue(plan->base, path + end, parameter.key(), TextsAt(*plan, point)[last]));
  }
  return absl::OkStatus();
}

Status SetSearch(const v1::Tune& tune, TunePlan* plan) {
  static constexpr std::string_view kMethods[] = {"bayesian", "random", "grid", "global"};
  SEQ_ASSIGN_OR_RETURN(const size_t method, CheckChoice("tune.method", tune.method(), kMethods));
  plan->search.method = kMethods[method];
  plan->search.seed = tune.seed() == 0 ? 1 : tune.seed();
  if (tune.points() > kMaxPoints) {
    return Expected("tune.points", StrCat("0 to ", kMaxPoints), StrCat(tune.points()));
  }
  if (tune.tries() > kMaxTries) {
    return Expected("tune.tries", StrCat("0 to ", kMaxTries), StrCat(tune.tries()));
  }
  plan->search.points = tune.points() == 0 ? 5 : tune.points();
  plan->search.tries = tune.tries();
  if (tune.tries() == 0) {
    plan->search.tries = plan->search.method == "grid"
                             ? search::GridSize(plan->space, plan->search.points, kMaxTries)
                             : 40;
  }
  const auto search = search::MakeSearch(plan->space, plan->search);
  if (!search.ok()) return Expected("tune.method", Message(search.status()).substr(9), "");
  return absl::OkStatus();
}

Status SetMetric(const v1::Tune& tune, TunePlan* plan) {
  const std::string metric = tune.metric().empty() ? "validation.loss" : tune.metric();
  if (!metric.starts_with(kMeasures) || metric.size() == kMeasures.size()) {
    return Expected("tune.metric", "validation.loss or another measure of the validation part",
                    StrCat("'", Quoted(metric), "'"));
  }
  plan->measure = metric.substr(kMeasures.size());
  plan->maximize = tune.has_maximize() ? tune.maximize() : train::LargerIsBetter(plan->measure);
  return absl::OkStatus();
}

}  // namespace

StatusOr<TunePlan> MakeTunePlan(const v1::TrainConfig& config) {
  TunePlan plan;
  plan.base = config;
  plan.base.clear_tune();
  const v1::Tune& tune = config.tune();
  if (tune.parameters_size() == 0) {
    return Expected("tune.parameters", "keys with a range or values", "none");
  }
  for (int i = 0; i < tune.parameters_size(); ++i) {
    const std::string path = StrCat("tune.parameters[", i, "]");
    const v1::TuneParameter& parameter = tune.parameters(i);
    SEQ_RETURN_IF_ERROR(CheckKey(path, parameter.key()));
    if (std::count(plan.keys.begin(), plan.keys.end(), parameter.key()) > 0) {
      return Expected(path + ".key", "each key once", StrCat("'", parameter.key(), "' again"));
    }
    SEQ_RETURN_IF_ERROR(parameter.values_size() > 0 ? AddValues(path, parameter, &plan)
                                                    : AddRange(path, parameter, &plan));
    plan.keys.push_back(parameter.key());
  }
  SEQ_RETURN_IF_ERROR(SetSearch(tune, &plan));
  SEQ_RETURN_IF_ERROR(SetMetric(tune, &plan));
  return plan;
}

std::vector<std::string> TextsAt(const TunePlan& plan, const search::Point& point) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < plan.space.size(); ++i) {
    if (!plan.values[i].empty()) {
      texts.push_back(plan.values[i][static_cast<size_t>(point[i])]);
      continue;
    }
    char text[40];
    std::snprintf(text, sizeof(text), plan.space[i].whole ? "%.0f" : "%.6g", point[i]);
    texts.emplace_back(text);
  }
  return texts;
}

StatusOr<search::Point> PointOf(const TunePlan& plan, const std::vector<std::string>& texts) {
  if (texts.size() != plan.space.size()) {
    return absl::InvalidArgumentError(
        StrCat("expected ", plan.space.size(), " values, got ", texts.size()));
  }
  search::Point point;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto& values = plan.values[i];
    const auto at = std::find(values.begin(), values.end(), texts[i]);
    const auto number = values.empty() ? Number(texts[i]) : std::optional<double>();
    if (values.empty() ? !number : at == values.end()) {
      return absl::InvalidArgumentError(
          StrCat("expected a value of ", plan.keys[i], ", got '", Quoted(texts[i]), "'"));
    }
    point.push_back(number ? *number : static_cast<double>(at - values.begin()));
  }
  return point;
}

StatusOr<v1::TrainConfig> ConfigAt(const TunePlan& plan, const std::vector<std::string>& texts) {
  v1::TrainConfig config = plan.base;
  for (size_t i = 0; i < texts.size(); ++i) {
    SEQ_RETURN_IF_ERROR(SetByPath(plan.keys[i], texts[i], "tune", &config));
  }
  SEQ_RETURN_IF_ERROR(ApplyDefaults(&config));
  SEQ_ASSIGN_OR_RETURN(*config.mutable_train(), train::ResolveTrainOptions(config));
  return config;
}

}  // namespace sequent
