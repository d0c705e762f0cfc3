#include "trainer/tune_journal.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "trainer/json_text.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

using Json = nlohmann::ordered_json;

// What makes it this search; keys that change no try are left out.
Json Header(const TunePlan& plan, const std::string& data_sha256) {
  v1::TrainConfig base = plan.base;
  base.clear_output();
  base.mutable_train()->clear_threads();
  base.mutable_train()->clear_checkpoint();
  Json parameters = Json::array();
  for (size_t i = 0; i < plan.keys.size(); ++i) {
    const search::Parameter& p = plan.space[i];
    if (plan.values[i].empty()) {
      parameters.push_back(
          {{"key", plan.keys[i]}, {"min", p.low}, {"max", p.high}, {"log", p.log}});
    } else {
      parameters.push_back({{"key", plan.keys[i]}, {"values", plan.values[i]}});
    }
  }
  return {{"config", WriteYaml(base)},    {"data", data_sha256},
          {"method", plan.search.method}, {"seed", plan.search.seed},
          {"points", plan.search.points}, {"metric", plan.measure},
          {"maximize", plan.maximize},    {"parameters", parameters}};
}

Json ToJson(const TunePlan& plan, const TuneTry& one, size_t number) {
  Json parameters = Json::object();
  for (size_t i = 0; i < plan.keys.size(); ++i) parameters[plan.keys[i]] = one.texts[i];
  Json json = {{"try", number}, {"parameters", parameters}, {"metric", one.metric}};
  if (!one.failure.empty()) json["failure"] = one.failure;
  json["updates"] = one.updates;
  json["seconds"] = one.seconds;
  json["measures"] = one.measures;
  return json;
}

TuneTry FromJson(const TunePlan& plan, const Json& json) {
  TuneTry one;
  for (const std::string& key : plan.keys) {
    one.texts.push_back(json.at("parameters").at(key).get<std::string>());
  }
  const Json& metric = json.at("metric");
  one.metric = metric.is_number() ? metric.get<double>() : std::numeric_limits<double>::quiet_NaN();
  one.failure = json.value("failure", "");
  one.updates = json.at("updates").get<uint64_t>();
  one.seconds = json.at("seconds").get<double>();
  for (const auto& [name, value] : json.at("measures").items()) {
    if (value.is_number()) one.measures[name] = value.get<double>();
  }
  return one;
}

Status CheckSame(const std::string& path, const Json& then, const Json& now) {
  for (const auto& [key, value] : now.items()) {
    if (then.contains(key) && then[key] == value) continue;
    return absl::FailedPreconditionError(StrCat(
        "cannot take up the search of ", path, ": its ", key,
        key == "data" ? " has changed" : StrCat(" was ", JsonText(then.value(key, Json())))));
  }
  return absl::OkStatus();
}

}  // namespace

Status TuneJournal::Read(const std::string& text, std::string* kept) {
  size_t begin = text.find('\n') + 1;
  for (size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    const Json json = Json::parse(line, nullptr, false);
    try {
      tries_.push_back(FromJson(plan_, json));
    } catch (const nlohmann::json::exception&) {
      break;
    }
    const auto point = PointOf(plan_, tries_.back().texts);
    if (!point.ok()) {
      return absl::DataLossError(
          StrCat(path_, ": try ", tries_.size(), ": ", point.status().message()));
    }
    *kept += line + "\n";
  }
  return absl::OkStatus();
}

StatusOr<std::unique_ptr<TuneJournal>> TuneJournal::Open(const std::string& path,
                                                         const TunePlan& plan,
                                                         const std::string& data_sha256,
                                                         bool resume) {
  std::unique_ptr<TuneJournal> journal(new TuneJournal(path, plan));
  const Json header = Header(plan, data_sha256);
  std::string kept = JsonText(header) + "\n";
  std::error_code none;
  if (resume && std::filesystem::exists(path, none)) {
    SEQ_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    const Json then = Json::parse(text.substr(0, text.find('\n')), nullptr, false);
    if (!then.is_object()) {
      return absl::DataLossError(StrCat(path, ": expected a record of tries, got something else"));
    }
    SEQ_RETURN_IF_ERROR(CheckSame(path, then, header));
    SEQ_RETURN_IF_ERROR(journal->Read(text, &kept));
  }
  SEQ_RETURN_IF_ERROR(WriteFileAtomically(path, kept));
  journal->out_.open(path, std::ios::app);
  if (!journal->out_) return absl::UnavailableError(StrCat(path, ": cannot be opened"));
  return journal;
}

Status TuneJournal::Add(const TuneTry& one) {
  tries_.push_back(one);
  out_ << JsonText(ToJson(plan_, one, tries_.size())) + "\n" << std::flush;
  if (out_) return absl::OkStatus();
  return absl::UnavailableError(StrCat(path_, ": could not be written"));
}

}  // namespace sequent
