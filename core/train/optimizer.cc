// Each rule is one loop that becomes SIMD: no branch, no call, nothing that may alias.
#include "core/train/optimizer.h"

#include <algorithm>
#include <cmath>

namespace sequent::train {
namespace {

// Calls `body` with the message of the kind that was chosen; all have lr, l1, l2, weight_decay.
template <class Body>
auto WithKind(const v1::Optimizer& options, const Body& body) {
  switch (options.kind_case()) {
    case v1::Optimizer::kSgd:
      return body(options.sgd());
    case v1::Optimizer::kRmsprop:
      return body(options.rmsprop());
    case v1::Optimizer::kAdagrad:
      return body(options.adagrad());
    case v1::Optimizer::kNadam:
      return body(options.nadam());
    default:
      return body(options.adam());
  }
}

size_t SlotCount(const v1::Optimizer& options) {
  switch (options.kind_case()) {
    case v1::Optimizer::kSgd:
      return options.sgd().momentum() > 0 ? 1 : 0;
    case v1::Optimizer::kRmsprop:
      return 1u + options.rmsprop().centered() + (options.rmsprop().momentum() > 0);
    case v1::Optimizer::kAdagrad:
      return 1;
    case v1::Optimizer::kNadam:
      return 2;
    default:
      return options.adam().amsgrad() ? 3 : 2;
  }
}

// A range of everything. What a rule has no slot for stays null.
template <typename T>
struct Range {
  size_t n;
  T* p;
  const T* g;
  T* slot[3];
};

// The gradient with the slope of the penalties. (A choice between signs would be control flow,
// which gcc does not turn into SIMD; a difference of comparisons it does.)
template <typename T>
T Slope(T g, T p, const UpdateFactors<T>& f) {
  const T sign = static_cast<T>(p > 0) - static_cast<T>(p < 0);
  return g + f.l2 * p + f.l1 * sign;
}

template <typename T>
void SgdStep(const Range<T>& range, UpdateFactors<T> f) {
  T* __restrict p = range.p;
  const T* __restrict g = range.g;
  for (size_t i = 0; i < range.n; ++i) p[i] = p[i] * f.kept - f.rate * Slope(g[i], p[i], f);
}

template <typename T>
void MomentumStep(const Range<T>& range, UpdateFactors<T> f, const v1::Sgd& sgd) {
  T* __restrict p = range.p;
  const T* __restrict g = range.g;
  T* __restrict buffer = range.slot[0];
  const T momentum = static_cast<T>(sgd.momentum());
  const T own = sgd.nesterov() ? T(1) : T(0), kept = sgd.nesterov() ? momentum : T(1);
  for (size_t i = 0; i < range.n; ++i) {
    const T slope = Slope(g[i], p[i], f);
    buffer[i] = momentum * buffer[i] + slope;
    p[i] = p[i] * f.kept - f.rate * (own * slope + kept * buffer[i]);
  }
}

template <typename T, bool kAmsgrad>
void AdamStep(const Range<T>& range, UpdateFactors<T> f, const v1::Adam& adam) {
  T* __restrict p = range.p;
  const T* __restrict g = range.g;
  T* __restrict m = range.slot[0];
  T* __restrict v = range.slot[1];
  T* __restrict largest = range.slot[2];
  const T b1 = static_cast<T>(adam.beta1()), b2 = static_cast<T>(adam.beta2());
  const T epsilon = static_cast<T>(adam.epsilon());
  for (size_t i = 0; i < range.n; ++i) {
    const T slope = Slope(g[i], p[i], f);
    m[i] = b1 * m[i] + (1 - b1) * slope;
    v[i] = b2 * v[i] + (1 - b2) * slope * slope;
    T square = v[i];
    if constexpr (kAmsgrad) square = largest[i] = std::max(largest[i], v[i]);
    p[i] = p[i] * f.kept - f.rate * m[i] / (std::sqrt(square) * f.root + epsilon);
  }
}

template <typename T>
void NAdamStep(const Range<T>& range, UpdateFactors<T> f, const v1::NAdam& nadam) {
  T* __restrict p = range.p;
  const T* __restrict g = range.g;
  T* __restrict m = range.slot[0];
  T* __restrict v = range.slot[1];
  const T b1 = static_cast<T>(nadam.beta1()), b2 = static_cast<T>(nadam.beta2());
  const T epsilon = static_cast<T>(nadam.epsilon());
  for (size_t i = 0; i < range.n; ++i) {
    const T slope = Slope(g[i], p[i], f);
    m[i] = b1 * m[i] + (1 - b1) * slope;
    v[i] = b2 * v[i] + (1 - b2) * slope * slope;
    p[i] =
        p[i] * f.kept - (f.own_rate * slope + f.rate * m[i]) / (std::sqrt(v[i]) * f.root + epsilon);
  }
}

// Slots: mean square; centred: mean; with momentum: buffer, the last one.
template <typename T, bool kCentered, bool kMomentum>
void RmsPropStep(const Range<T>& range, UpdateFactors<T> f, const v1::RmsProp& rmsprop) {
  T* __restrict p = range.p;
  const T* __restrict g = range.g;
  T* __restrict square = range.slot[0];
  T* __restrict mean = range.slot[1];
  T* __restrict buffer = range.slot[kCentered ? 2 : 1];
  const T alpha = static_cast<T>(rmsprop.alpha()), epsilon = static_cast<T>(rmsprop.epsilon());
  const T momentum = static_cast<T>(rmsprop.momentum());
  for (size_t i = 0; i < range.n; ++i) {
    const T slope = Slope(g[i], p[i], f);
    square[i] = alpha * square[i] + (1 - alpha) * slope * slope;
    T variance = square[i];
    if constexpr (kCentered) {
      mean[i] = alpha * mean[i] + (1 - alpha) * slope;
      variance = std::max(variance - mean[i] * mean[i], T(0));  // rounding may leave less than 0
    }
    T step = slope / (std::sqrt(variance) + epsilon);
    if constexpr (kMomentum) step = buffer[i] = momentum * buffer[i] + step;
    p[i] = p[i] * f.kept - f.rate * step;
  }
}

template <typename T>
void AdagradStep(const Range<T>& range, UpdateFactors<T> f, const v1::Adagrad& adagrad) {
  T* __restrict p = range.p;
  const T* __restrict g = range.g;
  T* __restrict sum = range.slot[0];
  const T epsilon = static_cast<T>(adagrad.epsilon());
  for (size_t i = 0; i < range.n; ++i) {
    const T slope = Slope(g[i], p[i], f);
    sum[i] += slope * slope;
    p[i] = p[i] * f.kept - f.rate * slope / (std::sqrt(sum[i]) + epsilon);
  }
}

template <typename T>
void RmsProp(const Range<T>& range, const UpdateFactors<T>& f, const v1::RmsProp& options) {
  const bool momentum = options.momentum() > 0;
  if (options.centered()) {
    momentum ? RmsPropStep<T, true, true>(range, f, options)
             : RmsPropStep<T, true, false>(range, f, options);
  } else {
    momentum ? RmsPropStep<T, false, true>(range, f, options)
             : RmsPropStep<T, false, false>(range, f, options);
  }
}

}  // namespace

template <typename T>
Optimizer<T>::Optimizer(const v1::Optimizer& options, size_t parameters) : options_(options) {
  slots_.assign(SlotCount(options), std::vector<T>(parameters, T(0)));
}

template <typename T>
void Optimizer<T>::Begin(uint64_t update, double lr) {
  if (update != update_ + 1) {
    momenta_ = 1;
    update_ = 0;
  }
  free_ = {};
  double rate = lr;
  const double count = static_cast<double>(update);
  if (options_.has_adam()) {
    rate = lr / (1 - std::pow(options_.adam().beta1(), count));
    free_.root = static_cast<T>(1 / std::sqrt(1 - std::pow(options_.adam().beta2(), count)));
  } else if (options_.has_adagrad()) {
    rate = lr / (1 + (count - 1) * options_.adagrad().lr_decay());
  }
  free_.rate = static_cast<T>(rate);
  if (options_.has_nadam()) {
    while (update_ < update) BeginNAdam(lr);
  }
  update_ = update;
  penalised_ = free_;
  WithKind(options_, [&](const auto& kind) {
    penalised_.kept = static_cast<T>(1 - lr * kind.weight_decay());
    penalised_.l1 = static_cast<T>(kind.l1());
    penalised_.l2 = static_cast<T>(kind.l2());
  });
}

// The next update's factors. Momentum rises from about beta1 / 2 to beta1. The product that
// corrects the mean has this update's momentum twice, as in PyTorch 1.13, whose traces we are held
// to; in Dozat's paper it stands there once. After some fifty updates the product is nothing either
// way.
template <typename T>
void Optimizer<T>::BeginNAdam(double lr) {
  const v1::NAdam& nadam = options_.nadam();
  const auto momentum = [&](double update) {
    return nadam.beta1() * (1 - 0.5 * std::pow(0.96, update * nadam.momentum_decay()));
  };
  const double count = static_cast<double>(++update_);
  const double now = momentum(count), next = momentum(count + 1);
  momenta_ *= now;
  free_.own_rate = static_cast<T>(lr * (1 - now) / (1 - momenta_));
  free_.rate = static_cast<T>(lr * next / (1 - momenta_ * now * next));
  free_.root = static_cast<T>(1 / std::sqrt(1 - std::pow(nadam.beta2(), count)));
}

template <typename T>
void Optimizer<T>::Step(size_t begin, size_t end, bool penalised, T* parameters,
                        const T* gradients) {
  const UpdateFactors<T>& f = penalised ? penalised_ : free_;
  Range<T> range = {end - begin, parameters + begin, gradients + begin, {}};
  for (size_t i = 0; i < slots_.size(); ++i) range.slot[i] = slots_[i].data() + begin;
  switch (options_.kind_case()) {
    case v1::Optimizer::kSgd:
      return slots_.empty() ? SgdStep(range, f) : MomentumStep(range, f, options_.sgd());
    case v1::Optimizer::kRmsprop:
      return RmsProp(range, f, options_.rmsprop());
    case v1::Optimizer::kAdagrad:
      return AdagradStep(range, f, options_.adagrad());
    case v1::Optimizer::kNadam:
      return NAdamStep(range, f, options_.nadam());
    default:
      return options_.adam().amsgrad() ? AdamStep<T, true>(range, f, options_.adam())
                                       : AdamStep<T, false>(range, f, options_.adam());
  }
}

double BaseLearningRate(const v1::Optimizer& options) {
  return WithKind(options, [](const auto& kind) { return kind.lr(); });
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace sequent::train
