// Which tensors a model has: the one list that the writer, the reader, core/nn and the trainer
// share.
#ifndef SEQUENT_CORE_MODEL_TENSOR_TABLE_H_
#define SEQUENT_CORE_MODEL_TENSOR_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/graph.h"
#include "core/model/tensor.h"

namespace sequent {

// What a tensor is for; initialisation and regularisation go by it.
enum class TensorRole {
  kEmbedding,
  kInputWeight,
  kRecurrentWeight,
  kRecurrentVector,
  kBias,
  kGain  // of layer_norm: begins with 1
};

struct TensorSpec {
  std::string name;           // "<layer>.<parameter>"
  std::vector<size_t> shape;  // [out, in] or [n]
  TensorRole role;
  size_t gates = 1;  // rows are gates x units, gate-major
};

// In the order of the graph's nodes, then heads. Parameters: embedding weight [V,E]; dense weight
// [O,I], bias [O]; rnn/lstm weight_input [gH,I], weight_state [gH,width], bias [gH]; then lstm with
// peepholes: peephole [3H] (i, f, o), with a projection: projection [width,H]; gru weight_input,
// weight_state, and reset after: bias_input, bias_state [3H]; reset before: bias [3H]; without
// bias: none; attention weight_input [3W,W],
// bias_input [3W], weight_output [W,W], bias_output [W]; layer_norm weight [W],
// bias [W]; conv1d weight [O,kernel I] (oldest input first), bias [O];
// attention pool weight [I,I], bias [I], query [1,I]; indrnn weight_input [H,I], recurrent [H],
// bias [H]; qrnn weight [3H, window I] (oldest input first), bias [3H]; heads weight [outputs, in],
// bias [outputs].
std::vector<TensorSpec> TensorTable(const Graph& graph);

// How a model of a precision stores a tensor: matrices in that precision, embeddings at most in
// bf16, biases and other vectors in fp32.
Precision StoredAs(TensorRole role, Precision precision);

// The precision of a model with these tensors: its first matrix's.
Precision StoredPrecision(const std::vector<TensorSpec>& table, const TensorMap& tensors);

// Every tensor of the table is there with its shape, finite, and nothing else is; all are stored as
// the model's precision asks. The error names the tensor.
Status CheckTensors(const std::vector<TensorSpec>& table, const TensorMap& tensors);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_TENSOR_TABLE_H_
