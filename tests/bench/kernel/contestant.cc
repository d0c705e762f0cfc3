#include "tests/bench/kernel/contestant.h"

namespace sequent::bench {

std::unique_ptr<Contestant> MakeContestant(const std::string& name, const Shape& shape,
                                           const TensorMap& weights) {
  if (name == "ours") return MakeOurs(shape, weights);
  if (name == "onednn") return MakeOneDnn(shape, weights);
  if (name == "eigen") return MakeEigen(shape, weights);
  return nullptr;
}

}  // namespace sequent::bench
