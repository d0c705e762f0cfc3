#include "tests/core/model/bad_configs.h"

#include <functional>
#include <limits>

#include "tests/support/models.h"

namespace sequent {
namespace {

using Edit = std::function<void(v1::ModelConfig*)>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

v1::TokenInput* Tokens(v1::ModelConfig* c) { return c->mutable_inputs(0)->mutable_tokens(); }
v1::FeatureInput* Features(v1::ModelConfig* c) { return c->mutable_inputs(0)->mutable_features(); }
v1::SeriesColumn* Column(v1::ModelConfig* c, int i) { return Features(c)->mutable_columns(i); }
v1::Impute* ImputeOf(v1::ModelConfig* c) { return Column(c, 0)->mutable_impute(); }
v1::Scale* ScaleOf(v1::ModelConfig* c) { return Column(c, 0)->mutable_scale(); }
v1::Layer* LayerAt(v1::ModelConfig* c, int i) { return c->mutable_layers(i); }
v1::RegressionHead* Regression(v1::ModelConfig* c) {
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

void AddTasksAndInputs(List* list) {
  list->Text("NoTask", "task: expected language_model | forecast | classify | tag, got ''",
             [](auto* c) { c->clear_task(); });
  list->Text("UnknownTask", "got 'language_modle'; did you mean 'language_model'?",
             [](auto* c) { c->set_task("language_modle"); });
  list->Text("TaskOfTheFuture",
             "task: expected language_model | forecast | classify | tag, got 'dream'",
             [](auto* c) { c->set_task("dream"); });
  list->Text("NameTooLong", "name: expected a name of 1 to 256 bytes of UTF-8",
             [](auto* c) { c->set_name(std::string(257, 'x')); });
  list->Text("NoInputs", "inputs: expected exactly 1, got 0", [](auto* c) { c->clear_inputs(); });
  list->Text("TwoInputs", "inputs: expected exactly 1, got 2",
             [](auto* c) { *c->add_inputs() = c->inputs(0); });
  list->Text("InputOfNoKind", "inputs[0]: expected one of tokens, features, got no kind",
             [](auto* c) { c->mutable_inputs(0)->clear_kind(); });
  list->Text("InputOfOtherName", "inputs[0].name: expected 'input', got 'text'",
             [](auto* c) { c->mutable_inputs(0)->set_name("text"); });
  list->Text("LanguageModelOfFeatures", "inputs[0]: expected tokens for task language_model",
             [](auto* c) { Features(c)->add_columns()->set_name("a"); });
  list->Series("ForecastOfTokens", "inputs[0]: expected features for task forecast",
               [](auto* c) { Tokens(c)->set_codec("ids"); });
  list->Text("NoCodec", "inputs[0].tokens.codec: expected characters | ids | words | list, got ''",
             [](auto* c) { Tokens(c)->clear_codec(); });
  list->Text("UnknownCodec",
             "tokens.codec: expected characters | ids | words | list, got 'charcters'; did you",
             [](auto* c) { Tokens(c)->set_codec("charcters"); });
  list->Text("NoVocabulary", "inputs[0].tokens.vocabulary: expected 1..1048576 entries, got 0",
             [](auto* c) { Tokens(c)->clear_vocabulary(); });
  list->Text("SizeOtherThanVocabulary", "tokens.size: expected 0 or the vocabulary's 4, got 5",
             [](auto* c) { Tokens(c)->set_size(5); });
  list->Text("IdsWithVocabulary", "tokens.vocabulary: expected none with codec ids, got 4 entries",
             [](auto* c) { Tokens(c)->set_codec("ids"); });
  list->Text("IdsWithoutSize", "inputs[0].tokens.size: expected 1..1048576, got 0", [](auto* c) {
    Tokens(c)->set_codec("ids");
    Tokens(c)->clear_vocabulary();
  });
  list->Text("TooManyIds", "inputs[0].tokens.size: expected 1..1048576, got 4000000000",
             [](auto* c) {
               Tokens(c)->set_codec("ids");
               Tokens(c)->clear_vocabulary();
               Tokens(c)->set_size(4000000000u);
             });
}

void AddVocabularies(List* list) {
  list->LearnedText("NoUnknownToken", "tokens.vocabulary[0]: expected '<unk>', got 'z'",
                    [](auto* c) { Tokens(c)->set_vocabulary(0, "z"); });
  list->LearnedText("UnknownTokenTwice",
                    "tokens.vocabulary[2]: expected one Unicode character, got '<unk>'",
                    [](auto* c) { Tokens(c)->set_vocabulary(2, "<unk>"); });
  list->LearnedText("EmptyEntry", "tokens.vocabulary[1]: expected one Unicode character, got ''",
                    [](auto* c) { Tokens(c)->set_vocabulary(1, ""); });
  list->LearnedText("TwoCharactersInAnEntry",
                    "tokens.vocabulary[3]: expected one Unicode character, got 'cd'",
                    [](auto* c) { Tokens(c)->set_vocabulary(3, "cd"); });
  list->LearnedText("EntryTwice",
                    "tokens.vocabulary[3]: expected a character not listed before, got 'a'",
                    [](auto* c) { Tokens(c)->set_vocabulary(3, "a"); });
}

// Turns the input into one of words.
void ToWords(v1::ModelConfig* c) {
  Tokens(c)->set_codec("words");
  Tokens(c)->clear_vocabulary();
  for (const char* entry : {"<pad>", "<unk>", "<bos>", "<eos>", "god"}) {
    Tokens(c)->add_vocabulary(entry);
  }
}

void AddWords(List* list) {
  list->Text("CharactersInLowerCase", "tokens.lowercase: expected false with codec characters",
             [](auto* c) { Tokens(c)->set_lowercase(true); });
  list->Text("CharactersWithLineEnds", "tokens.line_ends: expected false with codec characters",
             [](auto* c) { Tokens(c)->set_line_ends(true); });
  list->Text("WordsWithoutTheSpecialOnes", "tokens.vocabulary: expected 4..1048576 entries, got 3",
             [](auto* c) {
               Tokens(c)->set_codec("words");
               Tokens(c)->mutable_vocabulary()->RemoveLast();
             });
  list->LearnedText("SpecialTokenOfAnotherName", "vocabulary[3]: expected '<eos>', got '</s>'",
                    [](auto* c) {
                      ToWords(c);
                      Tokens(c)->set_vocabulary(3, "</s>");
                    });
  list->LearnedText("TwoWordsInAnEntry", "vocabulary[5]: expected a word of at most 64 bytes",
                    [](auto* c) {
                      ToWords(c);
                      Tokens(c)->add_vocabulary("my god");
                    });
  list->LearnedText("WordTwice", "vocabulary[5]: expected a word not listed before, got 'god'",
                    [](auto* c) {
                      ToWords(c);
                      Tokens(c)->add_vocabulary("god");
                    });
  list->LearnedText("UpperCaseWhereThereIsNone", "vocabulary[5]: expected lower case, got 'God'",
                    [](auto* c) {
                      ToWords(c);
                      Tokens(c)->set_lowercase(true);
                      Tokens(c)->add_vocabulary("God");
                    });
}

void AddColumns(List* list) {
  list->Series("NoColumns", "inputs[0].features.columns: expected 1..65536, got 0",
               [](auto* c) { Features(c)->clear_columns(); });
  list->Series("ColumnWithoutName", "features.columns[1].name: expected a name of 1 to 256 bytes",
               [](auto* c) { Column(c, 1)->clear_name(); });
  list->Series("ColumnNameTwice",
               "features.columns[1].name: expected a name not used before, got 'a'",
               [](auto* c) { Column(c, 1)->set_name("a"); });
  list->Series("DifferenceTooLong", "columns[0].difference: expected 0..65536, got 65537",
               [](auto* c) { Column(c, 0)->set_difference(65537); });
  list->Series("UnknownImpute", "columns[0].impute.kind: expected NONE | LAST | MEAN, got 9",
               [](auto* c) { ImputeOf(c)->set_kind(static_cast<v1::Impute::Kind>(9)); });
  list->Series("FlagWithoutImpute",
               "columns[0].impute.missing_flag: expected false where impute.kind is NONE, got true",
               [](auto* c) { ImputeOf(c)->set_missing_flag(true); });
  list->Series("UnknownScale", "columns[0].scale.kind: expected NONE | STANDARD, got 7",
               [](auto* c) { ScaleOf(c)->set_kind(static_cast<v1::Scale::Kind>(7)); });
  list->LearnedSeries("FactorZero", "columns[0].scale.factor: expected > 0, got 0",
                      [](auto* c) { ScaleOf(c)->set_kind(v1::Scale::STANDARD); });
  list->LearnedSeries("FactorNegative", "columns[0].scale.factor: expected > 0, got -2",
                      [](auto* c) {
                        ScaleOf(c)->set_kind(v1::Scale::STANDARD);
                        ScaleOf(c)->set_factor(-2);
                      });
  list->LearnedSeries("FactorNan", "columns[0].scale.factor: expected a finite number, got nan",
                      [](auto* c) { ScaleOf(c)->set_factor(kNan); });
  list->LearnedSeries("OffsetInfinite",
                      "columns[0].scale.offset: expected a finite number, got inf",
                      [](auto* c) { ScaleOf(c)->set_offset(kInf); });
  list->LearnedSeries("MeanNan", "columns[0].impute.mean: expected a finite number, got nan",
                      [](auto* c) { ImputeOf(c)->set_mean(kNan); });
}

void AddLayers(List* list) {
  list->Text("LayerWithoutName", "layers[1].name: expected 1 to 64 characters of A-Z a-z 0-9 _ -",
             [](auto* c) { LayerAt(c, 1)->clear_name(); });
  list->Text("LayerNameWithDot", "layers[1].name: expected 1 to 64 characters",
             [](auto* c) { LayerAt(c, 1)->set_name("lstm.1"); });
  list->Text("LayerNameTooLong", "layers[1].name: expected 1 to 64 characters",
             [](auto* c) { LayerAt(c, 1)->set_name(std::string(65, 'l')); });
  list->Text("LayerNameTwice", "layers[1].name: expected a name not used before, got 'embedding'",
             [](auto* c) { LayerAt(c, 1)->set_name("embedding"); });
  list->Text("LayerNamedInput", "layers[1].name: expected a name not used before, got 'input'",
             [](auto* c) { LayerAt(c, 1)->set_name("input"); });
  list->Text("LayerNamedAsset", "layers[1].name: expected a name other than the reserved 'asset'",
             [](auto* c) { LayerAt(c, 1)->set_name("asset"); });
  list->Text("LayerOfNoKind", "layers[1]: expected one of embedding, dense, rnn, lstm, gru,",
             [](auto* c) { LayerAt(c, 1)->clear_kind(); });
  list->Text("UnknownLayerInput",
             "layers[1].inputs[0]: expected the name of a layer or input, got 'embeding'",
             [](auto* c) { LayerAt(c, 1)->add_inputs("embeding"); });
  list->Text("LayerReadsAHead", "layers[1].inputs[0]: expected the name of a layer or input",
             [](auto* c) { LayerAt(c, 1)->add_inputs("next"); });
  list->Text("LayerReadsItself",
             "layers[1].inputs: expected layers without a cycle, got 'lstm', which depends on",
             [](auto* c) { LayerAt(c, 1)->add_inputs("lstm"); });
  list->Text("Cycle", "expected layers without a cycle, got 'lstm', which depends on itself",
             [](auto* c) {
               AddDense(c, "loop", 3, {"lstm"});
               LayerAt(c, 1)->add_inputs("loop");
             });
  list->Text("TooManyLayers", "layers: expected at most 256, got 257", [](auto* c) {
    for (int i = c->layers_size(); i < 257; ++i) AddActivation(c, StrCat("a", i), "tanh");
  });
  list->Text("LayerThatNoHeadUses",
             "layers[2]: expected a layer that some head depends on, got 'spare', which none does",
             [](auto* c) {
               c->mutable_heads(0)->set_input("lstm");
               AddDense(c, "spare", 3);
             });
  list->Text("EmbeddingOfNumbers",
             "layers[2].inputs: expected a token input, got 'lstm', which is none",
             [](auto* c) { AddEmbedding(c, "second", 3); });
  list->Text("LstmOfTokens",
             "layers[1].inputs: expected numbers (put an embedding in between), got 'input'",
             [](auto* c) { LayerAt(c, 1)->add_inputs("input"); });
  list->Text("LstmOfTwoInputs", "layers[1].inputs: expected exactly 1, got 2", [](auto* c) {
    LayerAt(c, 1)->add_inputs("embedding");
    LayerAt(c, 1)->add_inputs("embedding");
  });
  list->Text("ConcatOfOne", "layers[2].inputs: expected at least 2, got 1",
             [](auto* c) { AddConcat(c, "joined", {"lstm"}); });
  list->Text("AddOfOne", "layers[2].inputs: expected at least 2, got 1",
             [](auto* c) { AddSum(c, "sum", {"lstm"}); });
  list->Text("AddOfUnequalWidths",
             "layers[2].inputs: expected equal widths to add ('embedding' has 2), got 'lstm' of "
             "width 3",
             [](auto* c) { AddSum(c, "sum", {"embedding", "lstm"}); });
  list->Text("TooManyInputs", "layers[2].inputs: expected at most 256, got 257",
             [](auto* c) { AddConcat(c, "joined", std::vector<std::string>(257, "lstm")); });
}

void AddLayerFields(List* list) {
  const auto with = [list](const std::string& name, const std::string& message,
                           const std::function<void(v1::Layer*)>& edit) {
    list->Text(name, message, [edit](auto* c) { edit(LayerAt(c, 1)); });
  };
  list->Text("EmbeddingWidthZero", "layers[0].embedding.width: expected 1..65536, got 0",
             [](auto* c) { LayerAt(c, 0)->mutable_embedding()->set_width(0); });
  with("LstmUnitsZero", "layers[1].lstm.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_lstm()->set_units(0); });
  with("LstmUnitsTooMany", "layers[1].lstm.units: expected 1..65536, got 65537",
       [](auto* l) { l->mutable_lstm()->set_units(65537); });
  with("DenseUnitsZero", "layers[1].dense.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_dense(); });
  with("RnnUnitsZero", "layers[1].rnn.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_rnn(); });
  with("GruUnitsZero", "layers[1].gru.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_gru(); });
  with("RnnActivation", "layers[1].rnn.activation: expected tanh | relu | leaky_relu, got 'tahn'",
       [](auto* l) { l->mutable_rnn()->set_activation("tahn"); });
  with("GruReset", "layers[1].gru.reset: expected after | before, got 'never'",
       [](auto* l) { l->mutable_gru()->set_reset("never"); });
  with("GruUpdateGate",
       "layers[1].gru.update_gate: expected keep_old | take_new, got 'keepold'; did you mean "
       "'keep_old'?",
       [](auto* l) { l->mutable_gru()->set_update_gate("keepold"); });
  with("IndRnnUnitsZero", "layers[1].indrnn.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_indrnn(); });
  with("QrnnUnitsZero", "layers[1].qrnn.units: expected 1..65536, got 0",
       [](auto* l) { l->mutable_qrnn(); });
  with("QrnnWindow", "layers[1].qrnn.window: expected 1..64, got 65", [](auto* l) {
    l->mutable_qrnn()->set_units(3);
    l->mutable_qrnn()->set_window(65);
  });
  list->Text("QrnnWindowOfTooManyInputs",
             "layers[1].qrnn.window: its inputs' joint width: expected 1..65536, got 65568",
             [](auto* c) {
               LayerAt(c, 0)->mutable_embedding()->set_width(2049);
               LayerAt(c, 1)->mutable_qrnn()->set_units(3);
               LayerAt(c, 1)->mutable_qrnn()->set_window(32);
             });
  with("LstmProjectionTooWide",
       "layers[1].lstm.projection: expected 0 or fewer than units, 3, got 3",
       [](auto* l) { l->mutable_lstm()->set_projection(3); });
  with("RnnWeightDropOne", "layers[1].rnn.weight_drop: expected at least 0 and under 1, got 1",
       [](auto* l) { l->mutable_rnn()->set_weight_drop(1); });
  with("LstmWeightDropNegative",
       "layers[1].lstm.weight_drop: expected at least 0 and under 1, got -0.5",
       [](auto* l) { l->mutable_lstm()->set_weight_drop(-0.5f); });
  with("GruWeightDropNan", "layers[1].gru.weight_drop: expected at least 0 and under 1, got nan",
       [](auto* l) { l->mutable_gru()->set_weight_drop(static_cast<float>(kNan)); });
  with("NoActivation", "layers[1].activation.function: expected tanh | sigmoid | relu | leaky_relu",
       [](auto* l) { l->mutable_activation(); });
  with("UnknownActivation", "layers[1].activation.function: expected tanh | sigmoid",
       [](auto* l) { l->mutable_activation()->set_function("gelu"); });
  with("DropoutOne", "layers[1].dropout.rate: expected at least 0 and under 1, got 1",
       [](auto* l) { l->mutable_dropout()->set_rate(1); });
  with("DropoutNegative", "layers[1].dropout.rate: expected at least 0 and under 1, got -0.5",
       [](auto* l) { l->mutable_dropout()->set_rate(-0.5f); });
  with("DropoutNan", "layers[1].dropout.rate: expected at least 0 and under 1, got nan",
       [](auto* l) { l->mutable_dropout()->set_rate(static_cast<float>(kNan)); });
  list->Text("ConcatTooWide", "layers[2].inputs: their joint width: expected 1..65536, got 65538",
             [](auto* c) {
               LayerAt(c, 1)->mutable_lstm()->set_units(32769);
               AddConcat(c, "joined", {"lstm", "lstm"});
             });
  list->Text("TooManyParameters", "expected a model of at most 17179869184 parameters",
             [](auto* c) {
               LayerAt(c, 0)->mutable_embedding()->set_width(65536);
               LayerAt(c, 1)->mutable_lstm()->set_units(65536);
             });
}

// What sees a sequence as a whole: where it is refused, and what it cannot be joined to.
void AddWholeSequences(List* list) {
  list->Text("BackwardLanguageModel",
             "layers[1].lstm.direction: expected forward in task language_model (it would see the "
             "future), got backward",
             [](auto* c) { LayerAt(c, 1)->mutable_lstm()->set_direction("backward"); });
  list->Series("BidirectionalForecast",
               "layers[0].gru.direction: expected forward in task forecast (it would see the "
               "future), got bidirectional",
               [](auto* c) { LayerAt(c, 0)->mutable_gru()->set_direction("bidirectional"); });
  list->Text("UnknownDirection", "got 'backwards'; did you mean 'backward'?", [](auto* c) {
    c->set_task("tag");
    LayerAt(c, 1)->mutable_lstm()->set_direction("backwards");
  });
  list->Text("SamePaddedLanguageModel",
             "layers[2].conv1d.padding: expected causal in task language_model",
             [](auto* c) { AddConv1d(c, "conv", 3, 3, "same"); });
  list->Text("ConvOfNoWidth", "layers[2].conv1d.kernel: expected 1..64, got 0",
             [](auto* c) { AddConv1d(c, "conv", 3, 0, "causal"); });
  list->Text("ConvOfNoFilters", "layers[2].conv1d.filters: expected 1..65536, got 0",
             [](auto* c) { AddConv1d(c, "conv", 0, 3, "causal"); });
  list->Text("UnknownPadding", "got 'casual'; did you mean 'causal'?",
             [](auto* c) { AddConv1d(c, "conv", 3, 3, "casual"); });
  list->Text("PooledLanguageModel", "layers[2].pool.kind: expected last in task language_model",
             [](auto* c) { AddPool(c, "pool", "max"); });
  list->Text("PoolOfNoKind", "layers[2].pool.kind: expected last | final_states | mean",
             [](auto* c) { AddPool(c, "pool", ""); });
  list->Text("UnknownPool", "got 'meen'; did you mean 'mean'?",
             [](auto* c) { AddPool(c, "pool", "meen"); });
  list->Text("PoolOfNoPositions", "layers[2].pool.positions: expected 1..64, got 0",
             [](auto* c) { AddPool(c, "pool", "positions"); });
  list->Text("PositionsOfAMean", "layers[2].pool.positions: expected none for mean, got 1",
             [](auto* c) { AddPool(c, "pool", "mean")->add_positions(1); });
  list->Text("FinalStatesOfNoRecurrentLayer",
             "layers[3].inputs: expected a recurrent layer for final_states, got 'dense'",
             [](auto* c) {
               AddDense(c, "dense", 3);
               AddPool(c, "pool", "final_states");
             });
  list->Text("LastOfABackwardLayer",
             "layers[2].pool.kind: expected final_states behind a layer that reads backward",
             [](auto* c) {
               c->set_task("tag");
               LayerAt(c, 1)->mutable_lstm()->set_direction("bidirectional");
               AddPool(c, "pool", "last");
             });
  list->Text("PoolOfAPool",
             "layers[3].inputs: expected a layer with an output per step, got 'first', which has "
             "one per sequence",
             [](auto* c) {
               c->set_task("classify");
               AddPool(c, "first", "mean");
               AddPool(c, "second", "mean");
             });
  list->Text("PoolJoinedToSteps",
             "layers[3].inputs: expected layers with equally many steps ('lstm' has the steps of "
             "the input), got 'pool', which has one step per sequence",
             [](auto* c) {
               c->set_task("classify");
               AddPool(c, "pool", "mean");
               AddConcat(c, "joined", {"lstm", "pool"});
             });
  list->Text("HeadOfFewerSteps",
             "heads[0].input: expected a layer with as many steps as the input (put a pool in "
             "between), got 'conv', which has 2 fewer",
             [](auto* c) {
               c->set_task("tag");
               AddConv1d(c, "conv", 3, 3, "valid");
             });
  list->Text("RolloutOfWholeSequences",
             "feedback: expected none in a model that takes whole sequences", [](auto* c) {
               c->set_task("tag");
               LayerAt(c, 1)->mutable_lstm()->set_direction("backward");
             });
}

void AddHeads(List* list) {
  list->Text("NoHeads", "heads: expected 1..64, got 0", [](auto* c) { c->clear_heads(); });
  list->Text("TooManyHeads", "heads: expected 1..64, got 65", [](auto* c) {
    for (int i = 1; i < 65; ++i) AddSoftmax(c, StrCat("h", i));
  });
  list->Text("HeadWithoutName", "heads[0].name: expected 1 to 64 characters",
             [](auto* c) { c->mutable_heads(0)->clear_name(); });
  list->Text("HeadNameTwice", "heads[1].name: expected a name not used before, got 'next'",
             [](auto* c) { AddSoftmax(c, "next"); });
  list->Text("HeadNamedAsALayer", "heads[0].name: expected a name not used before, got 'lstm'",
             [](auto* c) { c->mutable_heads(0)->set_name("lstm"); });
  list->Text("HeadOfUnknownLayer",
             "heads[0].input: expected the name of a layer or input, got 'nowhere'",
             [](auto* c) { c->mutable_heads(0)->set_input("nowhere"); });
  list->Text("HeadReadsAHead", "heads[1].input: expected the name of a layer or input, got 'next'",
             [](auto* c) { AddSoftmax(c, "second", "next"); });
  list->Text("HeadReadsTokens",
             "heads[0].input: expected a layer (put an embedding in between), got 'input'",
             [](auto* c) { c->mutable_heads(0)->set_input("input"); });
  list->Text("HeadOfNoKind",
             "heads[0]: expected one of softmax, regression, bernoulli, got no kind",
             [](auto* c) { c->mutable_heads(0)->clear_kind(); });
  list->Text("RegressionOfTokens",
             "heads[0].regression: expected softmax for a token input, got regression",
             [](auto* c) { Regression(c); });
  list->Text("LabelsInALanguageModel", "heads[0].softmax.labels: expected none in a language_model",
             [](auto* c) { c->mutable_heads(0)->mutable_softmax()->add_labels("a"); });
  list->Text("ClassesOtherThanTokens",
             "heads[0].softmax.classes: expected 0 or the input's 4 tokens, got 3",
             [](auto* c) { c->mutable_heads(0)->mutable_softmax()->set_classes(3); });
  list->Text("LastStepOfALanguageModel",
             "heads[0].last_step: expected false for task language_model",
             [](auto* c) { c->mutable_heads(0)->set_last_step(true); });
  list->Text("BernoulliWithoutLabels", "heads[0].bernoulli.labels: expected 1..1048576, got 0",
             [](auto* c) { c->mutable_heads(0)->mutable_bernoulli(); });
  list->Text("BernoulliLabelTwice",
             "heads[0].bernoulli.labels[1]: expected a label not used before, got 'a'",
             [](auto* c) {
               for (int i = 0; i < 2; ++i) {
                 c->mutable_heads(0)->mutable_bernoulli()->add_labels("a");
               }
             });
  list->Text("FeedbackOfTraits", "feedback.head: expected a head that predicts the input",
             [](auto* c) {
               c->mutable_heads(0)->mutable_bernoulli()->add_labels("a");
               c->mutable_feedback()->set_head("next");
             });
  list->Text("LossWeightNegative", "heads[0].loss_weight: expected a finite number >= 0",
             [](auto* c) { c->mutable_heads(0)->set_loss_weight(-1); });
  list->Text("LossWeightNan", "heads[0].loss_weight: expected a finite number >= 0",
             [](auto* c) { c->mutable_heads(0)->set_loss_weight(static_cast<float>(kNan)); });
  list->Series("UnknownDistribution",
               "heads[0].regression.distribution: expected point | gaussian, got 'gausian'; did",
               [](auto* c) { Regression(c)->set_distribution("gausian"); });
  list->Series("UnknownHeadColumn",
               "heads[0].regression.columns[0]: expected the name of an input column, got 'z'",
               [](auto* c) { Regression(c)->add_columns("z"); });
  list->Series("HeadColumnTwice",
               "heads[0].regression.columns[1]: expected a column not listed before, got 'a'",
               [](auto* c) {
                 Regression(c)->add_columns("a");
                 Regression(c)->add_columns("a");
               });
  const auto labels = [list](const std::string& name, const std::string& message,
                             const std::function<void(v1::SoftmaxHead*)>& edit) {
    list->Series(name, message,
                 [edit](auto* c) { edit(AddSoftmax(c, "weather")->mutable_softmax()); });
  };
  labels("NoClasses", "heads[1].softmax.classes: expected 1..1048576, got 0", [](auto*) {});
  labels("TooManyClasses", "heads[1].softmax.classes: expected 1..1048576, got 1048577",
         [](auto* s) { s->set_classes(1048577); });
  labels("EmptyLabel", "heads[1].softmax.labels[0]: expected a name of 1 to 256 bytes",
         [](auto* s) { s->add_labels(""); });
  labels("LabelTwice", "heads[1].softmax.labels[1]: expected a label not used before, got 'rain'",
         [](auto* s) {
           s->add_labels("rain");
           s->add_labels("rain");
         });
  labels("ClassesOtherThanLabels",
         "heads[1].softmax.classes: expected 0 or the number of labels, 1, got 2", [](auto* s) {
           s->add_labels("rain");
           s->set_classes(2);
         });
}

void AddTies(List* list) {
  list->Text("TiedToNothing",
             "heads[0].softmax.tied_to: expected the name of an embedding, got 'e'",
             [](auto* c) { c->mutable_heads(0)->mutable_softmax()->set_tied_to("e"); });
  list->Text("TiedToAnLstm", "heads[0].softmax.tied_to: expected the name of an embedding",
             [](auto* c) { c->mutable_heads(0)->mutable_softmax()->set_tied_to("lstm"); });
  list->Text("TiedToAnotherWidth",
             "heads[0].softmax.tied_to: expected an embedding as wide as the head's input, 3, got "
             "'embedding' of width 2",
             [](auto* c) { c->mutable_heads(0)->mutable_softmax()->set_tied_to("embedding"); });
  list->Text("TiedToAnotherVocabulary",
             "heads[0].softmax.tied_to: expected an embedding of as many tokens as the head has "
             "classes, 3, got 'embedding' of 4",
             [](auto* c) {
               c->set_task("tag");
               AddDense(c, "dense", 2);
               c->mutable_heads(0)->mutable_softmax()->set_classes(3);
               c->mutable_heads(0)->mutable_softmax()->set_tied_to("embedding");
             });
}

void AddFeedback(List* list) {
  list->Text("FeedbackOfNoHead", "feedback.head: expected the name of a head, got ''",
             [](auto* c) { c->mutable_feedback()->clear_head(); });
  list->Text("FeedbackOfALayer", "feedback.head: expected the name of a head, got 'lstm'",
             [](auto* c) { c->mutable_feedback()->set_head("lstm"); });
  list->Text("FeedbackColumnsOfTokens", "feedback.columns: expected none for a softmax head, got 1",
             [](auto* c) { c->mutable_feedback()->add_columns("a"); });
  list->Series("FeedbackOfLabels",
               "feedback.head: expected a head with as many classes as the input has tokens",
               [](auto* c) {
                 AddSoftmax(c, "weather")->mutable_softmax()->set_classes(3);
                 c->mutable_feedback()->set_head("weather");
               });
  list->Series("UnknownFeedbackColumn",
               "feedback.columns[1]: expected the name of an input column, got 'z'", [](auto* c) {
                 c->mutable_feedback()->add_columns("a");
                 c->mutable_feedback()->add_columns("z");
               });
  list->Series("TooFewFeedbackColumns",
               "feedback.columns: expected none or one per column of 'next', 2, got 1",
               [](auto* c) { c->mutable_feedback()->add_columns("a"); });
}

}  // namespace

v1::ModelConfig GoodTextConfig() {
  v1::ModelConfig config = TextConfig("abc");
  AddEmbedding(&config, "embedding", 2);
  AddLstm(&config, "lstm", 3);
  AddSoftmax(&config, "next");
  config.mutable_feedback()->set_head("next");
  return config;
}

v1::ModelConfig GoodSeriesConfig() {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  AddGru(&config, "gru", 3);
  AddRegression(&config, "next");
  config.mutable_feedback()->set_head("next");
  return config;
}

std::vector<BadConfig> BadConfigs() {
  List list;
  AddTasksAndInputs(&list);
  AddVocabularies(&list);
  AddWords(&list);
  AddColumns(&list);
  AddLayers(&list);
  AddLayerFields(&list);
  AddWholeSequences(&list);
  AddHeads(&list);
  AddTies(&list);
  AddFeedback(&list);
  return std::move(list).Take();
}

}  // namespace sequent
