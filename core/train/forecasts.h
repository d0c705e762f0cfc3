// Forecasts of series with core/nn, the code that serves them.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_FORECASTS_H_
#define SEQUENT_CORE_TRAIN_FORECASTS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/nn/model.h"
#include "core/nn/predictive.h"

namespace sequent::train {

// A series with the rows to forecast at its end.
struct SeriesPart {
  std::string name;  // empty: there is one series only
  size_t columns = 0;
  std::vector<float> values;     // [n, columns], raw, NaN = missing
  std::vector<int64_t> unix_ms;  // [n], or empty
  size_t context = 0;            // rows before those to forecast, >= 1
  size_t training = 0;           // of them, the first ones, those that the model was fitted on

  size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
  float at(size_t row, size_t column) const { return values[row * columns + column]; }
};

// How far ahead.
struct Scheme {
  enum class Kind { kOneStep, kFixedOrigin, kRollingOrigin };
  Kind kind = Kind::kOneStep;
  size_t horizon = 0;  // fixed: 0 = to the end; rolling: >= 1
  size_t context = 0;  // rows before an origin that the state is built from; 0 = all
  size_t stride = 1;   // rolling
};

// What the first head said of rows of one series. Forecast i is of row rows[i], made knowing the
// rows before origins[i]; those of one origin stand together, its own row first.
struct Forecasts {
  HeadKind kind = HeadKind::kPoint;
  size_t columns = 0;
  // Whether each is what the head says of rows after its origin, never of its own forecasts.
  bool direct = true;
  double degrees_of_freedom = 0;
  std::vector<float> levels;
  std::vector<bool> log;  // per column
  std::vector<size_t> rows, origins;
  std::vector<double> location, spread;  // [forecasts, columns], linear units; not of quantiles
  std::vector<float> quantiles;          // [forecasts, columns, levels], the user's units

  size_t size() const { return rows.size(); }
  // Views this.
  Predictive At(size_t forecast, size_t column) const;
};

// The training loss in model units, of one head.
struct HeadLoss {
  double sum = 0;
  size_t count = 0;
};

struct SeriesRun {
  Forecasts forecasts;
  std::vector<HeadLoss> losses;  // per head; one_step only
};

// INVALID_ARGUMENT: not a model of measurements with regression heads; a part without a row before
// it or none in it; rows the codec refuses, or without times where it needs them; a model without
// feedback, where its forecasts have to be fed back; a horizon longer than what its first head says
// at once. A first head of a horizon says all steps from an origin itself, as many as it has if the
// scheme's horizon is 0. Else steps ahead of the first are made of the forecasts before them (their
// points); columns that the feedback does not fill are taken as known.
StatusOr<SeriesRun> RunSeries(const Model& model, const SeriesPart& part, const Scheme& scheme,
                              ThreadPool* pool);

// Forecasts of the same rows averaged over models: means of locations (of points, if the models'
// heads differ or are points), of quantiles; the spread is that of the mixture.
Forecasts Average(std::span<const Forecasts> each);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_FORECASTS_H_
