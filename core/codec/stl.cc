// Indexes are from 0; positions on the time axis (`at`) are in steps, -1 and n lying just outside.
#include "core/codec/stl.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace sequent {
namespace {

using Values = std::vector<double>;

// The values first .. last, which a smoother looks at.
struct Window {
  size_t first = 0, last = 0;
};

// One value of a loess curve at `at`. `weights` may be empty. None: all weights are 0.
class Loess {
 public:
  Loess(std::span<const double> y, std::span<const double> weights, const LoessOptions& options)
      : y_(y), weights_(weights), options_(options), local_(y.size()) {}

  std::optional<double> At(double at, Window window) {
    const double first = static_cast<double>(window.first), last = static_cast<double>(window.last);
    double reach = std::max(at - first, last - at);
    if (options_.span > y_.size()) {
      reach += static_cast<double>((options_.span - y_.size()) / 2);
    }
    const double sum = WeighNeighbours(at, reach, window);
    if (sum <= 0) return {};
    for (size_t j = window.first; j <= window.last; ++j) local_[j] /= sum;
    if (reach > 0 && options_.degree > 0) Tilt(at, window);
    double value = 0;
    for (size_t j = window.first; j <= window.last; ++j) value += local_[j] * y_[j];
    return value;
  }

 private:
  // Tricube weights by distance.
  double WeighNeighbours(double at, double reach, Window window) {
    double sum = 0;
    for (size_t j = window.first; j <= window.last; ++j) {
      local_[j] = 0;
      const double distance = std::abs(static_cast<double>(j) - at);
      if (distance > 0.999 * reach) continue;
      const double ratio = distance / reach;
      const double part = 1 - ratio * ratio * ratio;
      local_[j] = distance <= 0.001 * reach ? 1 : part * part * part;
      if (!weights_.empty()) local_[j] *= weights_[j];
      sum += local_[j];
    }
    return sum;
  }

  // Makes the weights those of a line through the values.
  void Tilt(double at, Window window) {
    double centre = 0, spread = 0;
    for (size_t j = window.first; j <= window.last; ++j) {
      centre += local_[j] * static_cast<double>(j);
    }
    for (size_t j = window.first; j <= window.last; ++j) {
      const double distance = static_cast<double>(j) - centre;
      spread += local_[j] * distance * distance;
    }
    if (std::sqrt(spread) <= 0.001 * (static_cast<double>(y_.size()) - 1)) return;
    const double slope = (at - centre) / spread;
    for (size_t j = window.first; j <= window.last; ++j) {
      local_[j] *= slope * (static_cast<double>(j) - centre) + 1;
    }
  }

  const std::span<const double> y_, weights_;
  const LoessOptions& options_;
  Values local_;
};

// Where the smoother looks for the value at i: as far to both sides, as long as there is room.
Window WindowAt(size_t i, size_t n, size_t span) {
  if (span >= n) return {0, n - 1};
  const size_t half = (span + 1) / 2 - 1;
  const size_t first = std::min(i < half ? 0 : i - half, n - span);
  return {first, first + span - 1};
}

void Interpolate(size_t from, size_t to, Values* values) {
  const double step = ((*values)[to] - (*values)[from]) / static_cast<double>(to - from);
  for (size_t j = from + 1; j < to; ++j) {
    (*values)[j] = (*values)[from] + step * static_cast<double>(j - from);
  }
}

// The loess curve at every value.
Values Smooth(std::span<const double> y, std::span<const double> weights,
              const LoessOptions& options) {
  const size_t n = y.size();
  Values smooth(y.begin(), y.end());
  if (n < 2) return smooth;
  Loess loess(y, weights, options);
  const size_t jump = std::min(options.jump, n - 1);
  size_t last = 0;
  Window window;
  for (size_t i = 0; i < n; i += jump) {
    window = WindowAt(i, n, options.span);
    smooth[i] = loess.At(static_cast<double>(i), window).value_or(y[i]);
    if (i > 0) Interpolate(i - jump, i, &smooth);
    last = i;
  }
  if (last == n - 1) return smooth;
  // The last value is computed with the window of the one before it.
  smooth[n - 1] = loess.At(static_cast<double>(n - 1), window).value_or(y[n - 1]);
  Interpolate(last, n - 1, &smooth);
  return smooth;
}

Values MovingAverage(const Values& x, size_t length) {
  Values average(x.size() - length + 1);
  double sum = 0;
  for (size_t i = 0; i < length; ++i) sum += x[i];
  average[0] = sum / static_cast<double>(length);
  for (size_t i = 1; i < average.size(); ++i) {
    sum += x[i + length - 1] - x[i - 1];
    average[i] = sum / static_cast<double>(length);
  }
  return average;
}

class Decomposition {
 public:
  Decomposition(std::span<const double> y, const StlOptions& options)
      : y_(y), options_(options), seasonal_(y.size()), trend_(y.size()) {}

  StlResult Run() && {
    for (size_t i = 0; i < options_.inner; ++i) Iterate();
    for (size_t outer = 0; outer < options_.outer; ++outer) {
      Reweigh();
      for (size_t i = 0; i < options_.inner; ++i) Iterate();
    }
    if (weights_.empty()) weights_.assign(y_.size(), 1);
    return {std::move(seasonal_), std::move(trend_), std::move(weights_)};
  }

 private:
  void Iterate() {
    const size_t n = y_.size(), period = options_.period;
    Values rest(n);
    for (size_t i = 0; i < n; ++i) rest[i] = y_[i] - trend_[i];
    const Values cycles = SmoothPhases(rest);
    const Values slow =
        Smooth(MovingAverage(MovingAverage(MovingAverage(cycles, period), period), 3), {},
               options_.low_pass);
    for (size_t i = 0; i < n; ++i) {
      seasonal_[i] = cycles[period + i] - slow[i];
      rest[i] = y_[i] - seasonal_[i];
    }
    trend_ = Smooth(rest, weights_, options_.trend);
  }

  // Each phase's values smoothed, and one more at both ends: [n + 2 period].
  Values SmoothPhases(const Values& rest) const {
    const size_t n = rest.size(), period = options_.period;
    Values cycles(n + 2 * period);
    for (size_t phase = 0; phase < period; ++phase) {
      Values values, weights;
      for (size_t i = phase; i < n; i += period) {
        values.push_back(rest[i]);
        if (!weights_.empty()) weights.push_back(weights_[i]);
      }
      const Values smooth = Smooth(values, weights, options_.seasonal);
      const size_t k = values.size(), span = options_.seasonal.span;
      Loess loess(values, weights, options_.seasonal);
      cycles[phase] = loess.At(-1, {0, std::min(span, k) - 1}).value_or(smooth[0]);
      for (size_t i = 0; i < k; ++i) cycles[phase + (i + 1) * period] = smooth[i];
      const Window end{k > span ? k - span : 0, k - 1};
      cycles[phase + (k + 1) * period] =
          loess.At(static_cast<double>(k), end).value_or(smooth[k - 1]);
    }
    return cycles;
  }

  // Bisquare weights of the remainders, by six times their median.
  void Reweigh() {
    const size_t n = y_.size();
    Values remainders(n);
    for (size_t i = 0; i < n; ++i) remainders[i] = std::abs(y_[i] - seasonal_[i] - trend_[i]);
    Values sorted = remainders;
    std::sort(sorted.begin(), sorted.end());
    const double reach = 3 * (sorted[n / 2] + sorted[n - 1 - n / 2]);
    weights_.resize(n);
    for (size_t i = 0; i < n; ++i) {
      const double ratio = remainders[i] / reach;
      const double part = 1 - ratio * ratio;
      weights_[i] = remainders[i] <= 0.001 * reach   ? 1
                    : remainders[i] <= 0.999 * reach ? part * part
                                                     : 0;
    }
  }

  const std::span<const double> y_;
  const StlOptions& options_;
  Values seasonal_, trend_, weights_;
};

Status CheckLoess(const char* name, const LoessOptions& options) {
  if (options.span < 3 || options.span % 2 == 0) {
    return absl::InvalidArgumentError(
        StrCat(name, " span: expected an odd number from 3, got ", options.span));
  }
  if (options.degree != 0 && options.degree != 1) {
    return absl::InvalidArgumentError(
        StrCat(name, " degree: expected 0 or 1, got ", options.degree));
  }
  if (options.jump > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(name, " jump: expected > 0, got 0"));
}

size_t NextOdd(double from) {
  const auto whole = static_cast<size_t>(std::ceil(from));
  return std::max<size_t>(3, whole + (whole % 2 == 0 ? 1 : 0));
}

}  // namespace

StlOptions UsualStl(size_t period, size_t seasonal, size_t trend, size_t low_pass, bool robust) {
  StlOptions options;
  options.period = period;
  options.seasonal.span = seasonal == 0 ? 7 : seasonal;
  const double cycles = 1 - 1.5 / static_cast<double>(options.seasonal.span);
  options.trend.span = trend == 0 ? NextOdd(1.5 * static_cast<double>(period) / cycles) : trend;
  options.low_pass.span = low_pass == 0 ? NextOdd(static_cast<double>(period) + 1) : low_pass;
  options.inner = robust ? 1 : 2;
  options.outer = robust ? 15 : 0;
  return options;
}

StatusOr<StlResult> DecomposeStl(std::span<const double> y, const StlOptions& options) {
  if (options.period < 2) {
    return absl::InvalidArgumentError(StrCat("period: expected at least 2, got ", options.period));
  }
  if (y.size() < 2 * options.period) {
    return absl::InvalidArgumentError(
        StrCat("expected at least two periods of ", options.period, " values, got ", y.size()));
  }
  SEQ_RETURN_IF_ERROR(CheckLoess("seasonal", options.seasonal));
  SEQ_RETURN_IF_ERROR(CheckLoess("trend", options.trend));
  SEQ_RETURN_IF_ERROR(CheckLoess("low_pass", options.low_pass));
  if (options.inner == 0) return absl::InvalidArgumentError("inner: expected > 0, got 0");
  return Decomposition(y, options).Run();
}

}  // namespace sequent
