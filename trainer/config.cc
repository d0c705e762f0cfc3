#include "trainer/config.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/model/config_check.h"
#include "trainer/forecast_scheme.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

constexpr std::string_view kPrefix = "SEQUENT_";

// "TRAIN__OPTIMIZER__ADAM__LR" -> "train.optimizer.adam.lr"
std::string PathOf(std::string_view name) {
  std::string path;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i, 2) == "__") {
      path += '.';
      ++i;
    } else {
      path += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    }
  }
  return path;
}

Status ApplyEnvironment(const ConfigSources& sources, v1::TrainConfig* config) {
  for (const auto& [name, value] : sources.environment) {
    if (!std::string_view(name).starts_with(kPrefix)) continue;
    const std::string path = PathOf(std::string_view(name).substr(kPrefix.size()));
    // Without a level below it, it is a flag of the server.
    if (path.find('.') == path.npos) continue;
    SEQ_RETURN_IF_ERROR(SetByPath(path, value, name, config));
  }
  return absl::OkStatus();
}

Status ApplyCommandLine(const ConfigSources& sources, v1::TrainConfig* config) {
  for (const std::string& set : sources.sets) {
    const size_t equals = set.find('=');
    if (equals == set.npos) {
      return absl::InvalidArgumentError(
          StrCat("--set: expected key=value, got '", Quoted(set), "'"));
    }
    SEQ_RETURN_IF_ERROR(SetByPath(std::string_view(set).substr(0, equals),
                                  std::string_view(set).substr(equals + 1), "--set", config));
  }
  if (!sources.task.empty()) config->set_task(sources.task);
  if (!sources.data.empty()) {
    config->mutable_data()->mutable_path()->Assign(sources.data.begin(), sources.data.end());
  }
  if (!sources.out.empty()) config->mutable_output()->set_model(sources.out);
  if (!sources.run_dir.empty()) config->mutable_output()->set_run_dir(sources.run_dir);
  if (!sources.publish.empty()) config->mutable_output()->set_publish(sources.publish);
  return absl::OkStatus();
}

// Keys of data that the task does not read.
Status CheckDataKeys(const std::string& task, const v1::DataConfig& data) {
  const bool labels = task == "classify" || task == "tag";
  const auto refuse = [&task](const char* key, bool given) -> Status {
    if (!given) return absl::OkStatus();
    return Expected(StrCat("data.", key), StrCat("nothing for task ", task), "a value");
  };
  SEQ_RETURN_IF_ERROR(refuse("unit", task != "language_model" && !data.unit().empty()));
  SEQ_RETURN_IF_ERROR(refuse("sequence_ends", task != "tag" && data.sequence_ends_size() > 0));
  SEQ_RETURN_IF_ERROR(refuse("format", task != "classify" && !data.format().empty()));
  SEQ_RETURN_IF_ERROR(refuse("text", !labels && !data.text().empty()));
  SEQ_RETURN_IF_ERROR(refuse("labels", !labels && data.labels_size() > 0));
  SEQ_RETURN_IF_ERROR(refuse("ignore_label", !labels && !data.ignore_label().empty()));
  return refuse("shuffle_split", !labels && data.shuffle_split());
}

// Keys of train that the task does not read.
Status CheckTrainKeys(const std::string& task, const v1::TrainOptions& train) {
  if (task == "classify" || task == "tag") return absl::OkStatus();
  const char* key = train.length_bucket() > 0        ? "length_bucket"
                    : train.max_tokens() > 0         ? "max_tokens"
                    : train.class_weights_size() > 0 ? "class_weights"
                    : train.balance_classes()        ? "balance_classes"
                                                     : nullptr;
  if (key == nullptr) return absl::OkStatus();
  return Expected(StrCat("train.", key), StrCat("nothing for task ", task), "a value");
}

// Adam (or AdamW) without a rate, and no optimiser at all, get this one.
void DefaultAdamRate(double rate, v1::Optimizer* optimizer) {
  const auto kind = optimizer->kind_case();
  if (kind == v1::Optimizer::KIND_NOT_SET) optimizer->mutable_adam();
  if (optimizer->has_adam() && optimizer->adam().lr() == 0) optimizer->mutable_adam()->set_lr(rate);
  if (kind == v1::Optimizer::kAdamw && optimizer->adamw().lr() == 0) {
    optimizer->mutable_adamw()->set_lr(rate);
  }
}

void LanguageModelDefaults(v1::TrainConfig* config) {
  v1::ModelSpec* model = config->mutable_model();
  if (model->input_size() == 0) model->add_input()->mutable_tokens()->set_codec("characters");
  if (model->layers_size() == 0) {
    v1::Layer* embedding = model->add_layers();
    embedding->set_name("embedding");
    embedding->mutable_embedding()->set_width(64);
    for (const char* name : {"lstm1", "lstm2"}) {
      v1::Layer* lstm = model->add_layers();
      lstm->set_name(name);
      lstm->mutable_lstm()->set_units(128);
    }
  }
  if (model->heads_size() == 0) {
    v1::Head* head = model->add_heads();
    head->set_name("next");
    head->mutable_softmax();
  }
  v1::TrainOptions* train = config->mutable_train();
  if (train->batch() == 0) train->set_batch(50);
  if (train->bptt() == 0) train->set_bptt(50);
  if (train->epochs() == 0 && train->max_updates() == 0) train->set_epochs(3);
  DefaultAdamRate(0.01, train->mutable_optimizer());
}

void ForecastDefaults(v1::TrainConfig* config) {
  v1::ModelSpec* model = config->mutable_model();
  if (model->input_size() == 0) model->add_input()->mutable_features();
  if (model->layers_size() == 0) {
    v1::Layer* gru = model->add_layers();
    gru->set_name("gru");
    gru->mutable_gru()->set_units(32);
  }
  if (model->heads_size() == 0) {
    v1::Head* head = model->add_heads();
    head->set_name("forecast");
    head->mutable_regression();
  }
  v1::TrainOptions* train = config->mutable_train();
  if (train->batch() == 0) train->set_batch(32);
  if (train->window() == 0) train->set_window(64);
  if (train->stride() == 0) train->set_stride(std::max<uint32_t>(1, train->window() / 4));
  if (train->epochs() == 0 && train->max_updates() == 0) train->set_epochs(30);
  if (!train->has_optimizer()) {
    train->mutable_optimizer()->mutable_adam()->set_weight_decay(0.01);
  }
  DefaultAdamRate(0.005, train->mutable_optimizer());
}

// classify: one label a text; tag: one a token.
void LabelDefaults(v1::TrainConfig* config) {
  const bool tag = config->task() == "tag";
  v1::ModelSpec* model = config->mutable_model();
  if (model->input_size() == 0) {
    model->add_input()->mutable_tokens()->set_codec(tag ? "list" : "words");
  }
  if (model->layers_size() == 0) {
    v1::Layer* embedding = model->add_layers();
    embedding->set_name("embedding");
    embedding->mutable_embedding()->set_width(64);
    v1::Layer* lstm = model->add_layers();
    lstm->set_name("lstm");
    lstm->mutable_lstm()->set_units(64);
  }
  if (model->heads_size() == 0) {
    v1::Head* head = model->add_heads();
    head->set_name("label");
    head->mutable_softmax();
  }
  v1::TrainOptions* train = config->mutable_train();
  if (train->batch() == 0) train->set_batch(32);
  if (train->epochs() == 0 && train->max_updates() == 0) train->set_epochs(20);
  DefaultAdamRate(0.003, train->mutable_optimizer());
}

bool HasTiedHead(const v1::ModelSpec& model) {
  return std::any_of(model.heads().begin(), model.heads().end(),
                     [](const v1::Head& head) { return !head.softmax().tied_to().empty(); });
}

void SharedDefaults(v1::TrainConfig* config) {
  if (config->name().empty()) config->set_name(config->task());
  if (config->seed() == 0) config->set_seed(1);
  if (!config->data().has_split()) {
    config->mutable_data()->mutable_split()->set_train(0.9);
    config->mutable_data()->mutable_split()->set_validation(0.1);
  }
  v1::TrainOptions* train = config->mutable_train();
  if (!train->has_schedule()) {
    auto* cosine = train->mutable_schedule()->mutable_cosine();
    cosine->set_warmup_updates(20);
    cosine->set_final_factor(0.02);
  }
  if (train->initialization().embedding().empty() && HasTiedHead(config->model())) {
    train->mutable_initialization()->set_embedding("he_normal");
  }
  if (!train->has_clip()) train->mutable_clip()->set_global_norm(1);
  v1::EarlyStopping* stopping = train->mutable_early_stopping();
  if (!stopping->has_patience()) stopping->set_patience(10);
  if (config->output().model().empty()) config->mutable_output()->set_model("model.safetensors");
  if (config->output().run_dir().empty()) config->mutable_output()->set_run_dir("run");
  if (config->data().missing().empty()) config->mutable_data()->set_missing("NA");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ProcessEnvironment() {
  std::vector<std::pair<std::string, std::string>> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const size_t equals = text.find('=');
    if (equals != text.npos) all.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  std::sort(all.begin(), all.end());
  return all;
}

StatusOr<v1::TrainConfig> LoadConfig(const ConfigSources& sources) {
  v1::TrainConfig config;
  if (!sources.file.empty()) {
    const auto text = ReadFile(sources.file);
    if (!text.ok()) return absl::InvalidArgumentError(text.status().message());
    SEQ_RETURN_IF_ERROR(ReadYaml(*text, sources.file, &config));
  }
  SEQ_RETURN_IF_ERROR(ApplyEnvironment(sources, &config));
  SEQ_RETURN_IF_ERROR(ApplyCommandLine(sources, &config));
  return config;
}

Status ApplyDefaults(v1::TrainConfig* config) {
  static constexpr std::string_view kTasks[] = {"language_model", "forecast", "classify", "tag"};
  if (config->task().empty()) {
    return absl::InvalidArgumentError(
        "task: expected language_model, forecast, classify or tag, got nothing (say it with "
        "--task)");
  }
  SEQ_ASSIGN_OR_RETURN(const size_t task, CheckChoice("task", config->task(), kTasks));
  if (config->data().path_size() == 0) {
    return absl::InvalidArgumentError(
        "data.path: expected a file, got nothing (say it with --data)");
  }
  SEQ_RETURN_IF_ERROR(CheckForecast(config->forecast()));
  SEQ_ASSIGN_OR_RETURN(const bool direct, IsDirect(config->forecast()));
  if (direct && task != 1) {
    return Expected("forecast.output", StrCat("nothing for task ", config->task()), "direct");
  }
  SEQ_RETURN_IF_ERROR(CheckDataKeys(config->task(), config->data()));
  SEQ_RETURN_IF_ERROR(CheckTrainKeys(config->task(), config->train()));
  if (task == 0) {
    LanguageModelDefaults(config);
  } else if (task == 1) {
    ForecastDefaults(config);
    SEQ_RETURN_IF_ERROR(SetHorizons(config->forecast(), config->mutable_model()));
  } else {
    LabelDefaults(config);
  }
  SharedDefaults(config);
  return absl::OkStatus();
}

}  // namespace sequent
