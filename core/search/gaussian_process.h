// Regression by a Gaussian process: what a function is likely to be where it was not measured.
//
// Prior: a constant mean m and the covariance s^2 k(x, x'), k being Matern's with nu = 5/2,
//   k = (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r),   r^2 = sum_j (x_j - x'_j)^2 / l_j^2,
// and s^2 v of noise on every measurement. m and s^2 have closed forms given the rest (Jones,
// Schonlau, Welch 1998, "Efficient global optimization"); the length scales l and the share of
// noise v maximise the marginal likelihood (Rasmussen and Williams 2006, chapter 5) under broad
// priors, without which a handful of measurements puts them anywhere.
//
// Thread safety: immutable after Fit.
#ifndef SEQUENT_CORE_SEARCH_GAUSSIAN_PROCESS_H_
#define SEQUENT_CORE_SEARCH_GAUSSIAN_PROCESS_H_

#include <cstddef>
#include <memory>
#include <vector>

namespace sequent::search {

struct Measured {
  // Rows of coordinates, about 0 to 1, all of one length; the values measured there.
  std::vector<std::vector<double>> x;
  std::vector<double> y;
  // The length scale that each coordinate takes: 0, 1, ... Coordinates of one choice share one.
  std::vector<size_t> scale_of;
};

// In logarithms: the length scales, then the share of noise v.
using Hyperparameters = std::vector<double>;

// The logarithm of the marginal likelihood with m and s^2 at their best, without constants, plus
// that of the priors; with its gradient, if asked for.
double LogLikelihood(const Measured& data, const Hyperparameters& logs,
                     std::vector<double>* gradient = nullptr);

class GaussianProcess {
 public:
  struct Prediction {
    double mean = 0, deviation = 0;  // of the function, without the noise
  };

  // At least one measurement, all finite.
  static GaussianProcess Fit(const Measured& data);
  static GaussianProcess With(const Measured& data, const Hyperparameters& logs);
  GaussianProcess(GaussianProcess&&) noexcept;
  ~GaussianProcess();

  Prediction At(const std::vector<double>& x) const;
  const Hyperparameters& hyperparameters() const;

 private:
  struct Fitted;
  explicit GaussianProcess(std::unique_ptr<Fitted> fitted);
  std::unique_ptr<Fitted> fitted_;
};

}  // namespace sequent::search

#endif  // SEQUENT_CORE_SEARCH_GAUSSIAN_PROCESS_H_
