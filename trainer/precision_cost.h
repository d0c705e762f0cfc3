// What a smaller weight type costs: the same measure in fp32 and rounded.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_PRECISION_COST_H_
#define SEQUENT_TRAINER_PRECISION_COST_H_

#include <string>
#include <vector>

#include "core/base/precision.h"
#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/train/measure.h"
#include "trainer/model_data.h"

namespace sequent {

struct PrecisionCost {
  std::string measure;  // "loss"; "rmse" where there is no loss (forecasts averaged over models)
  double fp32 = 0, rounded = 0;

  // 100 (rounded - fp32) / |fp32|
  double percent() const;
};

// Measures `data.part` in both; `rounded` are data.models' measures in another precision, or as a
// file stores them. `paths` name the models' files. Errors: as LoadModelData.
StatusOr<PrecisionCost> MeasurePrecisionCost(const std::vector<std::string>& paths,
                                             const ModelData& data, const train::Measures& rounded,
                                             ThreadPool* pool);

// "  loss_fp32 ..." and the difference, for people.
std::string DescribePrecisionCost(const PrecisionCost& cost, Precision precision);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_PRECISION_COST_H_
