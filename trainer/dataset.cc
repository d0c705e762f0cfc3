#include "trainer/dataset.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/random.h"
#include "core/model/config_check.h"
#include "core/model/graph.h"
#include "core/train/text_data.h"
#include "trainer/label_data.h"
#include "trainer/series_model.h"
#include "trainer/text_input.h"

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
                  const train::Part& training, std::string_view known_pieces,
                  v1::ModelConfig* model) {
  const bool tokens = config.task() != "forecast";
  if (config.model().input_size() != 1) {
    return Expected("model.input", "one input", StrCat(config.model().input_size()));
  }
  const v1::InputSpec& spec = config.model().input(0);
  v1::Input* input = model->add_inputs();
  input->set_name(spec.name().empty() ? "input" : spec.name());
  if (tokens != spec.has_tokens()) {
    return Expected("model.input[0]",
                    StrCat(tokens ? "tokens" : "features", " for task ", config.task()),
                    spec.has_tokens()     ? "tokens"
                    : spec.has_features() ? "features"
                                          : "neither");
  }
  if (!tokens) return BuildFeatures(config, dataset.series, training, input->mutable_features());
  const std::vector<std::string_view> texts = dataset.sequences.empty()
                                                  ? std::vector{TextOf(dataset, training)}
                                                  : TextsOf(dataset, training);
  SEQ_ASSIGN_OR_RETURN(*input->mutable_tokens(),
                       FitTokenInput("model.input[0].tokens", spec.tokens(), texts, known_pieces));
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
  if (!dataset.sequences.empty()) return;
  if (config.model().has_feedback()) {
    *model->mutable_feedback() = config.model().feedback();
  } else if (model->heads_size() > 0 && model->heads(0).regression().horizon() <= 1) {
    model->mutable_feedback()->set_head(model->heads(0).name());
  }
}

Status LoadSequences(const std::string& task, const v1::DataConfig& data,
                     const LoadOptions& options, Dataset* dataset) {
  dataset->tagged = task == "tag";
  dataset->ignore_label = data.ignore_label();
  const auto read = dataset->tagged ? train::ReadTagged : train::ReadTexts;
  SEQ_ASSIGN_OR_RETURN(auto sequences, read(data, options.with_labels));
  dataset->size = sequences.size();
  if (!data.shuffle_split()) {
    dataset->sequences = std::move(sequences);
    return absl::OkStatus();
  }
  constexpr uint64_t kSplitStream = 0x73706c6974;
  const uint64_t key = RandomStream(options.seed, kSplitStream, 0).Bits(0);
  for (size_t i = 0; i < sequences.size(); ++i) {
    dataset->sequences.push_back(std::move(sequences[Permute(key, sequences.size(), i)]));
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<Dataset> LoadDataset(const std::string& task, const v1::DataConfig& data,
                              const LoadOptions& options) {
  Dataset dataset;
  SEQ_ASSIGN_OR_RETURN(dataset.sha256, HashOf(data));
  if (task == "language_model") {
    SEQ_ASSIGN_OR_RETURN(dataset.text, train::ReadText({data.path().begin(), data.path().end()}));
    static constexpr std::string_view kUnits[] = {"characters", "lines"};
    SEQ_ASSIGN_OR_RETURN(const size_t unit, CheckChoice("data.unit", data.unit(), kUnits));
    dataset.lines = unit == 1;
    dataset.size =
        dataset.lines ? train::CountLines(dataset.text) : train::CountCodePoints(dataset.text);
  } else if (task == "classify" || task == "tag") {
    SEQ_RETURN_IF_ERROR(LoadSequences(task, data, options, &dataset));
  } else {
    SEQ_ASSIGN_OR_RETURN(dataset.series, train::ReadSeries(data, options.series));
    dataset.size = dataset.series.rows();
  }
  return dataset;
}

StatusOr<v1::ModelConfig> BuildModelConfig(const v1::TrainConfig& config, const Dataset& dataset,
                                           const train::Part& training,
                                           std::string_view known_pieces) {
  v1::ModelConfig model;
  model.set_name(config.name());
  model.set_task(config.task());
  SEQ_RETURN_IF_ERROR(BuildInput(config, dataset, training, known_pieces, &model));
  *model.mutable_layers() = config.model().layers();
  CompleteHeads(config, dataset, &model);
  if (!dataset.sequences.empty()) {
    SEQ_RETURN_IF_ERROR(FitLabels(config.data(), dataset, training, &model));
  }
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
  if (!dataset.sequences.empty()) {
    SEQ_ASSIGN_OR_RETURN(data.samples, BuildSamples(model, dataset, training));
    return data;
  }
  if (model.task() == "language_model") {
    SEQ_ASSIGN_OR_RETURN(const auto codec, TextCodec::Create(model.inputs(0).tokens()));
    data.stream.tokens = EncodePart(*codec, dataset, training);
    return data;
  }
  SEQ_ASSIGN_OR_RETURN(data.series, BuildSeries(model, dataset.series, training));
  return data;
}

std::string_view TextOf(const Dataset& dataset, const train::Part& part) {
  return dataset.lines ? train::LinePart(dataset.text, part) : train::TextPart(dataset.text, part);
}

std::vector<int32_t> EncodePart(const TextCodec& codec, const Dataset& dataset,
                                const train::Part& part) {
  std::vector<std::byte> state(codec.state_size());
  codec.InitState(state.data());
  std::vector<int32_t> tokens;
  codec.Encode(state.data(), TextOf(dataset, part), true, &tokens);
  return tokens;
}

}  // namespace sequent
