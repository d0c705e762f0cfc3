#include "tests/bench/kernel/report.h"

#include <nlohmann/json.hpp>

#include "core/kernels/product.h"
#include "core/kernels/winograd.h"

namespace sequent::bench {
namespace {

using nlohmann::json;

json PointJson(const PointResult& result) {
  json point = {{"kind", result.kind},         {"cell", CellName(result.shape.cell)},
                {"units", result.shape.units}, {"rows", result.shape.rows},
                {"steps", result.shape.steps}, {"rounds", result.timings[0].seconds.size()}};
  point["ratios"] = json::object();
  for (const Timing& timing : result.timings) {
    point["seconds"][timing.name] = Median(timing.seconds);
    point["bounds"][timing.name] = Median(timing.bounds);
    point["over_bounds"][timing.name] = MedianRatio(timing.seconds, timing.bounds);
    if (&timing == &result.timings[0]) continue;
    point["ratios"][timing.name] = MedianRatio(timing.seconds, result.timings[0].seconds);
  }
  return point;
}

}  // namespace

std::string Report(const std::vector<PointResult>& results, const Bound& bound, double neighbours) {
  json report = {{"target", kernels::TargetName()},
                 {"products", kernels::ProductsName()},
                 {"peak", bound.peak()},
                 {"neighbours", neighbours}};
  report["bandwidth"] = json::array();
  for (const auto& [bytes, speed] : bound.bandwidths()) {
    report["bandwidth"].push_back({{"bytes", bytes}, {"bytes_per_second", speed}});
  }
  report["points"] = json::array();
  for (const PointResult& result : results) report["points"].push_back(PointJson(result));
  return report.dump(1);
}

}  // namespace sequent::bench
