// What happens to gradients between the backward pass and the optimiser: shards are added, the norm
// is taken, large ones are clipped, all of it block by block.
//
// A block is a range of the flat parameters that is worked on by one thread while it is in the
// cache. Blocks are cut by the model and the options alone, and sums over them run in their order,
// so the result does not depend on the threads. What is frozen is in no block.
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_GRADIENTS_H_
#define SEQUENT_CORE_TRAIN_GRADIENTS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/model/graph.h"
#include "core/model/tensor_table.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

struct Block {
  size_t begin = 0, end = 0;
  bool penalised = true;  // l1, l2 and weight decay act on it
};

// Blocks of everything that `options` train, in order. INVALID_ARGUMENT: train.freeze names what
// the model does not have, or leaves nothing to train.
StatusOr<std::vector<Block>> ParameterBlocks(const Graph& graph, const v1::TrainOptions& options);

// Whether train.freeze names the layer or head that the tensor belongs to.
bool IsFrozen(const TensorSpec& spec, const v1::TrainOptions& options);

// parts[0][i] becomes the sum over all parts, added as a binary tree, for i of the block.
template <typename T>
void AddParts(const Block& block, std::span<std::vector<T>> parts);

// In double, in an order that is a function of the number of values alone.
template <typename T>
double SumOfSquares(std::span<const T> values);

// What to multiply gradients by whose norm is `norm`: at most 1.
double ClipScale(const v1::Clip& clip, double norm);

// Multiplies by `scale`, then cuts off at clip.value.
template <typename T>
void ClipValues(const v1::Clip& clip, double scale, std::span<T> values);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_GRADIENTS_H_
