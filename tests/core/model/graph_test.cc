#include "core/model/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/input_check.h"
#include "tests/core/model/bad_configs.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(node.name);
  return names;
}

TEST(Graph, FollowsTheChainWhenNoInputsAreNamed) {
  const Graph graph = ResolveGraph(GoodTextConfig()).value();
  EXPECT_THAT(Names(graph), ElementsAre("input", "embedding", "lstm"));
  EXPECT_THAT(graph.nodes[1].inputs, ElementsAre(0));
  EXPECT_THAT(graph.nodes[2].inputs, ElementsAre(1));
  EXPECT_EQ(graph.heads[0].input, 2u);
}

TEST(Graph, KnowsTokensAndWidths) {
  const Graph graph = ResolveGraph(GoodTextConfig()).value();
  EXPECT_TRUE(graph.tokens());
  EXPECT_EQ(graph.nodes[0].tokens, 4u);
  EXPECT_EQ(graph.nodes[0].width, 0u);
  EXPECT_EQ(graph.nodes[1].width, 2u);
  EXPECT_EQ(graph.nodes[2].width, 3u);
  EXPECT_EQ(graph.heads[0].in_width, 3u);
  EXPECT_EQ(graph.heads[0].outputs, 4u);
}

TEST(Graph, FillsInDefaultsOfAGru) {
  const Graph graph = ResolveGraph(GoodSeriesConfig()).value();
  EXPECT_TRUE(graph.nodes[1].reset_after);
  EXPECT_TRUE(graph.nodes[1].keep_old);
  EXPECT_TRUE(graph.nodes[1].bias);
}

TEST(Graph, KeepsEveryOptionOfAGru) {
  v1::ModelConfig config = GoodSeriesConfig();
  v1::Gru* gru = config.mutable_layers(0)->mutable_gru();
  gru->set_reset("before");
  gru->set_update_gate("take_new");
  gru->set_bias(false);
  const Graph graph = ResolveGraph(config).value();
  EXPECT_FALSE(graph.nodes[1].reset_after);
  EXPECT_FALSE(graph.nodes[1].keep_old);
  EXPECT_FALSE(graph.nodes[1].bias);
}

TEST(Graph, AnRnnIsTanhUnlessToldOtherwise) {
  v1::ModelConfig config = GoodTextConfig();
  config.mutable_layers(1)->mutable_rnn()->set_units(3);
  EXPECT_EQ(ResolveGraph(config).value().nodes[2].activation, ActivationKind::kTanh);
  config.mutable_layers(1)->mutable_rnn()->set_activation("leaky_relu");
  EXPECT_EQ(ResolveGraph(config).value().nodes[2].activation, ActivationKind::kLeakyRelu);
}

TEST(Graph, OrdersLayersSoThatInputsComeFirst) {
  v1::ModelConfig config = TextConfig("ab");
  AddConcat(&config, "joined", {"second", "first"});
  AddDense(&config, "second", 3, {"first"});
  AddLayer(&config, "first", {"input"})->mutable_embedding()->set_width(2);
  AddSoftmax(&config, "next", "joined");
  const Graph graph = ResolveGraph(config).value();
  EXPECT_THAT(Names(graph), ElementsAre("input", "first", "second", "joined"));
  EXPECT_THAT(graph.nodes[3].inputs, ElementsAre(2, 1));
  EXPECT_EQ(graph.nodes[3].width, 5u);
  EXPECT_EQ(graph.heads[0].input, 3u);
}

TEST(Graph, TheHeadsDefaultIsTheLastLayerOfTheConfiguration) {
  v1::ModelConfig config = TextConfig("ab");
  AddDense(&config, "dense", 7, {"embedding"});
  AddLayer(&config, "embedding", {"input"})->mutable_embedding()->set_width(2);
  AddSoftmax(&config, "dense_head", "dense");
  AddSoftmax(&config, "default_head");
  const Graph graph = ResolveGraph(config).value();
  EXPECT_EQ(graph.nodes[graph.heads[0].input].name, "dense");
  EXPECT_EQ(graph.nodes[graph.heads[1].input].name, "embedding");
}

TEST(Graph, CountsMissingFlagsIntoTheInputsWidth) {
  v1::ModelConfig config = GoodSeriesConfig();
  v1::SeriesColumn* column = config.mutable_inputs(0)->mutable_features()->mutable_columns(1);
  column->mutable_impute()->set_kind(v1::Impute::MEAN);
  column->mutable_impute()->set_missing_flag(true);
  EXPECT_EQ(ResolveGraph(config).value().nodes[0].width, 3u);
}

TEST(Graph, AHeadMayReadTheFeaturesThemselves) {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  AddRegression(&config, "next");
  const Graph graph = ResolveGraph(config).value();
  EXPECT_EQ(graph.heads[0].input, 0u);
  EXPECT_EQ(graph.heads[0].in_width, 2u);
}

TEST(Graph, AGaussianHeadHasTwoOutputsPerColumn) {
  v1::ModelConfig config = SeriesConfig({"a", "b", "c"});
  AddRegression(&config, "next", "gaussian", {"c", "a"});
  const Graph graph = ResolveGraph(config).value();
  EXPECT_EQ(graph.heads[0].kind, HeadKind::kGaussian);
  EXPECT_THAT(graph.heads[0].columns, ElementsAre(2, 0));
  EXPECT_EQ(graph.heads[0].outputs, 4u);
}

TEST(Graph, AHeadWithoutColumnsPredictsAllOfThem) {
  EXPECT_THAT(ResolveGraph(GoodSeriesConfig()).value().heads[0].columns, ElementsAre(0, 1));
}

TEST(Graph, LabelsAreTheClasses) {
  v1::ModelConfig config = GoodSeriesConfig();
  v1::Head* head = AddSoftmax(&config, "weather");
  head->mutable_softmax()->add_labels("dry");
  head->mutable_softmax()->add_labels("rain");
  const Graph graph = ResolveGraph(config).value();
  EXPECT_THAT(graph.heads[1].labels, ElementsAre("dry", "rain"));
  EXPECT_EQ(graph.heads[1].outputs, 2u);
}

TEST(Graph, ALossWeightOfZeroMeansOne) {
  v1::ModelConfig config = GoodTextConfig();
  EXPECT_EQ(ResolveGraph(config).value().heads[0].loss_weight, 1.0f);
  config.mutable_heads(0)->set_loss_weight(0.25f);
  EXPECT_EQ(ResolveGraph(config).value().heads[0].loss_weight, 0.25f);
}

TEST(Graph, HasNoFeedbackUnlessAsked) {
  v1::ModelConfig config = GoodTextConfig();
  config.clear_feedback();
  EXPECT_FALSE(ResolveGraph(config).value().feedback.has_value());
}

TEST(Graph, FeedsBackTheHeadsOwnColumnsByDefault) {
  v1::ModelConfig config = SeriesConfig({"a", "b", "c"});
  AddRegression(&config, "next", "point", {"c", "b"});
  config.mutable_feedback()->set_head("next");
  EXPECT_THAT(ResolveGraph(config).value().feedback->columns, ElementsAre(2, 1));
  config.mutable_feedback()->add_columns("a");
  config.mutable_feedback()->add_columns("c");
  EXPECT_THAT(ResolveGraph(config).value().feedback->columns, ElementsAre(0, 2));
}

TEST(Graph, LeavesLearnedValuesToTheirOwnCheck) {
  v1::ModelConfig config = GoodSeriesConfig();
  config.mutable_inputs(0)->mutable_features()->mutable_columns(0)->mutable_scale()->set_kind(
      v1::Scale::STANDARD);
  EXPECT_TRUE(ResolveGraph(config).ok());
  EXPECT_FALSE(CheckLearnedInputs(config).ok());
}

TEST(Graph, StreamsUnlessALayerNeedsTheWholeSequence) {
  v1::ModelConfig config = GoodTextConfig();
  config.set_task("tag");
  config.clear_feedback();
  AddConv1d(&config, "conv", 4, 3, "causal");
  AddPool(&config, "pool", "last");
  EXPECT_TRUE(ResolveGraph(config).value().streamable);
  config.mutable_layers(2)->mutable_conv1d()->set_padding("same");
  EXPECT_FALSE(ResolveGraph(config).value().streamable);
  config.mutable_layers(2)->mutable_conv1d()->set_padding("causal");
  config.mutable_layers(3)->mutable_pool()->set_kind("max");
  EXPECT_FALSE(ResolveGraph(config).value().streamable);
  config.mutable_layers()->RemoveLast();
  EXPECT_TRUE(ResolveGraph(config).value().streamable);
  config.mutable_layers(1)->mutable_lstm()->set_direction("backward");
  EXPECT_FALSE(ResolveGraph(config).value().streamable);
}

class BadConfigTest : public ::testing::TestWithParam<BadConfig> {};

TEST_P(BadConfigTest, IsRefusedByItsPath) {
  const BadConfig& bad = GetParam();
  const Status status =
      bad.learned ? CheckLearnedInputs(bad.config) : ResolveGraph(bad.config).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(status)), HasSubstr(bad.message));
}

INSTANTIATE_TEST_SUITE_P(All, BadConfigTest, ::testing::ValuesIn(BadConfigs()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sequent
