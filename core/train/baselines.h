// What a forecast has to beat: the last value, the value a season ago, and a linear autoregression.
//
// Thread safety: immutable.
#ifndef SEQUENT_CORE_TRAIN_BASELINES_H_
#define SEQUENT_CORE_TRAIN_BASELINES_H_

#include <cstddef>
#include <vector>

#include "core/train/forecasts.h"

namespace sequent::train {

// Of one column of one series. Values are in the user's units; NaN where there is nothing to say.
class Baselines {
 public:
  // `log`: the autoregression is of logarithms. `part` must outlive this.
  Baselines(const SeriesPart& part, size_t column, bool log, size_t period, size_t ar_lags);

  // What each says of row `row`, knowing the rows before `origin`.
  double Persistence(size_t origin) const;                // the last value that is there
  double SeasonalNaive(size_t row, size_t origin) const;  // the same phase of the last known cycle
  // A constant and `ar_lags` lags, least squares over the training rows that have them all; gaps in
  // between are filled by the value before; fed back beyond the first row.
  std::vector<double> Autoregression(size_t origin, size_t horizon) const;

  // Mean |x[t] - x[t - period]| over the training rows: MASE's unit. 0: none.
  double SeasonalChange() const { return seasonal_change_; }
  // Negative log likelihood of row `row`'s value if changes from the last value were normal with
  // the mean and deviation of those in the training rows. NaN without both values.
  double ConstantNormalNll(size_t row) const;

 private:
  void FitAutoregression(size_t lags);
  void FitChanges();

  const SeriesPart& part_;
  const size_t column_, period_;
  const bool log_;
  std::vector<double> filled_;        // linear units; NaN before the first value
  std::vector<double> coefficients_;  // the constant, then lags 1, 2, ...; empty: not to be fitted
  double seasonal_change_ = 0, change_mean_ = 0, change_deviation_ = 0;
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_BASELINES_H_
