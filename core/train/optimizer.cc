#include "core/train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sequent::train {

template <typename T>
Optimizer<T>::Optimizer(const v1::Optimizer& options, size_t parameters) : options_(options) {
  const size_t slots = options.has_adam() ? 2 : options.sgd().momentum() > 0 ? 1 : 0;
  slots_.assign(slots, std::vector<T>(parameters, T(0)));
}

template <typename T>
void Optimizer<T>::Step(uint64_t update, double lr, std::vector<T>* parameters,
                        std::vector<T>* gradients) {
  const size_t n = parameters->size();
  T* __restrict p = parameters->data();
  T* __restrict g = gradients->data();
  const T l2 = static_cast<T>(options_.has_adam() ? options_.adam().l2() : options_.sgd().l2());
  if (l2 != 0) {
    for (size_t i = 0; i < n; ++i) g[i] += l2 * p[i];
  }
  if (options_.has_sgd()) {
    const T momentum = static_cast<T>(options_.sgd().momentum());
    if (!slots_.empty()) {
      T* __restrict buffer = slots_[0].data();
      const T own = options_.sgd().nesterov() ? T(1) : T(0);
      const T kept = options_.sgd().nesterov() ? momentum : T(1);
      for (size_t i = 0; i < n; ++i) {
        buffer[i] = momentum * buffer[i] + g[i];
        g[i] = own * g[i] + kept * buffer[i];
      }
    }
    for (size_t i = 0; i < n; ++i) p[i] -= static_cast<T>(lr) * g[i];
    return;
  }
  const v1::Adam& adam = options_.adam();
  const T b1 = static_cast<T>(adam.beta1()), b2 = static_cast<T>(adam.beta2());
  const double correction1 = 1 - std::pow(adam.beta1(), static_cast<double>(update));
  const double correction2 = 1 - std::pow(adam.beta2(), static_cast<double>(update));
  const T step = static_cast<T>(lr / correction1);
  const T root = static_cast<T>(1 / std::sqrt(correction2));
  const T epsilon = static_cast<T>(adam.epsilon());
  const T decay = static_cast<T>(1 - lr * adam.weight_decay());
  T* __restrict m = slots_[0].data();
  T* __restrict v = slots_[1].data();
  for (size_t i = 0; i < n; ++i) {
    m[i] = b1 * m[i] + (1 - b1) * g[i];
    v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
    p[i] = p[i] * decay - step * m[i] / (std::sqrt(v[i]) * root + epsilon);
  }
}

double BaseLearningRate(const v1::Optimizer& options) {
  return options.has_sgd() ? options.sgd().lr() : options.adam().lr();
}

double LearningRate(const v1::Schedule& schedule, double base, uint64_t update, uint64_t updates) {
  const uint64_t warmup = schedule.has_cosine()        ? schedule.cosine().warmup_updates()
                          : schedule.has_exponential() ? schedule.exponential().warmup_updates()
                                                       : schedule.constant().warmup_updates();
  if (update <= warmup) return base * static_cast<double>(update) / static_cast<double>(warmup);
  const double after = static_cast<double>(update - warmup);
  if (schedule.has_cosine()) {
    const double whole = static_cast<double>(updates > warmup ? updates - warmup : 1);
    const double progress = std::min(1.0, after / whole);
    const double factor = schedule.cosine().final_factor();
    return base * (factor + (1 - factor) * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
  }
  if (schedule.has_exponential()) {
    const double every = static_cast<double>(schedule.exponential().every_updates());
    return base * std::pow(schedule.exponential().factor(), after / every);
  }
  return base;
}

template <typename T>
double ClipGradients(const v1::Clip& clip, std::vector<T>* gradients) {
  double sum = 0;
  for (const T g : *gradients) sum += static_cast<double>(g) * static_cast<double>(g);
  const double norm = std::sqrt(sum);
  if (clip.global_norm() > 0) {
    const double scale = clip.global_norm() / (norm + clip.epsilon());
    if (scale < 1) {
      for (T& g : *gradients) g *= static_cast<T>(scale);
    }
  }
  if (clip.value() > 0) {
    const T limit = static_cast<T>(clip.value());
    for (T& g : *gradients) g = std::clamp(g, -limit, limit);
  }
  return norm;
}

template class Optimizer<float>;
template class Optimizer<double>;
template double ClipGradients(const v1::Clip&, std::vector<float>*);
template double ClipGradients(const v1::Clip&, std::vector<double>*);

}  // namespace sequent::train
