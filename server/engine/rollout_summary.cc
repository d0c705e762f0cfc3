#include "server/engine/rollout_summary.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstddef>

#include "server/engine/output_plan.h"

namespace sequent::engine {
namespace {

float MeanOf(const std::vector<float>& sorted) {
  double sum = 0;
  for (const float value : sorted) sum += value;
  return static_cast<float>(sum / static_cast<double>(sorted.size()));
}

float DeviationOf(const std::vector<float>& sorted, double mean) {
  double sum = 0;
  for (const float value : sorted) sum += (value - mean) * (value - mean);
  return static_cast<float>(std::sqrt(sum / static_cast<double>(sorted.size())));
}

float QuantileOf(const std::vector<float>& sorted, float level) {
  const double place = double{level} * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = place - static_cast<double>(below);
  return static_cast<float>(sorted[below] + share * (sorted[above] - sorted[below]));
}

RolloutForecast OverSamples(const RolloutRequest& request, size_t head, size_t values,
                            const std::vector<RolloutPath>& paths) {
  RolloutForecast forecast;
  std::vector<float> sorted(paths.size());
  for (size_t i = 0; i < values; ++i) {
    for (size_t s = 0; s < paths.size(); ++s) sorted[s] = paths[s].values(head)[i];
    std::sort(sorted.begin(), sorted.end());
    forecast.mean.push_back(MeanOf(sorted));
    forecast.scale.push_back(DeviationOf(sorted, forecast.mean.back()));
    for (const float level : request.quantiles) {
      forecast.quantiles.push_back(QuantileOf(sorted, level));
    }
  }
  return forecast;
}

double NormalQuantile(double level) {
  return boost::math::quantile(boost::math::normal_distribution<double>(), level);
}

RolloutForecast OfOnePath(const RolloutRequest& request, size_t head, const RolloutPath& path) {
  RolloutForecast forecast;
  forecast.mean = path.values(head);
  forecast.scale = path.scales(head);
  forecast.scale.resize(forecast.mean.size(), 0.0f);
  for (size_t i = 0; i < forecast.mean.size(); ++i) {
    for (const float level : request.quantiles) {
      forecast.quantiles.push_back(
          static_cast<float>(forecast.mean[i] + forecast.scale[i] * NormalQuantile(level)));
    }
  }
  return forecast;
}

}  // namespace

RolloutSummary Summarize(const Model& model, const RolloutPlan& plan, const RolloutRequest& request,
                         const std::vector<RolloutPath>& paths) {
  RolloutSummary summary;
  bool stopped = true;
  for (const RolloutPath& path : paths) {
    if (plan.text) summary.texts.push_back(path.text());
    stopped = stopped && path.stopped();
  }
  summary.stop_reason = stopped ? "stop" : "steps";
  const std::vector<HeadNode>& heads = model.graph().heads;
  for (size_t h = 0; h < heads.size(); ++h) {
    // A text's paths may differ in length; only their texts are summed up.
    if (NamesClasses(heads[h]) || plan.sources.empty()) continue;
    const size_t values = paths[0].values(h).size();
    summary.forecasts.push_back(plan.drawn ? OverSamples(request, h, values, paths)
                                           : OfOnePath(request, h, paths[0]));
    summary.forecasts.back().head = heads[h].name;
    summary.forecasts.back().width = static_cast<uint32_t>(heads[h].values());
  }
  return summary;
}

}  // namespace sequent::engine
