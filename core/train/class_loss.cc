#include "core/train/class_loss.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "core/base/error.h"
#include "core/kernels/elementwise.h"

namespace sequent::train {
namespace {

std::vector<double> ListedWeights(const v1::TrainOptions& options, const HeadNode& head) {
  std::vector<double> weights;
  for (const std::string& label : head.labels) {
    const auto found = options.class_weights().find(label);
    weights.push_back(found == options.class_weights().end() ? 1 : found->second);
  }
  return weights;
}

// n / (classes x n of the class): every class counts as much as any other.
std::vector<double> BalancedWeights(const HeadNode& head, const std::vector<int32_t>& targets) {
  std::vector<double> counts(head.outputs, 0);
  double all = 0;
  for (const int32_t target : targets) {
    if (target < 0) continue;
    ++counts[static_cast<size_t>(target)];
    ++all;
  }
  for (double& count : counts) {
    count = count == 0 ? 1 : all / (static_cast<double>(head.outputs) * count);
  }
  return counts;
}

Status CheckLabels(const v1::TrainOptions& options, const Graph& graph) {
  std::set<std::string> known;
  for (const HeadNode& head : graph.heads) {
    if (head.kind == HeadKind::kSoftmax) known.insert(head.labels.begin(), head.labels.end());
  }
  for (const auto& [label, weight] : options.class_weights()) {
    if (known.contains(label)) continue;
    return absl::InvalidArgumentError(StrCat(
        "train.class_weights: expected labels of a softmax head, got '", Quoted(label), "'"));
  }
  return absl::OkStatus();
}

double ScaledSoftmax(size_t n, const float* x, double scale, float* y) {
  return kernels::ScaledSoftmax(n, x, scale, y);
}
double ScaledSoftmax(size_t n, const double* x, double scale, double* y) {
  const double max = *std::max_element(x, x + n);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += y[i] = std::exp(x[i] - max);
  for (size_t i = 0; i < n; ++i) y[i] *= scale / sum;
  return std::log(sum) + max;
}

}  // namespace

StatusOr<std::vector<ClassLoss>> MakeClassLosses(const v1::TrainOptions& options,
                                                 const Graph& graph, const Samples& samples) {
  SEQ_RETURN_IF_ERROR(CheckLabels(options, graph));
  std::vector<ClassLoss> losses(graph.heads.size());
  for (size_t h = 0; h < losses.size(); ++h) {
    const HeadNode& head = graph.heads[h];
    if (head.kind != HeadKind::kSoftmax) continue;
    losses[h].smoothing = options.label_smoothing();
    if (options.class_weights_size() > 0) losses[h].weights = ListedWeights(options, head);
    if (options.balance_classes() && samples.size() > 0) {
      losses[h].weights = BalancedWeights(head, samples.classes[h]);
    }
  }
  return losses;
}

template <typename T>
double SoftmaxLoss(const T* logits, size_t classes, int32_t target, const ClassLoss& loss,
                   double scale, T* delta) {
  scale *= loss.weight(target);
  const double log_sum = ScaledSoftmax(classes, logits, scale, delta);
  delta[target] -= static_cast<T>(scale * (1 - loss.smoothing));
  double expected = (1 - loss.smoothing) * static_cast<double>(logits[target]);
  if (loss.smoothing > 0) {
    const double share = loss.smoothing / static_cast<double>(classes);
    double all = 0;
    for (size_t i = 0; i < classes; ++i) {
      all += static_cast<double>(logits[i]);
      delta[i] -= static_cast<T>(scale * share);
    }
    expected += share * all;
  }
  return (log_sum - expected) * scale;
}

template <typename T>
double BernoulliLoss(T logit, T target, double scale, T* delta) {
  const double x = static_cast<double>(logit), y = static_cast<double>(target);
  *delta = static_cast<T>((1 / (1 + std::exp(-x)) - y) * scale);
  // log(1 + e^x) - x y without overflow.
  return (std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))) - x * y) * scale;
}

template double SoftmaxLoss(const float*, size_t, int32_t, const ClassLoss&, double, float*);
template double SoftmaxLoss(const double*, size_t, int32_t, const ClassLoss&, double, double*);
template double BernoulliLoss(float, float, double, float*);
template double BernoulliLoss(double, double, double, double*);

}  // namespace sequent::train
