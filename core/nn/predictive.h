// What a regression head says about one value to come, in the user's units: the one place that
// turns head outputs into forecasts, intervals and scores.
//
// A *linear* unit is the user's, or its logarithm for a column under a log: there a Gaussian or
// Student-t keeps its shape.
// Thread safety: immutable.
#ifndef SEQUENT_CORE_NN_PREDICTIVE_H_
#define SEQUENT_CORE_NN_PREDICTIVE_H_

#include <span>

#include "core/codec/series_codec.h"
#include "core/model/graph.h"

namespace sequent {

class Predictive {
 public:
  // `location` and `spread` in linear units (point: no spread). `log`: they are logarithms.
  // `degrees` of freedom: Student-t.
  Predictive(HeadKind kind, double location, double spread, bool log, double degrees);
  // Quantiles in the user's units, rising, at rising levels; both outlive this.
  Predictive(std::span<const float> levels, std::span<const float> quantiles);

  // The forecast. Point: the value. Gaussian: the mean, under a log exp(m + s^2/2). Student-t: the
  // location, under a log the mean of 199 quantiles. Quantiles: the median.
  double Point() const;
  // Standard deviation; Student-t under a log and quantiles: of 199 quantiles. 0 for a point.
  double Deviation() const;
  // Of level in (0, 1). Between the levels of a quantile head interpolated, beyond them flat.
  double Quantile(double level) const;
  // Negative log density at `truth`, nats. NaN for points and quantiles, which have none.
  double NegativeLogLikelihood(double truth) const;
  // Continuous ranked probability score: exact for a Gaussian without log, else twice the mean
  // pinball loss of 199 quantiles; the absolute error of a point.
  double Crps(double truth) const;

 private:
  double LinearQuantile(double level) const;
  double FromLinear(double linear) const;
  struct Moments {
    double mean, deviation;
  };
  Moments OfQuantiles() const;

  HeadKind kind_;
  double location_ = 0, spread_ = 0, degrees_ = 0;
  bool log_ = false;
  std::span<const float> levels_, quantiles_;
};

// Value k of `head`: output [head.outputs] in model units; `context` of the step it was made at.
// The spread of a point is 0.
struct LocationAndSpread {
  double location, spread;
};
LocationAndSpread LinearOutput(const SeriesCodec& codec, const HeadNode& head, size_t k,
                               const float* output, const float* context);
// A quantile head's value k in the user's units, in rising order, to quantiles [levels].
void InvertQuantiles(const SeriesCodec& codec, const HeadNode& head, size_t k, const float* output,
                     const float* context, float* quantiles);

// -log of the density of a Student-t with scale 1 at z.
double StudentNll(double z, double degrees);

// The training loss of value k against `target`, in model units. Point: squared error. Gaussian,
// Student-t: negative log likelihood. Quantiles: mean pinball loss over the levels.
double RegressionLoss(const HeadNode& head, const float* output, size_t k, double target);

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_PREDICTIVE_H_
