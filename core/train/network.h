// The trainable twin of core/nn: the same layers and heads, forward with a tape and backward.
//
// A *shard* is a part of the batch's rows with a tape of its own; shards share the weights and
// nothing else, so they run side by side and the result does not depend on how many threads did it.
// Matrices are time-major: element (step t, row r) is matrix row t * rows + r. T is float or
// double.
//
// Loss = sum over heads of weight x (sum over valid targets / number valid in the whole batch):
//   softmax, Bernoulli: class_loss.h;  point: squared error;  gaussian, student_t: negative log
//   likelihood;  quantiles: mean pinball loss of the levels.
// BPTT: state comes in from the chunk before and gradients stop there.
#ifndef SEQUENT_CORE_TRAIN_NETWORK_H_
#define SEQUENT_CORE_TRAIN_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/model/graph.h"
#include "core/model/tensor_table.h"
#include "core/train/class_loss.h"
#include "core/train/linear.h"

namespace sequent::train {

// One chunk of one shard: what goes in and what should come out.
//
// Rows may be shorter than `steps`: whole sequences, padded behind their end with any valid input
// (token 0, finite features) and masked targets. Then the outputs and gradients of a row's own
// steps are those it has alone; layers without memory, and the states that a chunk leaves behind,
// are computed on padding too and mean nothing there.
template <typename T>
struct Chunk {
  size_t steps = 0;
  size_t rows = 0;                            // of the shard
  size_t first_row = 0;                       // its place in the global batch
  std::vector<uint32_t> lengths;              // [rows], each 1 .. steps; empty: all `steps`
  std::vector<int32_t> tokens;                // [steps, rows]; token models
  std::vector<T> features;                    // [steps, rows, input width]; feature models
  std::vector<std::vector<int32_t>> classes;  // per head: [steps, rows]; -1 = masked; softmax
  std::vector<std::vector<T>> targets;  // per head: [steps, rows, values or labels]; NaN = masked
};

// What a random draw of this update is keyed by.
struct DrawKey {
  uint64_t seed = 0;
  uint64_t update = 0;
};

// A node's place on the tape.
template <typename T>
struct NodeTape {
  std::vector<T> y, dy;       // [steps * rows, width]
  std::vector<T> a, b, c, d;  // what the layer keeps for its backward pass
  // Recurrent: the state that comes in, vector by vector in the order of core/nn's rows, each
  // [rows, its width].
  std::vector<T> state;
  std::vector<T> h_first, c_first;  // h and c before this chunk
};

template <typename T>
struct Tape {
  size_t steps = 0, rows = 0, first_row = 0;
  std::vector<uint32_t> lengths;  // the chunk's
  const int32_t* tokens = nullptr;
  bool training = true;
  DrawKey key;
  std::vector<NodeTape<T>> nodes;
  std::vector<std::vector<T>> head_out, head_delta;
  std::vector<T> scratch;
  size_t count() const { return steps * rows; }
  // Steps of row r that are no padding.
  size_t length(size_t r) const { return lengths.empty() ? steps : lengths[r]; }
};

// One layer: parameters stand in the network's flat vector at offsets it was given.
template <typename T>
class TrainLayer {
 public:
  virtual ~TrainLayer() = default;
  // Takes in the weights after they changed.
  virtual void Prepare(const T* parameters) = 0;
  // Draws what holds for a whole update and all its shards; the next Prepare takes it back.
  virtual void BeginUpdate(const T* /*parameters*/, const DrawKey& /*key*/) {}
  // Reads the inputs' y, writes this node's y; recurrent layers replace `state` by the last one.
  virtual void Forward(const T* parameters, Tape<T>* tape) const = 0;
  // Reads this node's dy, adds to the inputs' dy and to `gradients`.
  virtual void Backward(const T* parameters, Tape<T>* tape, T* gradients) const = 0;
  // Floats of state per row.
  virtual size_t state_width() const { return 0; }
};

struct LayerPlace {
  const Graph* graph;
  size_t node;
  const std::vector<size_t>* offsets;  // of the tensors of this layer, in the table's order
};

// Null for inputs.
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeTrainLayer(const LayerPlace& place);

template <typename T>
class Network {
 public:
  explicit Network(const Graph& graph);

  const Graph& graph() const { return graph_; }
  const std::vector<TensorSpec>& table() const { return table_; }
  size_t parameter_count() const { return parameters_.size(); }
  // Tensor i of the table stands at parameters()[offset(i)].
  size_t offset(size_t tensor) const { return offsets_[tensor]; }
  const std::vector<size_t>& offsets() const { return offsets_; }
  std::vector<T>& parameters() { return parameters_; }
  const std::vector<T>& parameters() const { return parameters_; }
  // Per head; without it nothing is smoothed and every class counts 1.
  void SetClassLosses(std::vector<ClassLoss> losses) { class_losses_ = std::move(losses); }
  // To be called after parameters() changed.
  void Prepare();
  // To be called after Prepare and before an update's training Runs: drops weights for all of them
  // (weight_drop). Without it Run has all weights.
  void BeginUpdate(const DrawKey& key);

  TensorMap ToTensors() const { return ToTensors(parameters_); }
  // `values` in the place of parameters().
  TensorMap ToTensors(const std::vector<T>& values) const;
  // Every tensor of the table must be there with its size.
  Status FromTensors(const TensorMap& tensors);

  // Sets a tape up for `rows` rows with the initial (zero) state.
  void ResetTape(size_t rows, Tape<T>* tape) const;

  // Forward, loss and backward of one chunk. `normaliser[h]`: 1 / valid targets of head h in the
  // whole batch. Adds to `gradients` (parameter_count() of them, or null: forward only). Returns
  // the shard's part of the loss. The tape's state moves on by the chunk.
  double Run(const Chunk<T>& chunk, const std::vector<double>& normaliser, const DrawKey& key,
             bool training, Tape<T>* tape, T* gradients) const;

  // The output of head h after Run, [steps * rows, outputs]: logits; values; means, deviations.
  const std::vector<T>& HeadOutput(const Tape<T>& tape, size_t h) const { return tape.head_out[h]; }

 private:
  double HeadLoss(const Chunk<T>& chunk, size_t h, double normaliser, Tape<T>* tape) const;

  Graph graph_;
  std::vector<TensorSpec> table_;
  std::vector<size_t> offsets_;
  std::vector<T> parameters_;
  std::vector<std::unique_ptr<TrainLayer<T>>> layers_;
  std::vector<size_t> head_weight_, head_bias_;  // offsets of each head's tensors
  std::vector<Linear<T>> head_linear_;
  std::vector<ClassLoss> class_losses_;
};

extern template class Network<float>;
extern template class Network<double>;

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_NETWORK_H_
