#include "trainer/dataset.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/model/config_check.h"
#include "core/model/graph.h"
#include "core/train/text_data.h"
#include "trainer/series_model.h"

namespace sequent {
namespace {

// What is wrong with the data, whatever the layer below called it.
Status AsDataError(const Status& status) { return absl::DataLossError(status.message()); }

StatusOr<std::string> HashOf(const v1::DataConfig& data) {
  std::vector<std::string> contents;
  for (const std::string& path : data.path()) {
    auto content = ReadFile(path);
    if (!content.ok()) return AsDataError(content.status());
    contents.push_back(*std::move(content));
  }
  const std::vector<std::string_view> parts(contents.begin(), contents.end());
  return Sha256Hex(parts);
}

Status BuildInput(const v1::TrainConfig& config, const Dataset& dataset,
                  const train::Part& training, v1::ModelConfig* model) {
  const bool language = config.task() == "language_model";
  if (config.model().input_size() != 1) {
    return Expected("model.input", "one input", StrCat(config.model().input_size()));
  }
  const v1::InputSpec& spec = config.model().input(0);
  v1::Input* input = model->add_inputs();
  input->set_name(spec.name().empty() ? "input" : spec.name());
  if (language != spec.has_tokens()) {
    return Expected("model.input[0]",
                    language ? "tokens for a language_model" : "features for a forecast",
                    spec.has_tokens()     ? "tokens"
                    : spec.has_features() ? "features"
                                          : "neither");
  }
  if (!language) return BuildFeatures(config, dataset.series, training, input->mutable_features());
  static constexpr std::string_view kCodecs[] = {"characters"};
  SEQ_RETURN_IF_ERROR(
      CheckChoice("model.input[0].tokens.codec", spec.tokens().codec(), kCodecs).status());
  input->mutable_tokens()->set_codec("characters");
  const auto vocabulary = TextCodec::FitCharacters(train::TextPart(dataset.text, training),
                                                   std::max(1u, spec.tokens().min_count()));
  input->mutable_tokens()->mutable_vocabulary()->Assign(vocabulary.begin(), vocabulary.end());
  return absl::OkStatus();
}

void CompleteHeads(const v1::TrainConfig& config, const Dataset& dataset, v1::ModelConfig* model) {
  *model->mutable_heads() = config.model().heads();
  for (v1::Head& head : *model->mutable_heads()) {
    if (!head.has_regression() || head.regression().columns_size() > 0) continue;
    const auto& columns = dataset.series.columns;
    head.mutable_regression()->mutable_columns()->Assign(
        columns.begin(), columns.begin() + static_cast<ptrdiff_t>(dataset.series.targets));
  }
  if (config.model().has_feedback()) {
    *model->mutable_feedback() = config.model().feedback();
  } else if (model->heads_size() > 0) {
    model->mutable_feedback()->set_head(model->heads(0).name());
  }
}

}  // namespace

StatusOr<Dataset> LoadDataset(const std::string& task, const v1::DataConfig& data,
                              const std::vector<std::string>& series) {
  Dataset dataset;
  SEQ_ASSIGN_OR_RETURN(dataset.sha256, HashOf(data));
  if (task == "language_model") {
    SEQ_ASSIGN_OR_RETURN(dataset.text, train::ReadText({data.path().begin(), data.path().end()}));
    dataset.size = train::CountCodePoints(dataset.text);
  } else {
    SEQ_ASSIGN_OR_RETURN(dataset.series, train::ReadSeries(data, series));
    dataset.size = dataset.series.rows();
  }
  return dataset;
}

StatusOr<v1::ModelConfig> BuildModelConfig(const v1::TrainConfig& config, const Dataset& dataset,
                                           const train::Part& training) {
  v1::ModelConfig model;
  model.set_name(config.name());
  model.set_task(config.task());
  SEQ_RETURN_IF_ERROR(BuildInput(config, dataset, training, &model));
  *model.mutable_layers() = config.model().layers();
  CompleteHeads(config, dataset, &model);
  const auto graph = ResolveGraph(model);
  if (!graph.ok()) {
    return absl::InvalidArgumentError(StrCat("model.", graph.status().message()));
  }
  return model;
}

StatusOr<train::TrainingData> BuildTrainingData(const v1::ModelConfig& model,
                                                const Dataset& dataset,
                                                const train::Part& training) {
  train::TrainingData data;
  if (model.task() == "language_model") {
    SEQ_ASSIGN_OR_RETURN(const auto codec, TextCodec::Create(model.inputs(0).tokens()));
    data.stream.tokens = EncodePart(*codec, dataset, training);
    return data;
  }
  SEQ_ASSIGN_OR_RETURN(data.series, BuildSeries(model, dataset.series, training));
  return data;
}

std::vector<int32_t> EncodePart(const TextCodec& codec, const Dataset& dataset,
                                const train::Part& part) {
  std::vector<std::byte> state(codec.state_size());
  codec.InitState(state.data());
  std::vector<int32_t> tokens;
  codec.Encode(state.data(), train::TextPart(dataset.text, part), true, &tokens);
  return tokens;
}

}  // namespace sequent
