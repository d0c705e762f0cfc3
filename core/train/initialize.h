// Weights before the first update: a pure function of the seed.
//
// Glorot and Bengio 2010 (uniform, per gate), He et al. 2015, orthogonal recurrent matrices (Saxe
// et al. 2014, per gate), embeddings from N(0, 1), biases 0 but an LSTM's forget bias.
#ifndef SEQUENT_CORE_TRAIN_INITIALIZE_H_
#define SEQUENT_CORE_TRAIN_INITIALIZE_H_

#include "core/model/graph.h"
#include "core/model/tensor.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

// `options` as ResolveTrainOptions left them.
TensorMap InitialTensors(const Graph& graph, const v1::Initialization& options, uint64_t seed);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_INITIALIZE_H_
