#include "trainer/scoring.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_join.h"

#include "core/train/text_data.h"
#include "trainer/label_report.h"
#include "trainer/verdict.h"

namespace sequent {
namespace {

// The measures of a model whose tokens are not the characters themselves, by those.
void AddBitsPerCharacter(const TextCodec& codec, std::string_view text,
                         std::span<const int32_t> tokens, train::Measures* measures) {
  std::string first = codec.Text(TextCodec::kNoToken, tokens[0]);
  // The space before a word that nothing stands before.
  if (first.starts_with(' ') && !text.starts_with(' ')) first.erase(0, 1);
  const size_t given = std::min(train::CountCodePoints(text), train::CountCodePoints(first));
  const double predicted = static_cast<double>(train::CountCodePoints(text) - given);
  if (predicted > 0) {
    (*measures)["bits_per_character"] =
        (*measures)["bits_per_token"] * (*measures)["tokens"] / predicted;
  }
}

StatusOr<train::Measures> ScoreText(const ModelList& models, const Dataset& dataset,
                                    const train::Part& part, ThreadPool* pool) {
  std::vector<std::vector<double>> each;
  std::vector<int32_t> tokens;  // of the first model
  for (const auto& model : models) {
    if (model->text_codec() == nullptr) {
      return absl::InvalidArgumentError("expected models of text");
    }
    auto own = EncodePart(*model->text_codec(), dataset, part);
    SEQ_ASSIGN_OR_RETURN(auto log_probabilities, train::TokenLogProbabilities(*model, own, pool));
    if (each.empty()) tokens = own;
    if (own != tokens) {
      return absl::InvalidArgumentError("expected models that make the same tokens of the text");
    }
    each.push_back(std::move(log_probabilities));
  }
  std::vector<double> mean = each[0];
  for (size_t i = 0; each.size() > 1 && i < mean.size(); ++i) {
    double sum = 0;
    for (const auto& one : each) sum += std::exp(one[i]);
    mean[i] = std::log(sum / static_cast<double>(each.size()));
  }
  train::Measures measures = train::TokenMeasures(mean);
  if (models[0]->config().inputs(0).tokens().codec() != "characters") {
    AddBitsPerCharacter(*models[0]->text_codec(), TextOf(dataset, part), tokens, &measures);
  }
  return measures;
}

Status CheckSameColumns(const ModelList& models, const Dataset& dataset) {
  for (const auto& model : models) {
    if (model->series_codec() == nullptr ||
        model->series_codec()->names() != dataset.series.columns ||
        model->graph().heads[0].columns != models[0]->graph().heads[0].columns) {
      return absl::InvalidArgumentError("expected models of the same columns as the data");
    }
    if (const size_t first = models[0]->graph().heads[0].horizon;
        model->graph().heads[0].horizon != first) {
      return absl::InvalidArgumentError(
          StrCat("expected models that say as many steps at once, got ", first, " and ",
                 model->graph().heads[0].horizon));
    }
    if (model->series_codec()->labels() != models[0]->series_codec()->labels()) {
      return absl::InvalidArgumentError(
          StrCat("expected models of the same series, got '",
                 absl::StrJoin(models[0]->series_codec()->labels(), ", "), "' and '",
                 absl::StrJoin(model->series_codec()->labels(), ", "), "'"));
    }
  }
  return absl::OkStatus();
}

StatusOr<std::vector<train::SeriesPart>> CutParts(const Dataset& dataset, const train::Part& part,
                                                  const ScoreOptions& options) {
  const train::Part before{0, part.begin};
  auto parts = train::CutSeries(dataset.series, part, options.training.value_or(before));
  // A series' first row has none before it to be forecast from.
  for (train::SeriesPart& series : parts) series.context = std::max<size_t>(1, series.context);
  std::erase_if(parts,
                [](const train::SeriesPart& series) { return series.rows() <= series.context; });
  if (parts.empty()) {
    return absl::DataLossError("expected a series with a row to score and one before it, got none");
  }
  return parts;
}

// What can be claimed against persistence.
std::string Verdict(double low, double high) {
  char text[160];
  const char* claim = low > 0    ? "better than persistence"
                      : high < 0 ? "worse than persistence"
                                 : "no skill against persistence is claimed";
  std::snprintf(text, sizeof(text), "  skill between %.4f and %.4f (95 %%, block bootstrap): %s\n",
                low, high, claim);
  return text;
}

// The loss to the last bit, so that one can see that `fit` and `evaluate` agree.
std::string Line(const std::string& name, double value) {
  char text[96];
  const char* format = name == "loss" ? "  %-24s %.17g\n" : "  %-24s %.6g\n";
  std::snprintf(text, sizeof(text), format, name.c_str(), value);
  return text;
}

}  // namespace

StatusOr<SeriesForecasts> AverageForecasts(const ModelList& models, const Dataset& dataset,
                                           const train::Part& part, ThreadPool* pool,
                                           const ScoreOptions& options) {
  SEQ_RETURN_IF_ERROR(CheckSameColumns(models, dataset));
  SeriesForecasts all;
  SEQ_ASSIGN_OR_RETURN(all.parts, CutParts(dataset, part, options));
  for (const train::SeriesPart& series : all.parts) {
    std::vector<train::Forecasts> each;
    for (const auto& model : models) {
      SEQ_ASSIGN_OR_RETURN(auto run,
                           train::RunSeries(*model, series, options.forecast.scheme, pool));
      each.push_back(std::move(run.forecasts));
    }
    all.forecasts.push_back(train::Average(each));
  }
  return all;
}

StatusOr<train::Measures> Score(const ModelList& models, const Dataset& dataset,
                                const train::Part& part, ThreadPool* pool,
                                const ScoreOptions& options) {
  if (!dataset.sequences.empty()) return ScoreLabels(models, dataset, part, pool);
  if (models[0]->graph().tokens()) return ScoreText(models, dataset, part, pool);
  SEQ_RETURN_IF_ERROR(CheckSameColumns(models, dataset));
  if (models.size() == 1) {
    SEQ_ASSIGN_OR_RETURN(const auto parts, CutParts(dataset, part, options));
    return train::MeasureSeries(*models[0], parts, options.forecast, pool);
  }
  SEQ_ASSIGN_OR_RETURN(const SeriesForecasts all,
                       AverageForecasts(models, dataset, part, pool, options));
  return train::SeriesMeasures(*models[0], all.parts, all.forecasts, options.forecast);
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
  for (const std::string& line : JudgeMeasures(measures).lines) text += StrCat("  ", line, "\n");
  const auto low = measures.find("skill_low"), high = measures.find("skill_high");
  if (low != measures.end() && high != measures.end()) text += Verdict(low->second, high->second);
  return text;
}

}  // namespace sequent
