#include "trainer/series_model.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"
#include "core/codec/series_codec.h"
#include "core/model/config_check.h"
#include "core/model/graph.h"
#include "core/model/input_check.h"

namespace sequent {
namespace {

using train::Part;
using train::SeriesTable;

constexpr const char* kPath = "model.input[0].features";

v1::FeatureSpec SpecOf(const v1::FeatureSpec& all, const std::string& column) {
  v1::FeatureSpec spec = all;
  spec.clear_columns();
  spec.clear_calendar();
  const auto own = all.columns().find(column);
  if (own != all.columns().end()) spec.MergeFrom(own->second);
  return spec;
}

Status SetSeason(const std::string& path, const v1::SeasonSpec& spec, v1::Season* season) {
  static constexpr std::string_view kClocks[] = {"steps", "minutes", "hours",
                                                 "days",  "weeks",   "months"};
  SEQ_ASSIGN_OR_RETURN(const size_t clock, CheckChoice(path + ".clock", spec.clock(), kClocks));
  static constexpr std::string_view kSubtract[] = {"none", "stl"};
  SEQ_ASSIGN_OR_RETURN(const size_t subtract,
                       CheckChoice(path + ".subtract", spec.subtract(), kSubtract));
  season->set_subtract(subtract == 1);
  season->set_seasonal(spec.seasonal());
  season->set_trend(spec.trend());
  season->set_low_pass(spec.low_pass());
  season->set_robust(spec.robust());
  season->set_period(spec.period());
  season->set_clock(static_cast<v1::Season::Clock>(clock));
  return absl::OkStatus();
}

Status SetScale(const std::string& path, const v1::FeatureSpec& spec, uint32_t train_window,
                v1::Scale* scale) {
  static constexpr std::string_view kScale[] = {"standard", "none", "min_max", "robust"};
  static constexpr v1::Scale::Kind kKinds[] = {v1::Scale::STANDARD, v1::Scale::NONE,
                                               v1::Scale::MIN_MAX, v1::Scale::ROBUST};
  static constexpr std::string_view kScopes[] = {"global", "per_series", "per_window"};
  SEQ_ASSIGN_OR_RETURN(const size_t kind, CheckChoice(path + ".scale", spec.scale(), kScale));
  SEQ_ASSIGN_OR_RETURN(const size_t scope, CheckChoice(path + ".scope", spec.scope(), kScopes));
  scale->set_kind(kKinds[kind]);
  scale->set_scope(static_cast<v1::Scale::Scope>(scope));
  if (scale->scope() == v1::Scale::PER_WINDOW) {
    scale->set_window(spec.window() > 0 ? spec.window() : train_window);
  } else if (spec.window() > 0) {
    return Expected(path + ".window", "0 unless scope is per_window", StrCat(spec.window()));
  }
  return absl::OkStatus();
}

Status SetColumn(const v1::FeatureSpec& spec, uint32_t train_window, v1::SeriesColumn* column) {
  static constexpr std::string_view kImpute[] = {"none", "last", "mean", "seasonal_mean"};
  const std::string path = kPath;
  if (spec.columns_size() > 0) return Expected(path + ".columns", "no columns in a column", "some");
  if (spec.has_calendar()) {
    return Expected(path + ".columns", "no calendar in a column: it is of all together", "one");
  }
  SEQ_ASSIGN_OR_RETURN(const size_t impute, CheckChoice(path + ".impute", spec.impute(), kImpute));
  column->mutable_impute()->set_kind(static_cast<v1::Impute::Kind>(impute));
  column->mutable_impute()->set_missing_flag(spec.missing_flag());
  column->set_log(spec.log());
  column->set_difference(spec.difference());
  column->set_seasonal_difference(spec.seasonal_difference());
  SEQ_RETURN_IF_ERROR(SetSeason(path + ".season", spec.season(), column->mutable_season()));
  return SetScale(path, spec, train_window, column->mutable_scale());
}

Status CheckNoGaps(const SeriesTable& table, const v1::FeatureInput& input) {
  for (size_t i = 0; i < table.values.size(); ++i) {
    const v1::SeriesColumn& column = input.columns(static_cast<int>(i % table.columns.size()));
    if (table.values[i] == table.values[i] || column.labels_size() > 0) continue;
    if (column.impute().kind() != v1::Impute::NONE) continue;
    return absl::DataLossError(
        StrCat("column '", column.name(), "' is missing at ", table.times[i / table.columns.size()],
               "; set model.input features impute to last, mean or seasonal_mean to allow gaps"));
  }
  return absl::OkStatus();
}

// The training part of each series.
struct TrainingRows {
  std::vector<train::SeriesPart> parts;
  std::vector<SeriesRows> rows;  // views of them
};

TrainingRows RowsOf(const SeriesTable& table, const Part& training) {
  TrainingRows all;
  all.parts = train::CutSeries(table, {0, training.end}, training);
  for (const auto& part : all.parts) all.rows.push_back({part.values, part.unix_ms});
  return all;
}

bool UsesTime(const v1::FeatureInput& input) {
  return CalendarWidth(input.calendar()) > 0 ||
         std::any_of(input.columns().begin(), input.columns().end(), [](const auto& column) {
           return column.season().period() > 0 && column.season().clock() != v1::Season::STEPS;
         });
}

Status CheckColumnNames(const v1::FeatureSpec& spec, const SeriesTable& table) {
  for (const auto& [name, own] : spec.columns()) {
    const auto& columns = table.columns;
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) {
      return Expected(StrCat(kPath, ".columns"), "names of data columns",
                      StrCat("'", Quoted(name), "'"));
    }
  }
  return absl::OkStatus();
}

// Appends the targets of the step of row `t`, NaN behind the part's end.
void AppendTargets(const Graph& graph, const SeriesCodec& codec, const float* context,
                   const train::SeriesPart& part, size_t t, train::Series* series) {
  for (size_t h = 0; h < graph.heads.size(); ++h) {
    const HeadNode& head = graph.heads[h];
    for (size_t k = 0; k < head.values(); ++k) {
      const size_t row = t + head.ahead(k), column = head.column(k);
      series->targets[h].push_back(
          row < part.rows() ? codec.Forward(column, context, part.at(row, column), head.ahead(k))
                            : std::numeric_limits<float>::quiet_NaN());
    }
  }
}

}  // namespace

Status BuildFeatures(const v1::TrainConfig& config, const SeriesTable& table, const Part& training,
                     v1::FeatureInput* input) {
  const v1::FeatureSpec& spec = config.model().input(0).features();
  SEQ_RETURN_IF_ERROR(CheckColumnNames(spec, table));
  *input->mutable_calendar() = spec.calendar();
  const size_t values = table.columns.size() - (table.series.empty() ? 0 : 1);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    v1::SeriesColumn* column = input->add_columns();
    column->set_name(table.columns[i]);
    if (i == values) {
      column->mutable_labels()->Assign(table.series.begin(), table.series.end());
    } else {
      SEQ_RETURN_IF_ERROR(SetColumn(SpecOf(spec, column->name()), config.train().window(), column));
    }
  }
  const auto width = CheckFeatureInput(kPath, *input);
  if (!width.ok()) return width.status();
  SEQ_RETURN_IF_ERROR(CheckNoGaps(table, *input));
  if (UsesTime(*input) && table.unix_ms.empty()) {
    return absl::DataLossError(StrCat("column '", table.time_column,
                                      "': expected ISO times (1990-12-31T23:59:59Z), ",
                                      "since calendar terms are made of them"));
  }
  const Status fitted = SeriesCodec::Fit(RowsOf(table, training).rows, input);
  return fitted.ok() ? fitted : absl::DataLossError(fitted.message());
}

StatusOr<train::Series> BuildSeries(const v1::ModelConfig& model, const SeriesTable& table,
                                    const Part& training) {
  SEQ_ASSIGN_OR_RETURN(const Graph graph, ResolveGraph(model));
  const v1::FeatureInput& features = model.inputs(0).features();
  const auto columns = static_cast<size_t>(features.columns_size());
  SEQ_ASSIGN_OR_RETURN(const auto codec,
                       SeriesCodec::Create(features, ColumnHorizons(graph, columns)));
  train::Series series;
  series.input_width = codec->input_width();
  series.targets.resize(graph.heads.size());
  std::vector<float> context(codec->context_size());
  for (const train::SeriesPart& part : train::CutSeries(table, {0, training.end}, training)) {
    std::vector<std::byte> state(codec->state_size());
    codec->InitState(state.data());
    for (size_t t = 0; t < part.rows(); ++t) {
      const float* row = part.values.data() + t * part.columns;
      series.inputs.resize(series.inputs.size() + series.input_width);
      codec->Encode(state.data(), row,
                    series.inputs.data() + series.inputs.size() - series.input_width,
                    context.data(), part.unix_ms.empty() ? 0 : part.unix_ms[t]);
      AppendTargets(graph, *codec, context.data(), part, t, &series);
    }
    series.steps += part.rows();
    series.ends.push_back(series.steps);
  }
  return series;
}

}  // namespace sequent
