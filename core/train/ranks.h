// The processes that train one model together, each on its own shards of every batch.
//
// All of them call the same functions in the same order; each call returns when all have made it.
// A process that dies takes the others with it (that is up to who started them).
// Thread safety: one thread per process.
#ifndef SEQUENT_CORE_TRAIN_RANKS_H_
#define SEQUENT_CORE_TRAIN_RANKS_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace sequent::train {

class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual size_t rank() const = 0;
  virtual size_t count() const = 0;
  // Element by element the sum over ranks, as a binary tree: rank 0 takes 1, 2 takes 3, ..; then 0
  // takes 2, ..; all ranks end with the same bits. Spans have one length.
  virtual void AddTree(std::span<float> values) = 0;
  virtual void AddTree(std::span<double> values) = 0;
  // What every rank hands in, in their order; the same for all.
  virtual std::vector<std::string> Gather(const std::string& own) = 0;
};

// This process alone. Static storage.
Ranks* OneRank();

// The error of the first rank that has one, for all of them; OK if none has. A message that is not
// rank 0's says whose it is.
Status Agree(Ranks* ranks, const Status& own);

// INVALID_ARGUMENT unless each rank can own a whole subtree of the sum over `shards`.
Status CheckShardsOverRanks(size_t shards, size_t ranks);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_RANKS_H_
