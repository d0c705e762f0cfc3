// OneModelPerLayerKind: one function per family of layers.
#include "tests/support/models.h"
#include "tests/support/pieces.h"

namespace sequent {
namespace {

constexpr std::string_view kCharacters = "abcdefghijkl .\n";

class Zoo {
 public:
  std::vector<std::pair<std::string, ModelContents>> Build() && {
    AddRnns();
    AddLstms();
    AddLstmVariants();
    AddGrus();
    AddIndependent();
    AddFeedForward();
    AddActivations();
    AddConvolutions();
    AddAttentions();
    AddGraphs();
    AddSeries();
    AddDirect();
    return std::move(models_);
  }

 private:
  // Text models all begin with an embedding of width 5.
  static v1::ModelConfig Text() {
    v1::ModelConfig config = TextConfig(kCharacters);
    AddEmbedding(&config, "embedding", 5);
    return config;
  }

  void AddText(const std::string& name, v1::ModelConfig config) {
    AddSoftmax(&config, "next");
    config.mutable_feedback()->set_head("next");
    Add(name, std::move(config));
  }

  void Add(const std::string& name, v1::ModelConfig config) {
    config.set_name(name);
    models_.emplace_back(name, RandomModel(config, 100 + models_.size()));
  }

  void AddRnns() {
    for (const char* activation : {"tanh", "relu", "leaky_relu"}) {
      v1::ModelConfig config = Text();
      AddRnn(&config, "rnn", 7, activation);
      AddText(StrCat("rnn_", activation), config);
    }
  }

  void AddLstms() {
    v1::ModelConfig one = Text();
    AddLstm(&one, "lstm", 13);
    AddText("lstm", one);
    v1::ModelConfig two = Text();
    AddLstm(&two, "lstm1", 9);
    AddLstm(&two, "lstm2", 17);
    AddText("lstm_stack", two);
  }

  void AddLstmVariants() {
    for (const bool peepholes : {true, false}) {
      for (const uint32_t projection : {0, 5}) {
        if (!peepholes && projection == 0) continue;
        v1::ModelConfig config = Text();
        v1::Lstm* lstm = AddLstm(&config, "lstm", 21);
        lstm->set_peepholes(peepholes);
        lstm->set_projection(projection);
        lstm->set_weight_drop(0.5f);
        AddText(StrCat("lstm", peepholes ? "_peepholes" : "", projection > 0 ? "_projection" : ""),
                config);
      }
    }
  }

  // Cells that look at no other unit's state.
  void AddIndependent() {
    v1::ModelConfig indrnn = Text();
    AddIndRnn(&indrnn, "indrnn1", 19);
    AddIndRnn(&indrnn, "indrnn2", 7);
    AddText("indrnn", indrnn);
    for (const uint32_t window : {1, 2, 4}) {
      v1::ModelConfig qrnn = Text();
      AddQrnn(&qrnn, "qrnn", 19, window);
      AddText(StrCat("qrnn_window_", window), qrnn);
    }
    v1::ModelConfig stack = SeriesConfig({"a", "b", "c"});
    AddQrnn(&stack, "qrnn1", 9, 3);
    AddIndRnn(&stack, "indrnn", 6);
    AddQrnn(&stack, "qrnn2", 17, 2);
    AddRegression(&stack, "next");
    Add("series_qrnn_indrnn", stack);
  }

  void AddGrus() {
    for (const char* reset : {"after", "before"}) {
      for (const char* update : {"keep_old", "take_new"}) {
        for (const bool bias : {true, false}) {
          v1::ModelConfig config = Text();
          v1::Gru* gru = AddGru(&config, "gru", 11);
          gru->set_reset(reset);
          gru->set_update_gate(update);
          gru->set_bias(bias);
          AddText(StrCat("gru_", reset, "_", update, bias ? "_bias" : "_no_bias"), config);
        }
      }
    }
  }

  void AddFeedForward() {
    AddText("embedding", Text());
    for (const bool bias : {true, false}) {
      v1::ModelConfig config = Text();
      AddDense(&config, "dense", 9)->set_bias(bias);
      AddText(bias ? "dense_bias" : "dense_no_bias", config);
    }
    v1::ModelConfig config = Text();
    AddDropout(&config, "dropout1", 0.5f);
    AddGru(&config, "gru", 6);
    AddDropout(&config, "dropout2", 0.25f);
    AddText("dropout", config);
    config.mutable_layers(1)->mutable_dropout()->set_locked(true);
    AddText("dropout_locked", config);
    for (const uint32_t width : {7u, 35u}) {
      v1::ModelConfig norm = Text();
      AddLstm(&norm, "lstm", width);
      AddLayer(&norm, "norm")->mutable_layer_norm();
      AddText(StrCat("layer_norm_", width), norm);
    }
    v1::ModelConfig tied = Text();
    AddLstm(&tied, "lstm", 9);
    AddDense(&tied, "dense", 5);
    AddSoftmax(&tied, "next")->mutable_softmax()->set_tied_to("embedding");
    Add("tied", tied);
  }

  void AddActivations() {
    for (const char* function : {"tanh", "sigmoid", "relu", "leaky_relu"}) {
      v1::ModelConfig config = Text();
      AddLstm(&config, "lstm", 7);
      AddActivation(&config, "activation", function);
      AddText(StrCat("activation_", function), config);
    }
  }

  void AddConvolutions() {
    for (const uint32_t kernel : {1u, 4u}) {
      v1::ModelConfig config = Text();
      AddConv1d(&config, "conv", 9, kernel, "");
      AddGru(&config, "gru", 6);
      AddPool(&config, "last", "last");
      AddText(StrCat("conv_causal_", kernel), config);
    }
  }

  void AddAttentions() {
    for (const uint32_t window : {1u, 5u, 40u}) {
      v1::ModelConfig config = Text();
      AddGru(&config, "gru", 18);
      v1::Attention* attention = AddLayer(&config, "attention")->mutable_attention();
      attention->set_heads(window == 1 ? 0 : 3);
      attention->set_window(window);
      AddSum(&config, "sum", {"gru", "attention"});
      AddText(StrCat("attention_", window), config);
    }
  }

  void AddGraphs() {
    v1::ModelConfig skip = Text();
    AddLstm(&skip, "lstm", 5);
    AddSum(&skip, "residual", {"embedding", "lstm"});
    AddGru(&skip, "gru", 7);
    AddConcat(&skip, "joined", {"gru", "embedding", "residual"});
    AddDense(&skip, "dense", 6);
    AddText("skip_concat_add", skip);

    v1::ModelConfig mixed = Text();
    AddGru(&mixed, "gru", 9);
    AddRnn(&mixed, "rnn", 3);
    AddLstm(&mixed, "lstm", 33);
    AddText("stack_gru_rnn_lstm", mixed);

    // The layer listed first reads the one listed second.
    v1::ModelConfig shuffled = IdsConfig(19);
    AddDense(&shuffled, "late", 4, {"early"});
    AddLayer(&shuffled, "early", {"input"})->mutable_embedding()->set_width(3);
    AddSoftmax(&shuffled, "next", "late");
    Add("ids_out_of_order", shuffled);
  }

  // A season that is subtracted and fills gaps, two differences, a scale of the last values.
  static void AddSeasons(v1::FeatureInput* input) {
    v1::SeriesColumn* a = input->mutable_columns(0);
    a->mutable_impute()->set_kind(v1::Impute::SEASONAL_MEAN);
    a->mutable_season()->set_period(3);
    a->mutable_season()->set_subtract(true);
    for (const double value : {0.5, -0.25, 1.5}) {
      a->mutable_impute()->add_seasonal_means(value);
      a->mutable_season()->add_cycle(-value);
    }
    v1::SeriesColumn* b = input->mutable_columns(1);
    b->set_seasonal_difference(4);
    b->set_difference(1);
    b->mutable_scale()->set_kind(v1::Scale::ROBUST);
    b->mutable_scale()->set_factor(1.5);
    b->mutable_scale()->set_scope(v1::Scale::PER_WINDOW);
    b->mutable_scale()->set_window(5);
  }

  // Five steps at once, beyond the season of one column and the lags of the other, beside a head of
  // the next step.
  void AddDirect() {
    for (const char* distribution : {"point", "gaussian", "student_t", "quantiles"}) {
      v1::ModelConfig config = SeriesConfig({"a", "b"});
      AddSeasons(config.mutable_inputs(0)->mutable_features());
      AddGru(&config, "gru", 5);
      AddRegression(&config, "ahead", distribution)->mutable_regression()->set_horizon(5);
      AddRegression(&config, "next", "point", {"b"});
      Add(StrCat("series_direct_", distribution), config);
    }
  }

  void AddSeries() {
    for (const char* distribution : {"point", "gaussian", "student_t", "quantiles"}) {
      v1::ModelConfig config = SeriesConfig({"a", "b", "c"});
      v1::SeriesColumn* column = config.mutable_inputs(0)->mutable_features()->mutable_columns(1);
      column->mutable_impute()->set_kind(v1::Impute::MEAN);
      column->mutable_impute()->set_mean(0.25);
      column->mutable_impute()->set_missing_flag(true);
      column->set_difference(3);
      AddLstm(&config, "lstm", 10);
      AddRegression(&config, "next", distribution);
      config.mutable_feedback()->set_head("next");
      Add(StrCat("series_", distribution), config);
    }
    v1::ModelConfig seasonal = SeriesConfig({"a", "b"});
    AddSeasons(seasonal.mutable_inputs(0)->mutable_features());
    AddGru(&seasonal, "gru", 5);
    AddRegression(&seasonal, "next", "gaussian");
    seasonal.mutable_feedback()->set_head("next");
    Add("series_seasonal", seasonal);
    v1::ModelConfig config = SeriesConfig({"a", "b"});
    AddGru(&config, "gru", 9);
    AddDense(&config, "dense", 5);
    AddRegression(&config, "level", "gaussian", {"b"});
    v1::Head* weather = AddSoftmax(&config, "weather", "gru");
    for (const char* label : {"dry", "rain", "snow"}) weather->mutable_softmax()->add_labels(label);
    weather->set_loss_weight(0.5f);
    Add("two_heads", config);
    v1::ModelConfig tags = Text();
    tags.set_task("tag");
    AddGru(&tags, "gru", 9);
    v1::Head* kind = AddSoftmax(&tags, "kind");
    for (const char* label : {"noun", "verb", "mark"}) kind->mutable_softmax()->add_labels(label);
    v1::Head* traits = tags.add_heads();
    traits->set_name("traits");
    for (const char* label : {"rare", "old"}) traits->mutable_bernoulli()->add_labels(label);
    Add("tags", tags);
    v1::ModelConfig linear = SeriesConfig({"a", "b"});
    AddRegression(&linear, "next");
    Add("linear", linear);
  }

  std::vector<std::pair<std::string, ModelContents>> models_;
};

}  // namespace

std::vector<std::pair<std::string, ModelContents>> OneModelPerLayerKind() {
  auto models = Zoo().Build();
  models.emplace_back("pieces", TinyPieceModel());
  return models;
}

}  // namespace sequent
