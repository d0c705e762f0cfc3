#include "trainer/report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "trainer/scoring.h"
#include "trainer/text_writer.h"
#include "trainer/verdict.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

constexpr size_t kForecastRows = 200;  // the last ones of the part
constexpr size_t kForecastCharts = 6;
constexpr uint64_t kSampleSymbols = 600;
constexpr size_t kSampleContext = 200;

double Read(const nlohmann::json& json, const char* key) {
  const auto at = json.find(key);
  const bool number = at != json.end() && at->is_number();
  return number ? at->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

// Means of as many points as make a hundredth of the line.
ChartLine Smoothed(const ChartLine& line) {
  const size_t width = std::max<size_t>(1, line.y.size() / 100);
  ChartLine smooth{"training, smoothed", {}, {}};
  for (size_t begin = 0; begin + width <= line.y.size(); begin += width) {
    double sum = 0;
    for (size_t i = begin; i < begin + width; ++i) sum += line.y[i];
    smooth.x.push_back(line.x[begin + width - 1]);
    smooth.y.push_back(sum / static_cast<double>(width));
  }
  return smooth;
}

// The part that figures are quoted of.
const train::Part& ShownPart(const Job& job) {
  return job.parts.test.size() > 0 ? job.parts.test : job.parts.validation;
}

StatusOr<std::shared_ptr<const Model>> BestModel(const Job& job, const train::FitResult& result) {
  ModelContents contents;
  contents.config = job.model;
  contents.tensors = result.best;
  return Model::Create(std::move(contents));
}

// One column of one series: the last forecasts of the part beside the truth.
Chart ForecastChart(const train::SeriesPart& part, const train::Forecasts& forecasts, size_t k,
                    size_t column, std::string title) {
  Chart chart{.title = std::move(title), .x_name = "row"};
  ChartLine truth{"truth", {}, {}}, forecast{"forecast", {}, {}};
  ChartBand band{"95 %", {}, {}, {}};
  for (size_t i = forecasts.size() - std::min(forecasts.size(), kForecastRows);
       i < forecasts.size(); ++i) {
    const Predictive predictive = forecasts.At(i, k);
    truth.x.push_back(static_cast<double>(forecasts.rows[i]));
    truth.y.push_back(part.at(forecasts.rows[i], column));
    forecast.y.push_back(predictive.Point());
    if (forecasts.kind == HeadKind::kPoint) continue;
    band.low.push_back(predictive.Quantile(0.025));
    band.high.push_back(predictive.Quantile(0.975));
  }
  forecast.x = band.x = truth.x;
  chart.lines = {std::move(truth), std::move(forecast)};
  if (!band.low.empty()) chart.bands = {std::move(band)};
  return chart;
}

Status AddForecasts(const Job& job, const std::shared_ptr<const Model>& model, Report* report) {
  const train::Part& part = ShownPart(job);
  if (part.size() == 0) return absl::OkStatus();
  SEQ_ASSIGN_OR_RETURN(const SeriesForecasts all,
                       AverageForecasts({model}, job.dataset, part, job.pool.get()));
  const auto& columns = model->graph().heads[0].columns;
  size_t charts = 0;
  for (size_t s = 0; s < all.parts.size(); ++s) {
    for (size_t k = 0; k < columns.size() && charts < kForecastCharts; ++k, ++charts) {
      const std::string& name = all.parts[s].name;
      report->charts.push_back(
          ForecastChart(all.parts[s], all.forecasts[s], k, columns[k],
                        StrCat(name, name.empty() ? "" : ", ",
                               job.dataset.series.columns[columns[k]], ", one step ahead")));
    }
  }
  return absl::OkStatus();
}

void AddSamples(const Job& job, const Model& model, Report* report) {
  train::Part context = ShownPart(job).size() > 0 ? ShownPart(job) : job.parts.train;
  context.end = std::min(context.end, context.begin + kSampleContext);
  const auto tokens = EncodePart(*model.text_codec(), job.dataset, context);
  if (tokens.empty()) return;
  for (const float temperature : {0.5f, 1.0f}) {
    std::string text;
    WriteText(model, tokens, kSampleSymbols, {.temperature = temperature}, job.config.seed(),
              [&](const std::string& piece) { text += piece; });
    report->samples.emplace_back(StrCat("At temperature ", temperature), text);
  }
}

void AddWarnings(const std::string& part, const train::Measures& measures, Report* report) {
  for (const std::string& line : JudgeMeasures(measures).lines) {
    report->warnings.push_back(StrCat(part, ": ", line));
  }
}

// What the parts are counted in.
const char* UnitOf(const Dataset& dataset) {
  if (!dataset.sequences.empty()) return "sequences";
  if (!dataset.text.empty()) return dataset.lines ? "lines" : "characters";
  return "rows";
}

std::string Rows(const train::Part& part) { return StrCat(part.begin, " to ", part.end); }

std::vector<std::pair<std::string, std::string>> FactsOf(const Job& job,
                                                         const train::FitResult& result) {
  std::string data;
  for (const std::string& path : job.config.data().path())
    data += (data.empty() ? "" : ", ") + path;
  std::vector<std::pair<std::string, std::string>> facts = {
      {"task", job.config.task()},
      {"data", StrCat(data, " (", job.dataset.size, " ", UnitOf(job.dataset), ")")},
      {"training part", Rows(job.parts.train)}};
  if (job.parts.validation.size() > 0) {
    facts.emplace_back("validation part", Rows(job.parts.validation));
  }
  if (job.parts.test.size() > 0) facts.emplace_back("test part", Rows(job.parts.test));
  size_t parameters = 0;
  for (const auto& [name, tensor] : result.best) parameters += tensor.values.size();
  facts.emplace_back("parameters", StrCat(parameters));
  facts.emplace_back("seed", StrCat(job.config.seed()));
  facts.emplace_back("stopped", StrCat(result.stop_reason, ", after ", result.updates, " updates"));
  facts.emplace_back("best weights", StrCat("of update ", result.best_update));
  return facts;
}

}  // namespace

std::vector<Chart> CurvesOf(const std::string& metrics_jsonl) {
  ChartLine loss{"training", {}, {}}, validation{"validation", {}, {}, true};
  ChartLine rate{"lr", {}, {}}, norm{"gradient norm", {}, {}};
  std::istringstream text(metrics_jsonl);
  for (std::string line; std::getline(text, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) continue;
    const double update = Read(json, "update");
    if (const auto measures = json.find("validation"); measures != json.end()) {
      validation.x.push_back(update);
      validation.y.push_back(Read(*measures, "loss"));
      continue;
    }
    for (ChartLine* curve : {&loss, &rate, &norm}) curve->x.push_back(update);
    loss.y.push_back(Read(json, "loss"));
    rate.y.push_back(Read(json, "lr"));
    norm.y.push_back(Read(json, "grad_norm"));
  }
  if (loss.x.empty()) return {};
  const bool positive = *std::min_element(loss.y.begin(), loss.y.end()) > 0;
  Chart losses{.title = "Loss", .x_name = "update", .lines = {loss}, .log_y = positive};
  if (loss.y.size() >= 300) losses.lines.push_back(Smoothed(loss));
  if (!validation.x.empty()) losses.lines.push_back(validation);
  return {std::move(losses),
          {.title = "Learning rate", .x_name = "update", .lines = {rate}},
          {.title = "Gradient norm", .x_name = "update", .lines = {norm}, .log_y = true}};
}

std::vector<ConfusionTable> ConfusionsOf(const v1::ModelConfig& model, const std::string& part,
                                         const train::Measures& measures) {
  std::vector<ConfusionTable> tables;
  for (const v1::Head& head : model.heads()) {
    const std::string prefix = model.heads_size() > 1 ? head.name() + "/" : "";
    ConfusionTable table{StrCat(head.name(), ", ", part), {}, {}};
    table.labels.assign(head.softmax().labels().begin(), head.softmax().labels().end());
    for (const std::string& truth : table.labels) {
      for (const std::string& named : table.labels) {
        const auto at = measures.find(StrCat(prefix, "confusion.", truth, ".", named));
        if (at != measures.end()) table.counts.push_back(at->second);
      }
    }
    const bool whole = table.counts.size() == table.labels.size() * table.labels.size();
    if (!table.counts.empty() && whole) tables.push_back(std::move(table));
  }
  return tables;
}

MeasureTable TableOf(const TrainingRecord& record) {
  MeasureTable table;
  std::vector<const train::Measures*> parts;
  for (const auto& [name, measures] :
       {std::pair("validation", &record.validation), std::pair("test", &record.test)}) {
    if (measures->empty()) continue;
    table.parts.emplace_back(name);
    parts.push_back(measures);
  }
  train::Measures all;
  for (const auto* measures : parts) all.insert(measures->begin(), measures->end());
  for (const auto& [name, unused] : all) {
    if (name.find("confusion.") != name.npos) continue;
    MeasureTable::Row row{name, {}, IsBaseline(name)};
    for (const auto* measures : parts) {
      const auto at = measures->find(name);
      row.values.push_back(at != measures->end() ? at->second
                                                 : std::numeric_limits<double>::quiet_NaN());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

StatusOr<std::string> WriteReport(const Job& job, const train::FitResult& result,
                                  const TrainingRecord& record) {
  const std::string& run_dir = job.config.output().run_dir();
  Report report;
  report.title = job.config.name();
  report.facts = FactsOf(job, result);
  report.measures = TableOf(record);
  report.config = WriteYaml(job.config);
  SEQ_ASSIGN_OR_RETURN(const std::string metrics, ReadFile(run_dir + "/metrics.jsonl"));
  report.charts = CurvesOf(metrics);
  SEQ_ASSIGN_OR_RETURN(const auto model, BestModel(job, result));
  if (job.config.task() == "forecast") {
    SEQ_RETURN_IF_ERROR(AddForecasts(job, model, &report));
  } else if (job.config.task() == "language_model") {
    AddSamples(job, *model, &report);
  }
  for (const auto& [part, measures] :
       {std::pair("validation", &record.validation), std::pair("test", &record.test)}) {
    if (measures->empty()) continue;
    AddWarnings(part, *measures, &report);
    for (ConfusionTable& table : ConfusionsOf(job.model, part, *measures)) {
      report.confusions.push_back(std::move(table));
    }
  }
  const std::string path = run_dir + "/report.html";
  SEQ_RETURN_IF_ERROR(WriteFileAtomically(path, RenderReport(report)));
  return path;
}

}  // namespace sequent
