#include "core/train/prune.h"

#include <algorithm>
#include <cmath>

#include "core/model/config_check.h"
#include "core/train/gradients.h"

namespace sequent::train {
namespace {

constexpr char kPath[] = "train.prune";

Status CheckShare(const char* rule, double fraction) {
  if (fraction > 0 && fraction <= 1) return absl::OkStatus();
  return Expected(StrCat(kPath, ".", rule, ".fraction"), "0 < x <= 1", StrCat(fraction));
}

// Zeroes all but the `keep` largest of the tensors' values.
template <typename T>
void KeepLargest(std::span<const std::span<T>> tensors, size_t keep) {
  std::vector<T> magnitudes;
  for (const auto& values : tensors) {
    for (const T value : values) magnitudes.push_back(std::abs(value));
  }
  if (keep >= magnitudes.size()) return;
  // The smallest that goes, counted from the largest: `keep` of them are before it.
  const auto last = magnitudes.begin() + static_cast<ptrdiff_t>(keep);
  std::nth_element(magnitudes.begin(), last, magnitudes.end(), std::greater<T>());
  const T limit = *last;
  size_t equals = static_cast<size_t>(std::count(magnitudes.begin(), last, limit));
  for (const auto& values : tensors) {
    for (T& value : values) {
      const T magnitude = std::abs(value);
      if (magnitude > limit) continue;
      if (magnitude == limit && equals > 0) {
        --equals;
      } else {
        value = 0;
      }
    }
  }
}

template <typename T>
void ZeroBelow(std::span<T> values, double fraction) {
  T largest = 0;
  for (const T value : values) largest = std::max(largest, std::abs(value));
  const T limit = static_cast<T>(fraction) * largest;
  for (T& value : values) {
    if (std::abs(value) < limit) value = 0;
  }
}

}  // namespace

bool IsPruned(const TensorSpec& spec) {
  const bool weight =
      spec.role == TensorRole::kInputWeight || spec.role == TensorRole::kRecurrentWeight;
  return weight && spec.shape.size() == 2 && spec.shape[0] > 1;
}

Status ResolvePrune(v1::Prune* prune) {
  static constexpr std::string_view kAmong[] = {"tensor", "all"};
  if (prune->has_keep_largest()) {
    auto* rule = prune->mutable_keep_largest();
    SEQ_RETURN_IF_ERROR(CheckShare("keep_largest", rule->fraction()));
    SEQ_ASSIGN_OR_RETURN(const size_t among,
                         CheckChoice(StrCat(kPath, ".keep_largest.among"), rule->among(), kAmong));
    rule->set_among(std::string(kAmong[among]));
  } else if (prune->has_zero_below()) {
    SEQ_RETURN_IF_ERROR(CheckShare("zero_below", prune->zero_below().fraction()));
  } else {
    return Expected(kPath, "keep_largest or zero_below", "neither");
  }
  if (prune->every_updates() == 0) prune->set_every_updates(10);
  if (prune->end_update() > 0 && prune->end_update() < prune->begin_update()) {
    return Expected(StrCat(kPath, ".end_update"),
                    StrCat("at least begin_update, which is ", prune->begin_update()),
                    StrCat(prune->end_update()));
  }
  return absl::OkStatus();
}

template <typename T>
void ApplyRule(const v1::Prune& prune, double progress, std::span<const std::span<T>> tensors) {
  const double left = 1 - std::clamp(progress, 0.0, 1.0);
  const double share = 1 - left * left * left;
  if (prune.has_zero_below()) {
    for (const auto& values : tensors) ZeroBelow(values, share * prune.zero_below().fraction());
    return;
  }
  const double fraction = 1 - share * (1 - prune.keep_largest().fraction());
  const auto keep = [&](std::span<const std::span<T>> among) {
    size_t size = 0;
    for (const auto& values : among) size += values.size();
    KeepLargest(among, static_cast<size_t>(std::lround(fraction * static_cast<double>(size))));
  };
  if (prune.keep_largest().among() == "all") return keep(tensors);
  for (size_t i = 0; i < tensors.size(); ++i) keep(tensors.subspan(i, 1));
}

template <typename T>
Pruner<T>::Pruner(const v1::TrainOptions& options, uint64_t updates,
                  const std::vector<TensorSpec>& table, const std::vector<size_t>& offsets)
    : prune_(options.prune()), updates_(updates) {
  if (!prune_.has_keep_largest() && !prune_.has_zero_below()) return;
  end_ = prune_.end_update() > 0
             ? prune_.end_update()
             : std::max({uint64_t{1}, uint64_t{prune_.begin_update()}, updates / 2});
  for (size_t i = 0; i < table.size(); ++i) {
    if (!IsPruned(table[i]) || IsFrozen(table[i], options)) continue;
    ranges_.push_back({offsets[i], table[i].shape[0] * table[i].shape[1]});
  }
}

template <typename T>
Status Pruner<T>::CheckLength() const {
  if (end_ <= updates_) return absl::OkStatus();
  return Expected(StrCat(kPath, ".end_update"), StrCat("at most the run's ", updates_, " updates"),
                  StrCat(end_));
}

template <typename T>
void Pruner<T>::Begin(uint64_t update, const std::vector<T>& parameters) {
  if (!ranges_.empty() && update >= prune_.begin_update()) Remember(parameters);
}

template <typename T>
void Pruner<T>::Remember(const std::vector<T>& parameters) {
  size_t size = 0;
  for (const Range& range : ranges_) size += range.size;
  kept_.resize(size);
  T* __restrict kept = kept_.data();
  for (const Range& range : ranges_) {
    const T* __restrict p = parameters.data() + range.begin;
    for (size_t i = 0; i < range.size; ++i) kept[i] = p[i] != T(0) ? T(1) : T(0);
    kept += range.size;
  }
}

template <typename T>
void Pruner<T>::MaskGradients(std::vector<T>* gradients) const {
  if (kept_.empty()) return;
  const T* __restrict kept = kept_.data();
  for (const Range& range : ranges_) {
    T* __restrict g = gradients->data() + range.begin;
    for (size_t i = 0; i < range.size; ++i) g[i] = kept[i] != T(0) ? g[i] : T(0);
    kept += range.size;
  }
}

template <typename T>
void Pruner<T>::Prune(uint64_t update, std::vector<T>* parameters) {
  const uint64_t begin = prune_.begin_update();
  if (ranges_.empty() || update < begin) return;
  if (!kept_.empty()) {
    const T* __restrict kept = kept_.data();
    for (const Range& range : ranges_) {
      T* __restrict p = parameters->data() + range.begin;
      for (size_t i = 0; i < range.size; ++i) p[i] = kept[i] != T(0) ? p[i] : T(0);
      kept += range.size;
    }
  }
  const bool due = (update - begin) % prune_.every_updates() == 0 || update == end_;
  if (due && update <= end_) {
    std::vector<std::span<T>> tensors;
    for (const Range& range : ranges_) {
      tensors.push_back(std::span(*parameters).subspan(range.begin, range.size));
    }
    const double whole = static_cast<double>(end_ - begin);
    const double progress = whole > 0 ? static_cast<double>(update - begin) / whole : 1;
    ApplyRule<T>(prune_, progress, tensors);
  }
  Remember(*parameters);
}

template void ApplyRule(const v1::Prune&, double, std::span<const std::span<float>>);
template void ApplyRule(const v1::Prune&, double, std::span<const std::span<double>>);
template class Pruner<float>;
template class Pruner<double>;

}  // namespace sequent::train
