// WholeSequenceModels: layers that see a sequence as a whole.
#include <google/protobuf/text_format.h>

#include <cstdlib>

#include "tests/support/models.h"

namespace sequent {
namespace {

constexpr std::string_view kTokens =
    "task: 'tag' inputs { name: 'input' tokens { codec: 'ids' size: 11 } } "
    "layers { name: 'e' embedding { width: 5 } } ";
constexpr std::string_view kFeatures =
    "task: 'classify' inputs { name: 'input' features { columns { name: 'a' } columns { name: 'b' "
    "} columns { name: 'c' } } } ";
constexpr std::string_view kHead = " heads { name: 'y' softmax { classes: 3 } }";

class WholeZoo {
 public:
  std::vector<std::pair<std::string, ModelContents>> Build() && {
    AddDirections();
    AddConvolutions();
    AddPools();
    AddGraphs();
    return std::move(models_);
  }

 private:
  void Add(const std::string& name, std::string_view input, const std::string& layers) {
    v1::ModelConfig config;
    const std::string text = std::string(input) + layers + std::string(kHead);
    if (!google::protobuf::TextFormat::ParseFromString(text, &config)) std::abort();
    config.set_name(name);
    models_.emplace_back(name, RandomModel(config, 500 + models_.size()));
  }

  void AddDirections() {
    for (const char* cell : {"rnn", "lstm", "gru", "indrnn", "qrnn"}) {
      const std::string both = std::string(cell) + " { units: 7 direction: 'bidirectional' }";
      Add(std::string("bidirectional_") + cell, kTokens, "layers { name: 'l' " + both + " }");
    }
    Add("backward_gru", kTokens, "layers { name: 'l' gru { units: 9 direction: 'backward' } }");
    Add("backward_lstm_of_numbers", kFeatures,
        "layers { name: 'l' lstm { units: 6 projection: 4 direction: 'backward' } }");
    Add("bidirectional_stack", kTokens,
        "layers { name: 'd' dropout { rate: 0.25 } } "
        "layers { name: 'k' lstm { units: 5 direction: 'bidirectional' } } "
        "layers { name: 'l' gru { units: 6 direction: 'bidirectional' } }");
  }

  void AddConvolutions() {
    for (const int kernel : {1, 4, 5}) {
      Add("conv_same_" + std::to_string(kernel), kTokens,
          "layers { name: 'l' conv1d { filters: 9 kernel: " + std::to_string(kernel) +
              " padding: 'same' } } layers { name: 'r' rnn { units: 4 direction: 'backward' } }");
    }
    Add("conv_valid", kFeatures,
        "layers { name: 'k' conv1d { filters: 6 kernel: 3 padding: 'valid' } } "
        "layers { name: 'l' conv1d { filters: 7 kernel: 2 padding: 'valid' } } "
        "layers { name: 'g' gru { units: 5 direction: 'bidirectional' } } "
        "layers { name: 'p' pool { kind: 'mean' } }");
  }

  void AddPools() {
    for (const char* kind : {"final_states", "mean", "max", "attention"}) {
      Add(std::string("pool_") + kind, kTokens,
          "layers { name: 'l' lstm { units: 6 direction: 'bidirectional' } } "
          "layers { name: 'p' pool { kind: '" +
              std::string(kind) + "' } }");
    }
    Add("pool_final_states_backward", kFeatures,
        "layers { name: 'l' gru { units: 6 direction: 'backward' } } layers { name: 'd' dropout { "
        "rate: 0.25 } } layers { name: 'p' pool { kind: 'final_states' } }");
    Add("pool_positions", kFeatures,
        "layers { name: 'l' gru { units: 6 } } "
        "layers { name: 'p' pool { kind: 'positions' positions: [0, -1, 2, -50] } }");
    Add("pool_last", kFeatures,
        "layers { name: 'l' conv1d { filters: 5 kernel: 3 padding: 'same' } } "
        "layers { name: 'p' pool { kind: 'last' } }");
  }

  void AddGraphs() {
    Add("pools_joined", kTokens,
        "layers { name: 'c' conv1d { filters: 6 kernel: 7 padding: 'same' } } "
        "layers { name: 'l' lstm { units: 5 direction: 'bidirectional' } } "
        "layers { name: 'n' attention { heads: 2 window: 9 } } "
        "layers { name: 'm' inputs: 'n' pool { kind: 'max' } } "
        "layers { name: 'a' inputs: 'c' pool { kind: 'mean' } } "
        "layers { name: 'j' inputs: 'm' inputs: 'a' concat {} } "
        "layers { name: 'o' dropout { rate: 0.5 } } "
        "layers { name: 'f' dense { units: 8 } } "
        "layers { name: 't' activation { function: 'tanh' } } "
        "heads { name: 'each' input: 'l' softmax { classes: 4 } } ");
  }

  std::vector<std::pair<std::string, ModelContents>> models_;
};

}  // namespace

std::vector<std::pair<std::string, ModelContents>> WholeSequenceModels() {
  return WholeZoo().Build();
}

std::vector<std::pair<std::string, ModelContents>> AllModels() {
  auto models = OneModelPerLayerKind();
  for (auto& model : WholeSequenceModels()) models.push_back(std::move(model));
  return models;
}

}  // namespace sequent
