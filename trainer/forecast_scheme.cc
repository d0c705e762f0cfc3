#include "trainer/forecast_scheme.h"

#include <algorithm>
#include <string_view>

#include "core/model/config_check.h"

namespace sequent {
namespace {

constexpr std::string_view kEvaluations[] = {"one_step", "fixed_origin", "rolling_origin"};
constexpr train::Scheme::Kind kKinds[] = {train::Scheme::Kind::kOneStep,
                                          train::Scheme::Kind::kFixedOrigin,
                                          train::Scheme::Kind::kRollingOrigin};
constexpr uint32_t kMaxLags = 64;
constexpr uint32_t kLagsWithoutPeriod = 8;

Status CheckRange(std::string_view key, uint32_t value, uint64_t max) {
  if (value <= max) return absl::OkStatus();
  return Expected(StrCat("forecast.", ToAbsl(key)), StrCat("0..", max), StrCat(value));
}

}  // namespace

StatusOr<bool> IsDirect(const v1::ForecastConfig& forecast) {
  static constexpr std::string_view kOutputs[] = {"recursive", "direct"};
  SEQ_ASSIGN_OR_RETURN(const size_t output,
                       CheckChoice("forecast.output", forecast.output(), kOutputs));
  return output == 1;
}

Status SetHorizons(const v1::ForecastConfig& forecast, v1::ModelSpec* model) {
  SEQ_ASSIGN_OR_RETURN(const bool direct, IsDirect(forecast));
  for (int i = 0; i < model->heads_size(); ++i) {
    v1::Head* head = model->mutable_heads(i);
    if (!head->has_regression()) continue;
    const uint32_t own = head->regression().horizon();
    const std::string path = Indexed("model.heads", static_cast<size_t>(i)) + ".regression.horizon";
    if (!direct && own > 1) {
      return Expected(path, "0 or 1 unless forecast.output is direct", StrCat(own));
    }
    if (!direct) continue;
    if (own != 0 && own != forecast.horizon()) {
      return Expected(path, StrCat("0 or forecast.horizon, ", forecast.horizon()), StrCat(own));
    }
    head->mutable_regression()->set_horizon(forecast.horizon());
  }
  return absl::OkStatus();
}

Status CheckForecast(const v1::ForecastConfig& forecast) {
  SEQ_ASSIGN_OR_RETURN(const bool direct, IsDirect(forecast));
  SEQ_ASSIGN_OR_RETURN(const size_t kind,
                       CheckChoice("forecast.evaluation", forecast.evaluation(), kEvaluations));
  SEQ_RETURN_IF_ERROR(CheckRange("period", forecast.period(), kMaxWidth));
  SEQ_RETURN_IF_ERROR(CheckRange("ar_lags", forecast.ar_lags(), kMaxLags));
  if (kind != 2 && forecast.stride() > 0) {
    return Expected("forecast.stride", "0 unless evaluation is rolling_origin",
                    StrCat(forecast.stride()));
  }
  if (direct && (forecast.horizon() < 2 || forecast.horizon() > kMaxHorizon)) {
    return Expected("forecast.horizon",
                    StrCat("the steps that output direct says at once, 2..", kMaxHorizon),
                    StrCat(forecast.horizon()));
  }
  if (kind > 0) return absl::OkStatus();
  if (forecast.horizon() > 1 && !direct) {
    return Expected("forecast.horizon",
                    "0 or 1 unless evaluation is fixed_origin or rolling_origin, or output direct",
                    StrCat(forecast.horizon()));
  }
  if (forecast.context() == 0) return absl::OkStatus();
  return Expected("forecast.context", "0, since one_step carries the state from the first row",
                  StrCat(forecast.context()));
}

train::MeasureOptions MeasureOptionsOf(const v1::ForecastConfig& forecast, bool interval) {
  train::MeasureOptions options;
  const auto kind = CheckChoice("", forecast.evaluation(), kEvaluations);
  options.interval = interval;
  options.period = std::max(1u, forecast.period());
  options.ar_lags = forecast.ar_lags() > 0  ? forecast.ar_lags()
                    : forecast.period() > 1 ? std::min(forecast.period() + 1, kMaxLags)
                                            : kLagsWithoutPeriod;
  options.scheme.kind = kKinds[kind.value_or(0)];
  options.scheme.context = forecast.context();
  options.scheme.stride = std::max(1u, forecast.stride());
  options.scheme.horizon = forecast.horizon();
  if (options.scheme.kind == train::Scheme::Kind::kRollingOrigin && forecast.horizon() == 0) {
    options.scheme.horizon = options.period;
  }
  return options;
}

}  // namespace sequent
