#include "core/model/tensor_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/core/model/bad_configs.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "lstm.bias [12]"
std::vector<std::string> Lines(const v1::ModelConfig& config) {
  std::vector<std::string> lines;
  for (const TensorSpec& spec : TensorTable(ResolveGraph(config).value())) {
    std::string line = spec.name;
    for (const size_t extent : spec.shape) absl::StrAppend(&line, " ", extent);
    lines.push_back(line);
  }
  return lines;
}

v1::ModelConfig GruConfig(const std::string& reset, bool bias) {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  v1::Gru* gru = AddGru(&config, "gru", 5);
  gru->set_reset(reset);
  gru->set_bias(bias);
  AddRegression(&config, "next", "gaussian");
  return config;
}

TEST(TensorTable, ListsATextModel) {
  EXPECT_THAT(Lines(GoodTextConfig()), ElementsAre("embedding.weight 4 2", "lstm.weight_input 12 2",
                                                   "lstm.weight_state 12 3", "lstm.bias 12",
                                                   "next.weight 4 3", "next.bias 4"));
}

TEST(TensorTable, AGruThatResetsAfterHasTwoBiases) {
  EXPECT_THAT(Lines(GruConfig("after", true)),
              ElementsAre("gru.weight_input 15 2", "gru.weight_state 15 5", "gru.bias_input 15",
                          "gru.bias_state 15", "next.weight 4 5", "next.bias 4"));
}

TEST(TensorTable, AGruThatResetsBeforeHasOneBias) {
  EXPECT_THAT(Lines(GruConfig("before", true)),
              ElementsAre("gru.weight_input 15 2", "gru.weight_state 15 5", "gru.bias 15",
                          "next.weight 4 5", "next.bias 4"));
}

TEST(TensorTable, AGruWithoutBiasHasNone) {
  EXPECT_THAT(Lines(GruConfig("after", false)),
              ElementsAre("gru.weight_input 15 2", "gru.weight_state 15 5", "next.weight 4 5",
                          "next.bias 4"));
}

TEST(TensorTable, ListsRnnAndDense) {
  v1::ModelConfig config = SeriesConfig({"a"});
  AddRnn(&config, "rnn", 3);
  AddDense(&config, "dense", 2)->set_bias(false);
  AddRegression(&config, "next");
  EXPECT_THAT(Lines(config),
              ElementsAre("rnn.weight_input 3 1", "rnn.weight_state 3 3", "rnn.bias 3",
                          "dense.weight 2 3", "next.weight 1 2", "next.bias 1"));
}

TEST(TensorTable, AnLstmListsItsPeepholesAndItsProjection) {
  v1::ModelConfig config = SeriesConfig({"a"});
  v1::Lstm* lstm = AddLstm(&config, "lstm", 5);
  lstm->set_peepholes(true);
  lstm->set_projection(2);
  AddRegression(&config, "next");
  EXPECT_THAT(Lines(config), ElementsAre("lstm.weight_input 20 1", "lstm.weight_state 20 2",
                                         "lstm.bias 20", "lstm.peephole 15", "lstm.projection 2 5",
                                         "next.weight 1 2", "next.bias 1"));
}

TEST(TensorTable, ListsIndRnnAndQrnn) {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  AddIndRnn(&config, "indrnn", 3);
  AddQrnn(&config, "qrnn", 4, 5);
  AddQrnn(&config, "pair", 2, 0);
  AddRegression(&config, "next", "point", {"a"});
  EXPECT_THAT(Lines(config),
              ElementsAre("indrnn.weight_input 3 2", "indrnn.recurrent 3", "indrnn.bias 3",
                          "qrnn.weight 12 15", "qrnn.bias 12", "pair.weight 6 8", "pair.bias 6",
                          "next.weight 1 2", "next.bias 1"));
}

TEST(TensorTable, ABidirectionalLayerHasItsCellTwice) {
  v1::ModelConfig config = IdsConfig(5);
  config.set_task("tag");
  AddEmbedding(&config, "e", 2);
  AddRnn(&config, "r", 3)->set_direction("bidirectional");
  AddRnn(&config, "b", 4)->set_direction("backward");
  AddSoftmax(&config, "y");
  EXPECT_THAT(
      Lines(config),
      ElementsAre("e.weight 5 2", "r.forward.weight_input 3 2", "r.forward.weight_state 3 3",
                  "r.forward.bias 3", "r.backward.weight_input 3 2", "r.backward.weight_state 3 3",
                  "r.backward.bias 3", "b.weight_input 4 6", "b.weight_state 4 4", "b.bias 4",
                  "y.weight 5 4", "y.bias 5"));
}

TEST(TensorTable, SaysWhatEachTensorIsFor) {
  const std::vector<TensorSpec> table = TensorTable(ResolveGraph(GoodTextConfig()).value());
  EXPECT_EQ(table[0].role, TensorRole::kEmbedding);
  EXPECT_EQ(table[1].role, TensorRole::kInputWeight);
  EXPECT_EQ(table[2].role, TensorRole::kRecurrentWeight);
  EXPECT_EQ(table[3].role, TensorRole::kBias);
  EXPECT_EQ(table[1].gates, 4u);
  EXPECT_EQ(table[4].gates, 1u);
}

class CheckTensorsTest : public ::testing::Test {
 protected:
  std::string Check() { return std::string(Message(CheckTensors(table_, tensors_))); }

  std::vector<TensorSpec> table_ = TensorTable(ResolveGraph(GoodTextConfig()).value());
  TensorMap tensors_ = RandomModel(GoodTextConfig(), 1).tensors;
};

TEST_F(CheckTensorsTest, AcceptsWhatTheTableLists) {
  EXPECT_TRUE(CheckTensors(table_, tensors_).ok());
}

TEST_F(CheckTensorsTest, NamesAMissingTensor) {
  tensors_.erase("lstm.bias");
  EXPECT_EQ(Check(), "tensor 'lstm.bias': expected shape [12], got no such tensor");
}

TEST_F(CheckTensorsTest, NamesAnExtraTensor) {
  tensors_["lstm.peephole"].shape = {9};
  EXPECT_THAT(Check(), HasSubstr("tensor 'lstm.peephole': expected only tensors of the"));
}

TEST_F(CheckTensorsTest, NamesAWrongShape) {
  tensors_["lstm.weight_input"].shape = {2, 12};
  EXPECT_EQ(Check(), "tensor 'lstm.weight_input': expected shape [12, 2], got [2, 12]");
}

TEST_F(CheckTensorsTest, NamesAWrongNumberOfValues) {
  tensors_["lstm.bias"].values.pop_back();
  EXPECT_EQ(Check(), "tensor 'lstm.bias': expected 12 values, got 11");
}

TEST_F(CheckTensorsTest, NamesTheFirstValueThatIsNotFinite) {
  tensors_["next.bias"].values[2] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(Check(), "tensor 'next.bias': expected finite values, got -inf at index 2");
}

}  // namespace
}  // namespace sequent
