#include "tests/core/model/bad_configs.h"

#include "tests/core/model/bad_list.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

using namespace bad;

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
  list->Text(
      "NoCodec",
      "inputs[0].tokens.codec: expected characters | ids | words | list | sentencepiece, got ''",
      [](auto* c) { Tokens(c)->clear_codec(); });
  list->Text("UnknownCodec",
             "tokens.codec: expected characters | ids | words | list | sentencepiece, got "
             "'charcters'; did you",
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

void AddDistributions(List* list) {
  list->Series("LevelsOfAPoint", "regression.levels: expected none but for distribution quantiles",
               [](auto* c) { Regression(c)->add_levels(0.5); });
  list->Series("LevelsThatFall", "regression.levels[1]: expected a level above 0.5 and below 1",
               [](auto* c) {
                 Regression(c)->set_distribution("quantiles");
                 for (const double level : {0.5, 0.25}) Regression(c)->add_levels(level);
               });
  list->Series("LevelOfOne", "regression.levels[0]: expected a level above 0 and below 1, got 1",
               [](auto* c) {
                 Regression(c)->set_distribution("quantiles");
                 Regression(c)->add_levels(1);
               });
  list->Series("DegreesOfAPoint", "regression.degrees_of_freedom: expected none but for",
               [](auto* c) { Regression(c)->set_degrees_of_freedom(4); });
  list->Series("DegreesWithoutVariance", "degrees_of_freedom: expected more than 2, at most 1e6",
               [](auto* c) {
                 Regression(c)->set_distribution("student_t");
                 Regression(c)->set_degrees_of_freedom(2);
               });
  list->Series("HorizonTooLong",
               "heads[0].regression.horizon: expected at most 1024 steps of 2 outputs each, got",
               [](auto* c) { Regression(c)->set_horizon(1025); });
  list->Series("HorizonOfTooManyOutputs",
               "regression.horizon: expected at most 1023 steps of 1025 outputs each, got 1024",
               [](auto* c) {
                 for (int i = 0; i < 1023; ++i)
                   Features(c)->add_columns()->set_name(StrCat("c", i));
                 Regression(c)->set_horizon(1024);
               });
  list->Series("HorizonOfAClassifier",
               "regression.horizon: expected 0 or 1 for task classify, got 2", [](auto* c) {
                 c->set_task("classify");
                 Regression(c)->set_horizon(2);
               });
  list->Series("FeedbackOfSeveralSteps",
               "feedback.head: expected a head that says one step, since a step is fed back, got "
               "'next', which says 3",
               [](auto* c) { Regression(c)->set_horizon(3); });
  list->Series("HeadOfLabels", "regression.columns[0]: expected a column of values, got 'series'",
               [](auto* c) {
                 v1::SeriesColumn* labels = Features(c)->add_columns();
                 labels->set_name("series");
                 labels->add_labels("u");
                 Regression(c)->add_columns("series");
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
               "heads[0].regression.distribution: expected point | gaussian | student_t |",
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
  list->Series("FeedbackToLabels",
               "feedback.columns[0]: expected a column of values, got 'series', one of labels",
               [](auto* c) {
                 v1::SeriesColumn* labels = Features(c)->add_columns();
                 labels->set_name("series");
                 labels->add_labels("u");
                 Regression(c)->add_columns("a");
                 c->mutable_feedback()->add_columns("series");
               });
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
  AddInputs(&list);
  AddLayers(&list);
  AddDistributions(&list);
  AddHeads(&list);
  AddTies(&list);
  AddFeedback(&list);
  return std::move(list).Take();
}

}  // namespace sequent
