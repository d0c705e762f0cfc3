#include "trainer/training_record.h"

#include <vector>

#include <nlohmann/json.hpp>

#include "trainer/json_text.h"

namespace sequent {
namespace {

using Json = nlohmann::ordered_json;
using Names = std::vector<std::string>;

Json PartToJson(const train::Part& part) { return {part.begin, part.end}; }

StatusOr<train::Part> PartFromJson(const Json& data, const char* name) {
  const Json& json = data.at(name);
  const train::Part part{json.at(0).get<size_t>(), json.at(1).get<size_t>()};
  if (part.begin <= part.end) return part;
  return absl::InvalidArgumentError(StrCat("not a training record of sequent-train: data.", name,
                                           ": expected begin <= end, got ", part.begin, ", ",
                                           part.end));
}

template <typename Repeated>
Names ToNames(const Repeated& names) {
  return {names.begin(), names.end()};
}

Json DataToJson(const TrainingRecord& record) {
  return {{"path", ToNames(record.data.path())},
          {"sha256", record.data_sha256},
          {"time", record.data.time()},
          {"targets", ToNames(record.data.targets())},
          {"covariates", ToNames(record.data.covariates())},
          {"missing", record.data.missing()},
          {"unit", record.data.unit()},
          {"format", record.data.format()},
          {"text", record.data.text()},
          {"labels", ToNames(record.data.labels())},
          {"sequence_ends", ToNames(record.data.sequence_ends())},
          {"ignore_label", record.data.ignore_label()},
          {"shuffle_split", record.data.shuffle_split()},
          {"series", record.data.series()},
          {"train", PartToJson(record.parts.train)},
          {"validation", PartToJson(record.parts.validation)},
          {"test", PartToJson(record.parts.test)}};
}

Status DataFromJson(const Json& json, TrainingRecord* record) {
  for (const auto& name : json.at("path").get<Names>()) record->data.add_path(name);
  for (const auto& name : json.at("targets").get<Names>()) record->data.add_targets(name);
  for (const auto& name : json.at("covariates").get<Names>()) record->data.add_covariates(name);
  record->data.set_time(json.at("time").get<std::string>());
  record->data.set_missing(json.at("missing").get<std::string>());
  // Since this version.
  v1::DataConfig& data = record->data;
  data.set_unit(json.value("unit", ""));
  data.set_format(json.value("format", ""));
  data.set_text(json.value("text", ""));
  for (const auto& name : json.value("labels", Names())) data.add_labels(name);
  for (const auto& line : json.value("sequence_ends", Names())) data.add_sequence_ends(line);
  data.set_ignore_label(json.value("ignore_label", ""));
  data.set_shuffle_split(json.value("shuffle_split", false));
  data.set_series(json.value("series", ""));
  record->data_sha256 = json.at("sha256").get<std::string>();
  SEQ_ASSIGN_OR_RETURN(record->parts.train, PartFromJson(json, "train"));
  SEQ_ASSIGN_OR_RETURN(record->parts.validation, PartFromJson(json, "validation"));
  SEQ_ASSIGN_OR_RETURN(record->parts.test, PartFromJson(json, "test"));
  return absl::OkStatus();
}

Json ForecastToJson(const v1::ForecastConfig& forecast) {
  return {{"evaluation", forecast.evaluation()}, {"horizon", forecast.horizon()},
          {"context", forecast.context()},       {"stride", forecast.stride()},
          {"period", forecast.period()},         {"ar_lags", forecast.ar_lags()},
          {"output", forecast.output()}};
}

// Older records have none.
v1::ForecastConfig ForecastFromJson(const Json& json) {
  v1::ForecastConfig forecast;
  const Json own = json.value("forecast", Json::object());
  forecast.set_evaluation(own.value("evaluation", ""));
  forecast.set_horizon(own.value("horizon", 0u));
  forecast.set_context(own.value("context", 0u));
  forecast.set_stride(own.value("stride", 0u));
  forecast.set_period(own.value("period", 0u));
  forecast.set_ar_lags(own.value("ar_lags", 0u));
  forecast.set_output(own.value("output", ""));
  return forecast;
}

train::Measures MeasuresFromJson(const Json& json) {
  train::Measures measures;
  for (const auto& [name, value] : json.items()) {
    if (value.is_number()) measures[name] = value.get<double>();
  }
  return measures;
}

}  // namespace

std::string RecordToJson(const TrainingRecord& record) {
  const Json json = {{"tool", "sequent-train " SEQUENT_VERSION},
                     {"seed", record.seed},
                     {"data", DataToJson(record)},
                     {"forecast", ForecastToJson(record.forecast)},
                     {"updates", record.updates},
                     {"best_update", record.best_update},
                     {"validation", record.validation},
                     {"test", record.test}};
  return JsonText(json);
}

StatusOr<TrainingRecord> RecordFromJson(std::string_view text) {
  TrainingRecord record;
  try {
    const Json json = Json::parse(text);
    record.seed = json.at("seed").get<uint64_t>();
    SEQ_RETURN_IF_ERROR(DataFromJson(json.at("data"), &record));
    record.forecast = ForecastFromJson(json);
    record.updates = json.at("updates").get<uint64_t>();
    record.best_update = json.at("best_update").get<uint64_t>();
    record.validation = MeasuresFromJson(json.at("validation"));
    record.test = MeasuresFromJson(json.at("test"));
  } catch (const nlohmann::json::exception& e) {
    return absl::InvalidArgumentError(StrCat("not a training record of sequent-train: ", e.what()));
  }
  return record;
}

}  // namespace sequent
