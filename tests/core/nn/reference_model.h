// The equations of proto/sequent/v1/model.proto, one loop per sum, in double: what core/nn is held
// against. Knows nothing of batches, chunks, packing or threads.
#ifndef SEQUENT_TESTS_CORE_NN_REFERENCE_MODEL_H_
#define SEQUENT_TESTS_CORE_NN_REFERENCE_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/model/graph.h"
#include "core/model/tensor.h"

namespace sequent {

class ReferenceModel {
 public:
  // Both must outlive the object.
  ReferenceModel(const Graph& graph, const TensorMap& tensors);

  // A sequence from its beginning, `tokens` [steps] or `features` [steps, width]: what each head
  // says at each step. A head behind a pool says at every step what it says of the whole.
  std::vector<std::vector<std::vector<double>>> Run(size_t steps, const int32_t* tokens,
                                                    const float* features);

 private:
  using Vector = std::vector<double>;

  // Node `index` at every step of its own, from `all`, the same of the nodes before.
  std::vector<Vector> RunSteps(size_t index, size_t steps, const int32_t* tokens,
                               const float* features, const std::vector<std::vector<Vector>>& all);
  std::vector<Vector> Conv1d(const Node& node, const std::vector<Vector>& x) const;
  std::vector<Vector> Attention(const Node& node, const std::vector<Vector>& x) const;
  Vector Pool(const Node& node, const std::vector<Vector>& x) const;
  Vector AttentionPool(const Node& node, const std::vector<Vector>& x) const;
  Vector RunNode(size_t index, int32_t token, const float* features);
  Vector Gates(const Node& node, const Vector& x, const Vector& h) const;
  Vector Rnn(const Node& node, const Vector& x, Vector* h) const;
  Vector Lstm(const Node& node, const Vector& x, Vector* h, Vector* c) const;
  Vector IndRnn(const Node& node, const Vector& x, Vector* h) const;
  // `before`: the inputs of the steps before, oldest first.
  Vector Qrnn(const Node& node, const Vector& x, std::deque<Vector>* before, Vector* c) const;
  Vector GruAfter(const Node& node, const Vector& x, Vector* h) const;
  Vector GruBefore(const Node& node, const Vector& x, Vector* h) const;
  Vector LayerNorm(const Node& node, const Vector& x) const;
  Vector RunHead(const HeadNode& head) const;
  // rows first .. first + count - 1 of the matrix times x.
  Vector Times(const std::string& matrix, const Vector& x, size_t first, size_t count) const;
  double At(const std::string& vector, size_t i) const;

  const Graph& graph_;
  const TensorMap& tensors_;
  std::vector<Vector> values_, h_, c_;      // one per node
  std::vector<std::deque<Vector>> before_;  // qrnn: inputs
};

}  // namespace sequent

#endif  // SEQUENT_TESTS_CORE_NN_REFERENCE_MODEL_H_
