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
  // Per head, [steps, HeadNode::values()]: the values that come in the next steps, in the units the
  // head predicts in (model units); NaN where there is none (masked in the loss).
  std::vector<std::vector<float>> targets;
};

// classify, tag: sequences of their own.
struct Samples {
  size_t size() const { return begin.empty() ? 0 : begin.size() - 1; }
  size_t length(size_t i) const { return begin[i + 1] - begin[i]; }

  // Sequence i has the tokens begin[i] .. begin[i + 1] - 1, at least one.
  std::vector<size_t> begin;  // [sequences + 1]
  std::vector<int32_t> tokens;
  // Per head. An *item* is a sequence for a last-step head, else a token.
  std::vector<std::vector<int32_t>> classes;  // softmax: [items]; -1 = not known, masked
  std::vector<std::vector<float>> targets;    // Bernoulli: [items, labels]: 0 or 1; NaN = masked
};

// Exactly one of the three is filled.
struct TrainingData {
  TokenStream stream;
  Series series;
  Samples samples;
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_DATA_H_
