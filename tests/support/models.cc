#include "tests/support/models.h"

#include <cmath>

#include "core/base/random.h"
#include "core/codec/text_codec.h"
#include "core/model/input_check.h"
#include "core/model/tensor_table.h"

namespace sequent {
namespace {

v1::ModelConfig EmptyConfig(const std::string& task) {
  v1::ModelConfig config;
  config.set_name("test");
  config.set_task(task);
  config.add_inputs()->set_name("input");
  return config;
}

double Spread(const TensorSpec& spec) {
  if (spec.role == TensorRole::kBias) return 0.1;
  if (spec.role == TensorRole::kGain) return 1;
  if (spec.role == TensorRole::kRecurrentVector) return 0.5;
  if (spec.role == TensorRole::kEmbedding) return 1;
  return 1 / std::sqrt(static_cast<double>(spec.shape.back()));
}

Tensor RandomTensor(const TensorSpec& spec, const RandomStream& random) {
  Tensor tensor;
  tensor.shape = spec.shape;
  size_t size = 1;
  for (const size_t extent : spec.shape) size *= extent;
  tensor.values.resize(size);
  for (size_t i = 0; i < size; ++i) {
    tensor.values[i] = static_cast<float>(random.Normal(i) * Spread(spec));
  }
  return tensor;
}

}  // namespace

v1::ModelConfig TextConfig(std::string_view characters) {
  v1::ModelConfig config = EmptyConfig("language_model");
  v1::TokenInput* tokens = config.mutable_inputs(0)->mutable_tokens();
  tokens->set_codec("characters");
  for (const std::string& entry : TextCodec::FitCharacters(characters, 1)) {
    tokens->add_vocabulary(entry);
  }
  return config;
}

v1::ModelConfig WordConfig(const std::vector<std::string>& words) {
  v1::ModelConfig config = EmptyConfig("language_model");
  v1::TokenInput* tokens = config.mutable_inputs(0)->mutable_tokens();
  tokens->set_codec("words");
  tokens->set_line_ends(true);
  for (const std::string_view token : kSpecialTokens) tokens->add_vocabulary(std::string(token));
  for (const std::string& word : words) tokens->add_vocabulary(word);
  return config;
}

v1::ModelConfig IdsConfig(uint32_t size) {
  v1::ModelConfig config = EmptyConfig("language_model");
  config.mutable_inputs(0)->mutable_tokens()->set_codec("ids");
  config.mutable_inputs(0)->mutable_tokens()->set_size(size);
  return config;
}

v1::ModelConfig SeriesConfig(const std::vector<std::string>& columns) {
  v1::ModelConfig config = EmptyConfig("forecast");
  for (const std::string& column : columns) {
    config.mutable_inputs(0)->mutable_features()->add_columns()->set_name(column);
  }
  return config;
}

v1::Layer* AddLayer(v1::ModelConfig* config, const std::string& name,
                    const std::vector<std::string>& inputs) {
  v1::Layer* layer = config->add_layers();
  layer->set_name(name);
  for (const std::string& input : inputs) layer->add_inputs(input);
  return layer;
}

void AddEmbedding(v1::ModelConfig* config, const std::string& name, uint32_t width) {
  AddLayer(config, name)->mutable_embedding()->set_width(width);
}

v1::Dense* AddDense(v1::ModelConfig* config, const std::string& name, uint32_t units,
                    const std::vector<std::string>& inputs) {
  v1::Dense* dense = AddLayer(config, name, inputs)->mutable_dense();
  dense->set_units(units);
  return dense;
}

v1::Rnn* AddRnn(v1::ModelConfig* config, const std::string& name, uint32_t units,
                const std::string& activation) {
  v1::Rnn* rnn = AddLayer(config, name)->mutable_rnn();
  rnn->set_units(units);
  rnn->set_activation(activation);
  return rnn;
}

v1::Lstm* AddLstm(v1::ModelConfig* config, const std::string& name, uint32_t units) {
  v1::Lstm* lstm = AddLayer(config, name)->mutable_lstm();
  lstm->set_units(units);
  return lstm;
}

v1::Gru* AddGru(v1::ModelConfig* config, const std::string& name, uint32_t units) {
  v1::Gru* gru = AddLayer(config, name)->mutable_gru();
  gru->set_units(units);
  return gru;
}

void AddIndRnn(v1::ModelConfig* config, const std::string& name, uint32_t units) {
  AddLayer(config, name)->mutable_indrnn()->set_units(units);
}

void AddQrnn(v1::ModelConfig* config, const std::string& name, uint32_t units, uint32_t window) {
  v1::Qrnn* qrnn = AddLayer(config, name)->mutable_qrnn();
  qrnn->set_units(units);
  qrnn->set_window(window);
}

void AddActivation(v1::ModelConfig* config, const std::string& name, const std::string& function) {
  AddLayer(config, name)->mutable_activation()->set_function(function);
}

void AddDropout(v1::ModelConfig* config, const std::string& name, float rate) {
  AddLayer(config, name)->mutable_dropout()->set_rate(rate);
}

v1::Conv1d* AddConv1d(v1::ModelConfig* config, const std::string& name, uint32_t filters,
                      uint32_t kernel, const std::string& padding) {
  v1::Conv1d* conv = AddLayer(config, name)->mutable_conv1d();
  conv->set_filters(filters);
  conv->set_kernel(kernel);
  conv->set_padding(padding);
  return conv;
}

v1::Pool* AddPool(v1::ModelConfig* config, const std::string& name, const std::string& kind) {
  v1::Pool* pool = AddLayer(config, name)->mutable_pool();
  pool->set_kind(kind);
  return pool;
}

void AddConcat(v1::ModelConfig* config, const std::string& name,
               const std::vector<std::string>& inputs) {
  AddLayer(config, name, inputs)->mutable_concat();
}

void AddSum(v1::ModelConfig* config, const std::string& name,
            const std::vector<std::string>& inputs) {
  AddLayer(config, name, inputs)->mutable_add();
}

v1::Head* AddSoftmax(v1::ModelConfig* config, const std::string& name, const std::string& input) {
  v1::Head* head = config->add_heads();
  head->set_name(name);
  head->set_input(input);
  head->mutable_softmax();
  return head;
}

v1::Head* AddRegression(v1::ModelConfig* config, const std::string& name,
                        const std::string& distribution, const std::vector<std::string>& columns) {
  v1::Head* head = config->add_heads();
  head->set_name(name);
  head->mutable_regression()->set_distribution(distribution);
  for (const std::string& column : columns) head->mutable_regression()->add_columns(column);
  return head;
}

ModelContents RandomModel(const v1::ModelConfig& config, uint64_t seed) {
  ModelContents contents;
  contents.config = config;
  uint64_t index = 0;
  for (const TensorSpec& spec : TensorTable(ResolveGraph(config).value())) {
    contents.tensors[spec.name] = RandomTensor(spec, RandomStream(seed, index++, 0));
  }
  return ParseModelFile(SerializeModel(contents).value()).value();
}

ModelContents TinyTextModel() {
  v1::ModelConfig config = TextConfig("abcdefghijklmnopqrstuvwxyz .,'\n\u00e9");
  AddEmbedding(&config, "embedding", 8);
  AddLstm(&config, "lstm", 16);
  AddSoftmax(&config, "next");
  config.mutable_feedback()->set_head("next");
  return RandomModel(config, 1);
}

ModelContents TinyWordModel() {
  v1::ModelConfig config = WordConfig({"in", "the", "beginning", "god", "don't", ".", ","});
  AddEmbedding(&config, "embedding", 8);
  AddGru(&config, "gru", 16);
  AddSoftmax(&config, "next");
  config.mutable_feedback()->set_head("next");
  return RandomModel(config, 3);
}

ModelContents TinySeriesModel(HeadKind kind) {
  v1::ModelConfig config = SeriesConfig({"temperature", "wind"});
  for (v1::SeriesColumn& column :
       *config.mutable_inputs(0)->mutable_features()->mutable_columns()) {
    const bool temperature = column.name() == "temperature";
    column.mutable_impute()->set_kind(v1::Impute::LAST);
    column.mutable_impute()->set_mean(temperature ? 11.25 : 3.5);
    column.set_difference(1);
    column.mutable_scale()->set_kind(v1::Scale::STANDARD);
    column.mutable_scale()->set_offset(temperature ? 0.01 : -0.02);
    column.mutable_scale()->set_factor(temperature ? 2.7 : 1.3);
  }
  AddGru(&config, "gru", 16);
  AddRegression(&config, "next", kind == HeadKind::kGaussian ? "gaussian" : "point");
  config.mutable_feedback()->set_head("next");
  return RandomModel(config, 2);
}

}  // namespace sequent
