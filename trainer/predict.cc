#include <cmath>
#include <cstdio>

#include "core/nn/sampling.h"
#include "trainer/commands.h"
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

Status PrintForecasts(const ModelData& loaded) {
  SEQ_ASSIGN_OR_RETURN(const train::Forecasts forecasts,
                       AverageForecasts(loaded.models, loaded.dataset, loaded.part, nullptr));
  const train::SeriesTable& series = loaded.dataset.series;
  const auto& columns = loaded.models[0]->graph().heads[0].columns;
  const bool gaussian = !forecasts.scale.empty();
  std::printf("time,column,forecast,%struth\n", gaussian ? "deviation," : "");
  for (size_t t = loaded.part.begin; t < loaded.part.end; ++t) {
    for (size_t k = 0; k < columns.size(); ++k) {
      const size_t at = (t - loaded.part.begin) * columns.size() + k;
      const float truth = series.values[t * series.columns.size() + columns[k]];
      std::printf("%s,%s,%s,%s%s\n", Cell(series.times[t]).c_str(),
                  Cell(series.columns[columns[k]]).c_str(), Cell(forecasts.mean[at]).c_str(),
                  gaussian ? (Cell(forecasts.scale[at]) + ",").c_str() : "", Cell(truth).c_str());
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

}  // namespace

Status RunPredict(const PredictOptions& options) {
  PartOptions part = options.part;
  if (part.part.empty()) part.part = "all";
  SEQ_ASSIGN_OR_RETURN(const ModelData loaded, LoadModelData({options.model}, options.data, part));
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
