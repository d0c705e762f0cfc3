#include "core/train/naive_bayes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sequent::train {
namespace {

// The different tokens of a sequence.
std::vector<int32_t> TokensOf(const Samples& samples, size_t i) {
  std::vector<int32_t> tokens(
      samples.tokens.begin() + static_cast<ptrdiff_t>(samples.begin[i]),
      samples.tokens.begin() + static_cast<ptrdiff_t>(samples.begin[i + 1]));
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  return tokens;
}

struct ClassModel {
  double prior = 0;                // log p(class)
  double none = 0;                 // sum of log p(token not there)
  std::vector<double> there_odds;  // log p(there) - log p(not there)
};

class Classifier {
 public:
  Classifier(const Samples& training, size_t head, size_t classes, size_t tokens) {
    std::vector<double> sequences(classes, 0);
    std::vector<std::vector<double>> with(classes, std::vector<double>(tokens, 0));
    double all = 0;
    for (size_t i = 0; i < training.size(); ++i) {
      const int32_t target = training.classes[head][i];
      if (target < 0) continue;
      ++sequences[static_cast<size_t>(target)];
      ++all;
      for (const int32_t token : TokensOf(training, i)) {
        ++with[static_cast<size_t>(target)][static_cast<size_t>(token)];
      }
    }
    for (size_t c = 0; c < classes; ++c) {
      ClassModel model;
      model.prior = std::log(sequences[c] / all);
      for (const double count : with[c]) {
        const double p = (count + 1) / (sequences[c] + 2);
        model.none += std::log(1 - p);
        model.there_odds.push_back(std::log(p) - std::log(1 - p));
      }
      models_.push_back(std::move(model));
    }
  }

  int32_t Name(const std::vector<int32_t>& tokens) const {
    double best = -std::numeric_limits<double>::infinity();
    int32_t named = 0;
    for (size_t c = 0; c < models_.size(); ++c) {
      double score = models_[c].prior + models_[c].none;
      for (const int32_t token : tokens) score += models_[c].there_odds[static_cast<size_t>(token)];
      if (score <= best) continue;
      best = score;
      named = static_cast<int32_t>(c);
    }
    return named;
  }

 private:
  std::vector<ClassModel> models_;
};

}  // namespace

double NaiveBayesAccuracy(const Samples& training, const Samples& samples, size_t head,
                          size_t classes, size_t tokens) {
  const Classifier classifier(training, head, classes, tokens);
  double right = 0, all = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const int32_t target = samples.classes[head][i];
    if (target < 0) continue;
    right += classifier.Name(TokensOf(samples, i)) == target ? 1 : 0;
    ++all;
  }
  return right / all;
}

}  // namespace sequent::train
