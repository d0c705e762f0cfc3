// Layers with memory, one source file a cell.
#ifndef SEQUENT_CORE_TRAIN_RECURRENT_H_
#define SEQUENT_CORE_TRAIN_RECURRENT_H_

#include <memory>

#include "core/train/network.h"

namespace sequent::train {

// The slope of f at the point where it is `y`.
template <typename T>
T SlopeAt(kernels::Function f, T y) {
  switch (f) {
    case kernels::Function::kTanh:
      return 1 - y * y;
    case kernels::Function::kSigmoid:
      return y * (1 - y);
    case kernels::Function::kRelu:
      return y > 0 ? T(1) : T(0);
    case kernels::Function::kLeakyRelu:
      return y > 0 ? T(1) : T(0.01);
    default:
      return T(1);
  }
}

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeRnnLayer(const LayerPlace& place);
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeLstmLayer(const LayerPlace& place);
// With peepholes, a projection, or both.
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeLstmVariantLayer(const LayerPlace& place);
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeIndRnnLayer(const LayerPlace& place);
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeQrnnLayer(const LayerPlace& place);
// All four forms.
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeGruLayer(const LayerPlace& place);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_RECURRENT_H_
