// What the lists of wrong configurations are made of. Included by their source files alone.
#ifndef SEQUENT_TESTS_CORE_MODEL_BAD_LIST_H_
#define SEQUENT_TESTS_CORE_MODEL_BAD_LIST_H_

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/model/bad_configs.h"

namespace sequent::bad {

using Edit = std::function<void(v1::ModelConfig*)>;

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInf = std::numeric_limits<double>::infinity();

inline v1::TokenInput* Tokens(v1::ModelConfig* c) { return c->mutable_inputs(0)->mutable_tokens(); }
inline v1::FeatureInput* Features(v1::ModelConfig* c) {
  return c->mutable_inputs(0)->mutable_features();
}
inline v1::SeriesColumn* Column(v1::ModelConfig* c, int i) {
  return Features(c)->mutable_columns(i);
}
inline v1::Impute* ImputeOf(v1::ModelConfig* c) { return Column(c, 0)->mutable_impute(); }
inline v1::Scale* ScaleOf(v1::ModelConfig* c) { return Column(c, 0)->mutable_scale(); }
inline v1::Layer* LayerAt(v1::ModelConfig* c, int i) { return c->mutable_layers(i); }
inline v1::RegressionHead* Regression(v1::ModelConfig* c) {
  return c->mutable_heads(0)->mutable_regression();
}

class List {
 public:
  void Text(const std::string& name, const std::string& message, const Edit& edit) {
    Add(GoodTextConfig(), name, message, edit, false);
  }
  void Series(const std::string& name, const std::string& message, const Edit& edit) {
    Add(GoodSeriesConfig(), name, message, edit, false);
  }
  void LearnedText(const std::string& name, const std::string& message, const Edit& edit) {
    Add(GoodTextConfig(), name, message, edit, true);
  }
  void LearnedSeries(const std::string& name, const std::string& message, const Edit& edit) {
    Add(GoodSeriesConfig(), name, message, edit, true);
  }
  std::vector<BadConfig> Take() && { return std::move(list_); }

 private:
  void Add(v1::ModelConfig config, const std::string& name, const std::string& message,
           const Edit& edit, bool learned) {
    edit(&config);
    list_.push_back({name, std::move(config), message, learned});
  }
  std::vector<BadConfig> list_;
};

// What is wrong with token inputs and their vocabularies, and with columns and their transforms.
void AddInputs(List* list);
// With layers: their kinds and fields, and how they are joined.
void AddLayers(List* list);

}  // namespace sequent::bad

#endif  // SEQUENT_TESTS_CORE_MODEL_BAD_LIST_H_
