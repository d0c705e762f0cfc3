// Weights before the first update: a pure function of the seed.
//
// Glorot and Bengio 2010 (per gate), He et al. 2015, recurrent matrices with orthogonal columns
// (Saxe et al. 2014, per gate), embeddings from N(0, 1), biases 0 but an LSTM's forget bias, or the
// gates' biases of Tallec and Ollivier 2018 (`chrono`); indrnn: Li et al. 2018. Peepholes begin at
// 0.
#ifndef SEQUENT_CORE_TRAIN_INITIALIZE_H_
#define SEQUENT_CORE_TRAIN_INITIALIZE_H_

#include <cstdint>

#include "core/base/status.h"
#include "core/model/graph.h"
#include "core/model/tensor.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

// Fills in defaults and checks: INVALID_ARGUMENT names the key, "train.initialization.input: ...".
Status ResolveInitialization(v1::Initialization* options);

// `options` as ResolveInitialization left them.
TensorMap InitialTensors(const Graph& graph, const v1::Initialization& options, uint64_t seed);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_INITIALIZE_H_
