// One stream through a model, chunk by chunk, with room for every head's outputs.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_CORE_TRAIN_STREAM_H_
#define SEQUENT_CORE_TRAIN_STREAM_H_

#include <algorithm>
#include <span>
#include <vector>

#include "core/base/aligned.h"
#include "core/nn/model.h"

namespace sequent::train {

// Steps per pass: bounds memory; the figures do not depend on it (batch invariance).
inline constexpr size_t kStreamChunk = 256;

class Stream {
 public:
  Stream(const Model& model, ThreadPool* pool)
      : model_(model), pool_(pool), state_(model.state_size()) {
    Reset();
    for (const HeadNode& head : model_.graph().heads) {
      buffers_.emplace_back(kStreamChunk * head.outputs);
    }
    for (auto& buffer : buffers_) outputs_.push_back(buffer.data());
  }

  // At most kStreamChunk steps.
  void Run(size_t steps, const int32_t* tokens, const float* features) {
    TickRow row;
    row.state = state_.data();
    row.steps = static_cast<uint32_t>(steps);
    row.tokens = tokens;
    row.features = features;
    row.outputs = outputs_.data();
    model_.Run({std::span(&row, 1)}, &workspace_, pool_);
  }

  // What head `head` said at step `step` of the last run.
  const float* output(size_t head, size_t step) const {
    return buffers_[head].data() + step * model_.graph().heads[head].outputs;
  }
  std::byte* codec_state() { return model_.codec_state(state_.data()); }
  void Reset() { model_.InitState(state_.data()); }
  // Goes on from where `other` stands.
  void CopyState(const Stream& other) {
    std::copy(other.state_.begin(), other.state_.end(), state_.begin());
  }

 private:
  const Model& model_;
  ThreadPool* pool_;
  AlignedVector<std::byte> state_;
  Workspace workspace_;
  std::vector<AlignedVector<float>> buffers_;
  std::vector<float*> outputs_;
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_STREAM_H_
