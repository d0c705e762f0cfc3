// Drawing from a model's own output.
//
// A draw is a pure function of the distribution, the options and one uniform number, so the same
// seed gives the same result whatever else runs. Thread safety: pure functions.
#ifndef SEQUENT_CORE_NN_SAMPLING_H_
#define SEQUENT_CORE_NN_SAMPLING_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/status.h"

namespace sequent {

struct SamplingOptions {
  float temperature = 1;  // > 0; logits are divided by it
  uint32_t top_k = 0;     // keep the k most probable; 0 = all
  float top_p = 1;        // keep the smallest set with at least this probability; (0, 1]
};

// BAD_REQUEST naming the option.
Status CheckSampling(const SamplingOptions& options);

// The class drawn from softmax(logits / temperature) cut to top_k, then top_p; ties go to the
// smaller class. `uniform` in [0, 1). A NaN among the logits counts as a class that never comes.
// `logits` is not empty. `scratch` is reused: nothing is allocated once it has seen as many
// classes.
int32_t SampleClass(std::span<const float> logits, const SamplingOptions& options, double uniform,
                    std::vector<std::pair<float, int32_t>>* scratch);

// Uniform and standard normal draws keyed by (seed, sample, step); `index` tells several draws of
// one step apart.
double UniformDraw(uint64_t seed, uint32_t sample, uint64_t step, uint32_t index);
double NormalDraw(uint64_t seed, uint32_t sample, uint64_t step, uint32_t index);

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_SAMPLING_H_
