// Whoever can run a layer: ours, and the libraries it is held against.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_CONTESTANT_H_
#define SEQUENT_TESTS_BENCH_KERNEL_CONTESTANT_H_

#include <memory>
#include <string>
#include <vector>

#include "core/base/precision.h"
#include "core/base/thread_pool.h"
#include "core/model/tensor.h"
#include "tests/bench/kernel/shape.h"

namespace sequent::bench {

// One layer of one shape, with its weights packed and its buffers made. Thread safety: one caller.
class Contestant {
 public:
  virtual ~Contestant() = default;

  // One call: all rows, all steps, activations included; no allocation of ours after the first.
  virtual void Run() = 0;

  // The hidden states [steps, rows, units] of a first call, whose states are zero.
  virtual std::vector<float> FirstOutputs() = 0;
};

// Our Model::Run of a model of this layer alone in that precision, on `pool` (nullptr: on the
// caller's thread); its outputs are the mean of the units, [rows, steps].
std::unique_ptr<Contestant> MakeOurModel(const Shape& shape, const TensorMap& weights,
                                         Precision precision, ThreadPool* pool);

// `weights` as MakeWeights made them; they are copied. One thread each, fp32.
std::unique_ptr<Contestant> MakeOurs(const Shape& shape, const TensorMap& weights);
std::unique_ptr<Contestant> MakeEigen(const Shape& shape, const TensorMap& weights);
// nullptr where this program was built without oneDNN.
std::unique_ptr<Contestant> MakeOneDnn(const Shape& shape, const TensorMap& weights);

// By name: ours, onednn, eigen. nullptr: there is none of that name.
std::unique_ptr<Contestant> MakeContestant(const std::string& name, const Shape& shape,
                                           const TensorMap& weights);

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_CONTESTANT_H_
