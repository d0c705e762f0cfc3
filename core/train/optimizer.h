// Update rules.
//
// SGD with momentum and Nesterov's form (buffer = momentum x buffer + gradient); RMSprop, centred
// and with momentum (Hinton 2012, Graves 2013); Adam (Kingma and Ba 2015), AMSGrad (Reddi et al.
// 2018), NAdam (Dozat 2016); Adagrad (Duchi et al. 2011); decoupled weight decay for all (AdamW,
// Loshchilov and Hutter 2019). Where papers leave a choice, the rule is PyTorch's.
#ifndef SEQUENT_CORE_TRAIN_OPTIMIZER_H_
#define SEQUENT_CORE_TRAIN_OPTIMIZER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sequent/v1/train.pb.h"

namespace sequent::train {

// What is the same for all elements of an update, worked out once.
template <typename T>
struct UpdateFactors {
  T rate = 0;  // the learning rate, with corrections that all elements share
  T kept = 1;  // of a weight: 1 - lr x weight_decay
  T l1 = 0, l2 = 0;
  T root = 1;      // 1 / sqrt(1 - beta2^update)
  T own_rate = 0;  // NAdam: rate of the gradient beside that of its mean
};

template <typename T>
class Optimizer {
 public:
  // `options` as ResolveTrainOptions left them.
  Optimizer(const v1::Optimizer& options, size_t parameters);

  // Update number `update` (from 1) with learning rate `lr` is what Step does from now on.
  void Begin(uint64_t update, double lr);
  // Elements [begin, end) of the update: one pass over weights, gradients and slots. `penalised`:
  // l1, l2 and weight_decay act on them. Different ranges may be stepped by different threads.
  void Step(size_t begin, size_t end, bool penalised, T* parameters, const T* gradients);

  // Everything it remembers, for checkpoints: up to three vectors of `parameters` values. (NAdam's
  // product of momenta is a function of the update's number.)
  std::vector<std::vector<T>>& slots() { return slots_; }
  const std::vector<std::vector<T>>& slots() const { return slots_; }

 private:
  void BeginNAdam(double lr);

  const v1::Optimizer options_;
  std::vector<std::vector<T>> slots_;
  UpdateFactors<T> penalised_, free_;
  uint64_t update_ = 0;
  double momenta_ = 1;  // NAdam: product of the momenta of updates 1 .. update_
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

double BaseLearningRate(const v1::Optimizer& options);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_OPTIMIZER_H_
