// A named output: an affine map of one node, computed only where somebody wants it.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_NN_HEAD_H_
#define SEQUENT_CORE_NN_HEAD_H_

#include <cstddef>

#include "core/model/graph.h"
#include "core/model/tensor.h"
#include "core/nn/affine.h"

namespace sequent {

class Head {
 public:
  // `last_offset`: where the head's input stands among the floats of `last`.
  Head(const Graph& graph, const HeadNode& node, size_t last_offset, const TensorMap& tensors);

  size_t node() const { return node_; }
  size_t outputs() const { return outputs_; }
  size_t last_offset() const { return last_offset_; }

  // y[r], outputs() floats, from x[r]: softmax: logits. point: values. Gaussian: means, then
  // standard deviations.
  void Apply(size_t rows, const float* const* x, Pass* pass, float* const* y) const;

 private:
  const HeadKind kind_;
  const size_t node_, outputs_, last_offset_;
  const Affine map_;
};

// The standard deviation that a Gaussian head's raw output stands for: softplus(raw) + 1e-6.
float GaussianDeviation(float raw);

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_HEAD_H_
