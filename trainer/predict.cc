#include <cmath>
#include <cstdio>

#include "core/nn/sampling.h"
#include "core/train/label_measures.h"
#include "trainer/commands.h"
#include "trainer/label_data.h"
#include "trainer/model_data.h"
#include "trainer/text_writer.h"

namespace sequent {
namespace {

// A CSV cell: quoted where it must be, nothing for a missing value.
std::string Cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string Cell(float value) {
  if (std::isnan(value)) return "";
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", static_cast<double>(value));
  return text;
}

// The rows of head `h` for sequence `i`; sequences and steps are counted from 1.
void PrintHead(const ModelData& loaded, const train::Samples& samples, size_t h, size_t i,
               const std::vector<double>& probabilities) {
  const HeadNode& head = loaded.models[0]->graph().heads[h];
  const size_t steps = head.last_step ? 1 : samples.length(i);
  const size_t first = head.last_step ? i : samples.begin[i];
  for (size_t t = 0; t < steps; ++t) {
    const auto row = std::span(probabilities).subspan((first + t) * head.outputs, head.outputs);
    const auto print = [&](size_t k, const std::string& truth) {
      std::printf("%zu,%zu,%s,%s,%.6g,%s\n", loaded.part.begin + i + 1,
                  head.last_step ? samples.length(i) : t + 1, Cell(head.name).c_str(),
                  Cell(train::LabelOf(head, k)).c_str(), row[k], Cell(truth).c_str());
    };
    if (head.kind == HeadKind::kSoftmax) {
      const int32_t truth = samples.classes[h][first + t];
      print(train::MostProbable(row),
            truth < 0 ? "" : train::LabelOf(head, static_cast<size_t>(truth)));
      continue;
    }
    for (size_t k = 0; k < head.outputs; ++k) {
      const float truth = samples.targets[h][(first + t) * head.outputs + k];
      print(k, std::isnan(truth) ? "" : truth == 1 ? "1" : "0");
    }
  }
}

// What stands in the middle of a line: its distribution.
std::string Distribution(const train::Forecasts& forecasts, const Predictive& predictive) {
  if (forecasts.kind == HeadKind::kPoint) return "";
  if (forecasts.levels.empty()) return Cell(static_cast<float>(predictive.Deviation())) + ",";
  std::string cells;
  for (const float level : forecasts.levels) {
    cells += Cell(static_cast<float>(predictive.Quantile(level))) + ",";
  }
  return cells;
}

void PrintHeader(const train::Forecasts& forecasts, bool several) {
  std::string columns;
  if (forecasts.kind != HeadKind::kPoint && forecasts.levels.empty()) columns = "deviation,";
  for (const float level : forecasts.levels) columns += StrCat("quantile_", level, ",");
  std::printf("%stime,column,forecast,%struth\n", several ? "series," : "", columns.c_str());
}

// The times of a series' rows.
std::vector<std::string> TimesOf(const train::SeriesTable& table, const std::string& name) {
  if (table.series.empty()) return table.times;
  std::vector<std::string> times;
  for (size_t r = 0; r < table.rows(); ++r) {
    if (table.series[table.series_of[r]] == name) times.push_back(table.times[r]);
  }
  return times;
}

Status PrintForecasts(const ModelData& loaded) {
  SEQ_ASSIGN_OR_RETURN(
      const SeriesForecasts all,
      AverageForecasts(loaded.models, loaded.dataset, loaded.part, nullptr, loaded.score()));
  const train::SeriesTable& table = loaded.dataset.series;
  const auto& columns = loaded.models[0]->graph().heads[0].columns;
  const bool several = !table.series.empty();
  PrintHeader(all.forecasts[0], several);
  for (size_t s = 0; s < all.parts.size(); ++s) {
    const train::Forecasts& forecasts = all.forecasts[s];
    const std::vector<std::string> times = TimesOf(table, all.parts[s].name);
    const std::string series = several ? Cell(all.parts[s].name) + "," : "";
    for (size_t i = 0; i < forecasts.size(); ++i) {
      for (size_t k = 0; k < columns.size(); ++k) {
        const Predictive predictive = forecasts.At(i, k);
        std::printf("%s%s,%s,%s,%s%s\n", series.c_str(), Cell(times[forecasts.rows[i]]).c_str(),
                    Cell(table.columns[columns[k]]).c_str(),
                    Cell(static_cast<float>(predictive.Point())).c_str(),
                    Distribution(forecasts, predictive).c_str(),
                    Cell(all.parts[s].at(forecasts.rows[i], columns[k])).c_str());
      }
    }
  }
  return absl::OkStatus();
}

Status PrintContinuation(const ModelData& loaded, const PredictOptions& options) {
  const Model& model = *loaded.models[0];
  SamplingOptions sampling;
  sampling.temperature = options.temperature;
  SEQ_RETURN_IF_ERROR(CheckSampling(sampling));
  const auto tokens = EncodePart(*model.text_codec(), loaded.dataset, loaded.part);
  if (tokens.empty()) {
    return absl::DataLossError(
        StrCat("expected a part with tokens, got none in '", loaded.part_name, "'"));
  }
  WriteText(model, tokens, options.steps, sampling, options.seed,
            [](const std::string& text) { std::fputs(text.c_str(), stdout); });
  std::printf("\n");
  return absl::OkStatus();
}

Status PrintLogProbabilities(const ModelData& loaded) {
  const Model& model = *loaded.models[0];
  const auto tokens = EncodePart(*model.text_codec(), loaded.dataset, loaded.part);
  SEQ_ASSIGN_OR_RETURN(const auto values, train::TokenLogProbabilities(model, tokens, nullptr));
  std::printf("position,token,log_probability\n");
  for (size_t i = 0; i < values.size(); ++i) {
    std::printf("%zu,%d,%.17g\n", loaded.part.begin + i + 1, tokens[i + 1], values[i]);
  }
  return absl::OkStatus();
}

// The label of each sequence or token, or the labels there are, with the truth if it is known.
Status PrintLabels(const ModelData& loaded) {
  const Model& model = *loaded.models[0];
  SEQ_ASSIGN_OR_RETURN(const train::Samples samples,
                       BuildSamples(model.config(), loaded.dataset, loaded.part));
  SEQ_ASSIGN_OR_RETURN(const auto probabilities, train::PredictLabels(model, samples, nullptr));
  std::printf("sequence,step,head,label,probability,truth\n");
  for (size_t i = 0; i < samples.size(); ++i) {
    for (size_t h = 0; h < model.graph().heads.size(); ++h) {
      PrintHead(loaded, samples, h, i, probabilities[h]);
    }
  }
  return absl::OkStatus();
}

}  // namespace

Status RunPredict(const PredictOptions& options) {
  PartOptions part = options.part;
  if (part.part.empty()) part.part = "all";
  SEQ_ASSIGN_OR_RETURN(const ModelData loaded, LoadModelData({options.model}, options.data, part,
                                                             {}, /*with_labels=*/false));
  if (!loaded.dataset.sequences.empty()) {
    if (options.steps == 0) return PrintLabels(loaded);
    return absl::InvalidArgumentError("--steps: expected a language model, got labels");
  }
  if (loaded.models[0]->series_codec() != nullptr) {
    if (options.steps == 0) return PrintForecasts(loaded);
    return absl::InvalidArgumentError("--steps: expected a language model, got a forecast");
  }
  if (loaded.models[0]->text_codec() == nullptr) {
    return absl::InvalidArgumentError("expected a model of text or measurements");
  }
  if (options.steps > 0) return PrintContinuation(loaded, options);
  return PrintLogProbabilities(loaded);
}

}  // namespace sequent
