// Training data in memory, already through the codecs.
//
// Thread safety: plain data.
#ifndef SEQUENT_CORE_TRAIN_DATA_H_
#define SEQUENT_CORE_TRAIN_DATA_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sequent::train {

// language_model: one long stream; the target of token t is token t + 1.
struct TokenStream {
  std::vector<int32_t> tokens;
};

// forecast: one long series, or several behind one another.
struct Series {
  size_t steps = 0;          // of all
  std::vector<size_t> ends;  // where each series ends, rising to `steps`; empty: there is one
  size_t input_width = 0;
  std::vector<float> inputs;  // [steps, input_width], as the codec encoded them
  // Per head, [steps, columns]: the value one step later in the units the head predicts in (model
  // units); NaN where there is none (masked in the loss).
  std::vector<std::vector<float>> targets;
};

// Exactly one of the two is filled.
struct TrainingData {
  TokenStream stream;
  Series series;
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_DATA_H_
