// Which batches make up an update: `accumulate` of them in a row, fewer at the end of an epoch.
//
// Thread safety: plain data.
#ifndef SEQUENT_CORE_TRAIN_ACCUMULATION_H_
#define SEQUENT_CORE_TRAIN_ACCUMULATION_H_

#include <algorithm>
#include <cstdint>

namespace sequent::train {

struct Accumulation {
  uint64_t epoch_batches = 1;
  uint64_t accumulate = 1;

  uint64_t epoch_updates() const { return (epoch_batches + accumulate - 1) / accumulate; }
  // Batches of update `update` (from 1), both from 1, the last one included.
  uint64_t FirstBatch(uint64_t update) const {
    const uint64_t epoch = (update - 1) / epoch_updates(), place = (update - 1) % epoch_updates();
    return epoch * epoch_batches + place * accumulate + 1;
  }
  uint64_t LastBatch(uint64_t update) const {
    const uint64_t epoch = (update - 1) / epoch_updates();
    return std::min(FirstBatch(update) + accumulate - 1, (epoch + 1) * epoch_batches);
  }
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_ACCUMULATION_H_
