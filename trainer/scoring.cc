#include "trainer/scoring.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "trainer/label_report.h"

namespace sequent {
namespace {

StatusOr<std::vector<double>> AverageTokens(const ModelList& models, const Dataset& dataset,
                                            const train::Part& part, ThreadPool* pool) {
  std::vector<std::vector<double>> each;
  for (const auto& model : models) {
    if (model->text_codec() == nullptr) {
      return absl::InvalidArgumentError("expected models of text");
    }
    const auto tokens = EncodePart(*model->text_codec(), dataset, part);
    SEQ_ASSIGN_OR_RETURN(auto log_probabilities,
                         train::TokenLogProbabilities(*model, tokens, pool));
    each.push_back(std::move(log_probabilities));
  }
  if (each.size() == 1) return std::move(each[0]);
  std::vector<double> mean(each[0].size());
  for (size_t i = 0; i < mean.size(); ++i) {
    double sum = 0;
    for (const auto& one : each) sum += std::exp(one[i]);
    mean[i] = std::log(sum / static_cast<double>(each.size()));
  }
  return mean;
}

Status CheckSameColumns(const ModelList& models, const Dataset& dataset) {
  for (const auto& model : models) {
    if (model->series_codec() == nullptr ||
        model->series_codec()->names() != dataset.series.columns ||
        model->graph().heads[0].columns != models[0]->graph().heads[0].columns) {
      return absl::InvalidArgumentError("expected models of the same columns as the data");
    }
  }
  return absl::OkStatus();
}

// The loss to the last bit, so that one can see that `fit` and `evaluate` agree.
std::string Line(const std::string& name, double value) {
  char text[96];
  const char* format = name == "loss" ? "  %-24s %.17g\n" : "  %-24s %.6g\n";
  std::snprintf(text, sizeof(text), format, name.c_str(), value);
  return text;
}

}  // namespace

StatusOr<train::Forecasts> AverageForecasts(const ModelList& models, const Dataset& dataset,
                                            const train::Part& part, ThreadPool* pool) {
  SEQ_RETURN_IF_ERROR(CheckSameColumns(models, dataset));
  const auto rows = dataset.series.Rows(0, part.end);
  std::vector<train::Forecasts> each;
  for (const auto& model : models) {
    SEQ_ASSIGN_OR_RETURN(auto one, train::ForecastOneStep(*model, rows, part.begin, pool));
    each.push_back(std::move(one));
  }
  if (each.size() == 1) return std::move(each[0]);
  const bool spread =
      std::all_of(each.begin(), each.end(), [](const auto& one) { return !one.scale.empty(); });
  const double n = static_cast<double>(each.size());
  train::Forecasts mean;
  mean.columns = each[0].columns;
  for (size_t i = 0; i < each[0].mean.size(); ++i) {
    double sum = 0, squares = 0;
    for (const auto& one : each) {
      sum += one.mean[i];
      if (spread)
        squares += double{one.mean[i]} * one.mean[i] + double{one.scale[i]} * one.scale[i];
    }
    mean.mean.push_back(static_cast<float>(sum / n));
    // The mixture's standard deviation.
    if (spread)
      mean.scale.push_back(static_cast<float>(std::sqrt(squares / n - sum * sum / n / n)));
  }
  return mean;
}

StatusOr<train::Measures> Score(const ModelList& models, const Dataset& dataset,
                                const train::Part& part, ThreadPool* pool) {
  if (!dataset.sequences.empty()) return ScoreLabels(models, dataset, part, pool);
  if (models[0]->graph().tokens()) {
    SEQ_ASSIGN_OR_RETURN(const auto values, AverageTokens(models, dataset, part, pool));
    return train::TokenMeasures(values);
  }
  const auto rows = dataset.series.Rows(0, part.end);
  SEQ_RETURN_IF_ERROR(CheckSameColumns(models, dataset));
  if (models.size() == 1) return train::MeasureSeries(*models[0], rows, part.begin, pool);
  SEQ_ASSIGN_OR_RETURN(const auto forecasts, AverageForecasts(models, dataset, part, pool));
  return train::SeriesMeasures(*models[0], forecasts, rows, part.begin);
}

double UnigramLoss(const TextCodec& codec, const Dataset& dataset, const train::Part& training,
                   const train::Part& part) {
  std::vector<double> counts(codec.size(), 1);
  double total = static_cast<double>(codec.size());
  for (const int32_t token : EncodePart(codec, dataset, training)) {
    ++counts[static_cast<size_t>(token)];
    ++total;
  }
  const auto tokens = EncodePart(codec, dataset, part);
  double sum = 0;
  // The first symbol is given, not predicted.
  for (size_t i = 1; i < tokens.size(); ++i) {
    sum -= std::log(counts[static_cast<size_t>(tokens[i])] / total);
  }
  return sum / static_cast<double>(tokens.size() - 1);
}

std::string DescribeMeasures(const std::string& part, const train::Measures& measures) {
  std::string text = part + ":\n";
  for (const auto& [name, value] : measures) {
    if (name.find("confusion.") == name.npos) text += Line(name, value);
  }
  text += DescribeLabels(measures);
  const auto value = [&](const char* name) {
    const auto at = measures.find(name);
    return at == measures.end() ? std::nan("") : at->second;
  };
  if (value("loss") >= value("loss_unigram")) {
    text += "  the model does NOT beat the naive baseline (unigram frequencies)\n";
  }
  if (value("rmse") >= value("rmse_persistence")) {
    text += "  the model does NOT beat the naive baseline (persistence)\n";
  }
  return text;
}

}  // namespace sequent
