#include "trainer/precision_cost.h"

#include <cmath>
#include <cstdio>

namespace sequent {

double PrecisionCost::percent() const { return 100 * (rounded - fp32) / std::fabs(fp32); }

StatusOr<PrecisionCost> MeasurePrecisionCost(const std::vector<std::string>& paths,
                                             const ModelData& data, const train::Measures& rounded,
                                             ThreadPool* pool) {
  SEQ_ASSIGN_OR_RETURN(const ModelList exact, LoadModels(paths, {.precision = Precision::kFp32}));
  SEQ_ASSIGN_OR_RETURN(const train::Measures measures,
                       Score(exact, data.dataset, data.part, pool, data.score()));
  const char* measure = rounded.contains("loss") ? "loss" : "rmse";
  return PrecisionCost{measure, measures.at(measure), rounded.at(measure)};
}

std::string DescribePrecisionCost(const PrecisionCost& cost, Precision precision) {
  char text[160];
  std::snprintf(text, sizeof(text), "  %-24s %.6g in fp32, %.6g in %s: %+.3f %%\n",
                cost.measure.c_str(), cost.fp32, cost.rounded, PrecisionName(precision),
                cost.percent());
  return text;
}

}  // namespace sequent
