#include "core/train/folds.h"

#include <algorithm>
#include <numeric>

#include "core/base/random.h"
#include "core/model/config_check.h"

namespace sequent::train {
namespace {

std::vector<size_t> Range(size_t begin, size_t end) {
  std::vector<size_t> range(end - begin);
  std::iota(range.begin(), range.end(), begin);
  return range;
}

Status CheckFolds(size_t folds, size_t most) {
  if (folds >= 2 && folds <= most) return absl::OkStatus();
  return Expected("cv.folds", StrCat("2 to ", most, ", as many as there are items"), StrCat(folds));
}

}  // namespace

StatusOr<std::vector<Fold>> KFold(size_t n, size_t folds, uint64_t seed,
                                  std::span<const int32_t> classes) {
  SEQ_RETURN_IF_ERROR(CheckFolds(folds, n));
  std::vector<size_t> order(n);
  for (size_t i = 0; i < n; ++i) order[Permute(seed, n, i)] = i;
  if (!classes.empty()) {
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return classes[a] < classes[b]; });
  }
  // Dealt out like cards, class after class without starting anew.
  std::vector<size_t> fold_of(n);
  for (size_t i = 0; i < n; ++i) fold_of[order[i]] = i % folds;
  std::vector<Fold> all(folds);
  for (size_t i = 0; i < n; ++i) {
    for (size_t f = 0; f < folds; ++f) {
      (f == fold_of[i] ? all[f].test : all[f].train).push_back(i);
    }
  }
  return all;
}

StatusOr<std::vector<Fold>> RollingOrigin(size_t n, size_t folds, const RollingRows& rows) {
  SEQ_RETURN_IF_ERROR(CheckFolds(folds, std::max<size_t>(2, n / 2)));
  const size_t test = rows.test == 0 ? std::max<size_t>(1, n / 2 / folds) : rows.test;
  const size_t stride = rows.stride == 0 ? test : rows.stride;
  if (test >= n || stride >= n || (folds - 1) * stride + test >= n) {
    return Expected(rows.stride == 0 || test >= n ? "cv.test_rows" : "cv.stride",
                    StrCat("fewer than ", n, " rows in ", folds, " folds together"),
                    StrCat(test, " in each, ", stride, " rows apart"));
  }
  std::vector<Fold> all;
  for (size_t f = 0; f < folds; ++f) {
    const size_t origin = n - test - (folds - 1 - f) * stride;
    const size_t begin = rows.train > 0 && rows.train < origin ? origin - rows.train : 0;
    all.push_back({Range(begin, origin), Range(origin, origin + test)});
  }
  return all;
}

}  // namespace sequent::train
