#include "trainer/model_data.h"

#include <algorithm>

#include "core/model/config_check.h"
#include "trainer/forecast_scheme.h"

namespace sequent {
namespace {

StatusOr<std::shared_ptr<const Model>> LoadModel(const std::string& path,
                                                 const ModelOptions& options) {
  auto model = Model::Load(path, options);
  if (model.ok()) return model;
  const std::string message(ToStd(model.status().message()));
  const bool named = message.find(path) != message.npos;
  return absl::DataLossError(named ? message : StrCat(path, ": ", message));
}

// The columns that the model takes, in its order.
v1::DataConfig DataFor(const ModelData& loaded, const std::vector<std::string>& paths) {
  v1::DataConfig data;
  if (loaded.record) {
    data = loaded.record->data;
  } else if (const SeriesCodec* codec = loaded.models[0]->series_codec()) {
    data.mutable_targets()->Assign(codec->names().begin(), codec->names().end());
    if (!codec->labels().empty()) {
      data.mutable_targets()->RemoveLast();
      data.set_series(codec->names().back());
    }
  }
  data.mutable_path()->Assign(paths.begin(), paths.end());
  return data;
}

// What is given of another evaluation belongs to one, and to series.
Status CheckEvaluation(const v1::ForecastConfig& given, const Model& model) {
  const char* option = given.horizon() > 0   ? "--horizon"
                       : given.context() > 0 ? "--context"
                       : given.stride() > 0  ? "--stride"
                                             : nullptr;
  if (given.evaluation().empty()) {
    if (option == nullptr) return absl::OkStatus();
    return absl::InvalidArgumentError(
        StrCat(option, ": expected --evaluation beside it, got none"));
  }
  if (model.series_codec() != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError("--evaluation: expected a model of series, got another");
}

// The record's, or what is given with its baselines.
StatusOr<v1::ForecastConfig> EvaluationOf(const ModelData& loaded, v1::ForecastConfig given) {
  v1::ForecastConfig recorded;
  if (loaded.record) recorded = loaded.record->forecast;
  SEQ_RETURN_IF_ERROR(CheckForecast(recorded));
  if (given.evaluation().empty()) return recorded;
  SEQ_RETURN_IF_ERROR(CheckForecast(given));
  given.set_period(recorded.period());
  given.set_ar_lags(recorded.ar_lags());
  // What the head says at once is all there is.
  const size_t horizon = loaded.models[0]->graph().heads[0].horizon;
  if (horizon > 1 && given.horizon() == 0) given.set_horizon(static_cast<uint32_t>(horizon));
  return given;
}

train::Part WholeFile(const ModelData& loaded) {
  // A series' first row has none before it to be forecast from.
  return {loaded.models[0]->series_codec() != nullptr ? size_t{1} : size_t{0}, loaded.dataset.size};
}

Status ChoosePart(const PartOptions& options, ModelData* loaded) {
  static constexpr std::string_view kParts[] = {"validation", "test", "train", "all"};
  const size_t size = loaded->dataset.size;
  if (options.last > 0) {
    if (options.last > size) {
      return Expected("--last", StrCat("at most ", size, " rows"), StrCat(options.last));
    }
    loaded->part_name = StrCat("last ", options.last);
    loaded->part = {size - options.last, size};
    return absl::OkStatus();
  }
  const bool validated = loaded->same_data && loaded->record->parts.validation.size() > 0;
  const std::string name = !options.part.empty() ? options.part : validated ? "validation" : "all";
  SEQ_ASSIGN_OR_RETURN(const size_t part, CheckChoice("--part", name, kParts));
  loaded->part_name = name;
  loaded->part = WholeFile(*loaded);
  if (part == 3) return absl::OkStatus();
  if (!loaded->record) {
    return Expected("--part", "all, since the model records no parts", StrCat("'", name, "'"));
  }
  const train::Parts& parts = loaded->record->parts;
  loaded->part = part == 0 ? parts.validation : part == 1 ? parts.test : parts.train;
  if (part == 2) loaded->part.begin = WholeFile(*loaded).begin;
  return absl::OkStatus();
}

// A record may say anything of its data; baselines learn from the training part it names.
Status CheckRecordedParts(const ModelData& loaded) {
  if (!loaded.same_data) return absl::OkStatus();
  const train::Parts& parts = loaded.record->parts;
  const size_t end = std::max({parts.train.end, parts.validation.end, parts.test.end});
  if (end <= loaded.dataset.size) return absl::OkStatus();
  return absl::DataLossError(StrCat("expected the parts that the model records to lie within the ",
                                    loaded.dataset.size, " rows of its data, got one up to ", end));
}

Status CheckPart(const ModelData& loaded) {
  if (loaded.part.size() == 0) {
    return absl::InvalidArgumentError(
        StrCat("--part: the model was fitted without a ", loaded.part_name, " part"));
  }
  if (loaded.part.end > loaded.dataset.size) {
    return absl::DataLossError(StrCat("expected ", loaded.part.end, " rows for the ",
                                      loaded.part_name, " part, got ", loaded.dataset.size));
  }
  return absl::OkStatus();
}

}  // namespace

ScoreOptions ModelData::score() const {
  ScoreOptions options{MeasureOptionsOf(forecast, /*interval=*/true)};
  if (same_data) options.training = record->parts.train;
  return options;
}

StatusOr<ModelList> LoadModels(const std::vector<std::string>& paths, const ModelOptions& options) {
  ModelList models;
  for (const std::string& path : paths) {
    SEQ_ASSIGN_OR_RETURN(auto model, LoadModel(path, options));
    models.push_back(std::move(model));
  }
  return models;
}

StatusOr<ModelData> LoadModelData(const std::vector<std::string>& models,
                                  const std::vector<std::string>& data, const PartOptions& part,
                                  const ModelOptions& options, bool with_labels) {
  ModelData loaded;
  SEQ_ASSIGN_OR_RETURN(loaded.models, LoadModels(models, options));
  SEQ_RETURN_IF_ERROR(CheckEvaluation(part.forecast, *loaded.models[0]));
  if (auto record = RecordFromJson(loaded.models[0]->training()); record.ok()) {
    loaded.record = *std::move(record);
  }
  LoadOptions load = {.with_labels = with_labels};
  if (loaded.record) load.seed = loaded.record->seed;
  if (const SeriesCodec* codec = loaded.models[0]->series_codec()) load.series = codec->labels();
  SEQ_ASSIGN_OR_RETURN(loaded.dataset,
                       LoadDataset(loaded.models[0]->config().task(), DataFor(loaded, data), load));
  SEQ_ASSIGN_OR_RETURN(loaded.forecast, EvaluationOf(loaded, part.forecast));
  loaded.same_data = loaded.record && loaded.record->data_sha256 == loaded.dataset.sha256;
  SEQ_RETURN_IF_ERROR(CheckRecordedParts(loaded));
  SEQ_RETURN_IF_ERROR(ChoosePart(part, &loaded));
  SEQ_RETURN_IF_ERROR(CheckPart(loaded));
  return loaded;
}

}  // namespace sequent
