// What the graph calls an activation, in the kernels' words.
#ifndef SEQUENT_CORE_NN_FUNCTIONS_H_
#define SEQUENT_CORE_NN_FUNCTIONS_H_

#include "core/kernels/cells.h"
#include "core/model/graph.h"

namespace sequent {

inline kernels::Function KernelFunction(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kTanh:
      return kernels::Function::kTanh;
    case ActivationKind::kSigmoid:
      return kernels::Function::kSigmoid;
    case ActivationKind::kRelu:
      return kernels::Function::kRelu;
    case ActivationKind::kLeakyRelu:
      return kernels::Function::kLeakyRelu;
  }
  return kernels::Function::kIdentity;
}

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_FUNCTIONS_H_
