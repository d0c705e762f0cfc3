// Learning-rate schedules.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_SCHEDULE_H_
#define SEQUENT_CORE_TRAIN_SCHEDULE_H_

#include <cstdint>

#include "sequent/v1/train.pb.h"

namespace sequent::train {

// The rate of update `update` (from 1) of `updates`, of which an epoch has `epoch_updates`. `base`
// is the optimiser's own. The plateau's factor is not in it (selection.h).
double LearningRate(const v1::Schedule& schedule, double base, uint64_t update, uint64_t updates,
                    uint64_t epoch_updates);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_SCHEDULE_H_
