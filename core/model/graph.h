// A ModelConfig made explicit: defaults filled in, names resolved to indexes, widths known, order
// fixed. The one place that checks a configuration; the tensor table, core/nn and core/train all
// start here.
//
// Thread safety: a Graph is plain data; Resolve is a pure function.
#ifndef SEQUENT_CORE_MODEL_GRAPH_H_
#define SEQUENT_CORE_MODEL_GRAPH_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

enum class NodeKind {
  kInput,
  kEmbedding,
  kDense,
  kRnn,
  kLstm,
  kGru,
  kIndRnn,
  kQrnn,
  kActivation,
  kDropout,
  kConcat,
  kAdd,
  kConv1d,
  kPool,
  kLayerNorm,
  kAttention,
  kReverse  // the steps of each sequence from its last to its first; no layer of its own
};
enum class PoolKind { kLast, kFinalStates, kMean, kMax, kAttention, kPositions };
enum class ActivationKind { kTanh, kSigmoid, kRelu, kLeakyRelu };

// One input or layer, or a part of one: a backward layer is reverse, the cell, reverse; a
// bidirectional one is two cells and a concat (graph_sequence.h). Inputs come first, then layers in
// an order in which inputs precede their users.
struct Node {
  NodeKind kind;
  std::string name;
  std::vector<size_t> inputs;  // indexes into Graph::nodes, all smaller than this node's own
  size_t width = 0;            // floats per step; token inputs: 0 (they carry ids)
  size_t tokens = 0;           // token inputs: number of ids
  size_t units = 0;            // rnn, lstm, gru, indrnn, qrnn: cells; their width but for lstm
  ActivationKind activation = ActivationKind::kTanh;  // rnn, activation
  bool bias = true;                                   // dense, gru
  bool reset_after = true;                            // gru
  bool keep_old = true;                               // gru
  bool peepholes = false;                             // lstm
  bool projection = false;                            // lstm: units cells are projected to width
  size_t window = 1;                // qrnn, conv1d, attention: inputs that a step sees
  size_t before = 0;                // conv1d: how many of them come before its own
  size_t attention_heads = 1;       // attention
  PoolKind pool = PoolKind::kLast;  // pool
  std::vector<int32_t> positions;   // pool
  float weight_drop = 0;            // rnn, lstm, gru
  float dropout = 0;                // dropout
  bool locked = false;              // dropout: the same at all steps
  // Steps: one per sequence; else as many as the sequence has, without the last `trimmed` (but at
  // least 1).
  bool pooled = false;
  size_t trimmed = 0;
  // Whether columns of it have been read from the last step to the first: what they know of the
  // sequence stands at the first step.
  bool reads_backward = false;
  // Columns at the front whose last state stands at the last step, the others' at the first; none
  // if the node's output is no recurrent state.
  std::optional<size_t> forward_columns;
};

enum class HeadKind { kSoftmax, kPoint, kGaussian, kStudentT, kQuantiles, kBernoulli };

struct HeadNode {
  HeadKind kind;
  std::string name;
  size_t input = 0;  // node index
  size_t in_width = 0;
  // Rows of its weight: classes; labels (Bernoulli); values(); Gaussian and Student-t: 2 x values()
  // (all locations, then all raw scales; the scale is softplus(raw) + 1e-6); quantiles: values() x
  // levels, levels innermost.
  size_t outputs = 0;
  std::vector<size_t> columns;  // regression: indexes of the input columns predicted
  size_t horizon = 1;           // regression: next steps that it says at once
  std::vector<std::string>
      labels;  // softmax: the name of each class, if it has any; language models: none. Bernoulli
  std::vector<float> levels;      // quantiles: rising
  double degrees_of_freedom = 0;  // Student-t
  float loss_weight = 1;
  std::optional<size_t> tied_to;  // softmax: the embedding whose matrix is the weight
  bool last_step = false;         // of the whole sequence: answered at the last step of a request
  // What a regression head predicts: columns of the next step, of the one after it, ... Value k is
  // of column(k), ahead(k) steps ahead.
  size_t values() const { return horizon * columns.size(); }
  size_t column(size_t k) const { return columns[k % columns.size()]; }
  size_t ahead(size_t k) const { return 1 + k / columns.size(); }
  bool has_scale() const { return kind == HeadKind::kGaussian || kind == HeadKind::kStudentT; }
};

struct FeedbackNode {
  size_t head = 0;
  std::vector<size_t>
      columns;  // feature inputs: input column that the head's k-th output column feeds
};

struct Graph {
  std::vector<Node> nodes;
  std::vector<HeadNode> heads;
  std::optional<FeedbackNode> feedback;
  // Whether it can be run step by step. If not, it takes whole sequences: a chunk is one, and
  // begins with the initial state.
  bool streamable = true;
  bool tokens() const { return nodes[0].kind == NodeKind::kInput && nodes[0].tokens > 0; }
};

// INVALID_ARGUMENT says which field, what was expected, what came: "layers[2].lstm.units: expected
// 1..65536, got 0". Exactly one input is supported, and its name is "input" (or left out); every
// layer must lead to a head. Of what fit learns only the vocabulary's size is looked at:
// CheckLearnedInputs (input_check.h) and the codecs check the rest. Limits: config_check.h.
StatusOr<Graph> ResolveGraph(const v1::ModelConfig& config);

// How many steps ahead each of the first feature input's `columns` is predicted, at least 1: what
// its SeriesCodec has to invert.
std::vector<size_t> ColumnHorizons(const Graph& graph, size_t columns);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_GRAPH_H_
