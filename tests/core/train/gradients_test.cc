// Blocks of parameters, and gradients on their way to the optimiser.
#include "core/train/gradients.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/model/tensor_table.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

using ::testing::HasSubstr;

// More than one block of embedding, and a dropout layer that has no weights.
Graph BigGraph() {
  v1::ModelConfig config = IdsConfig(600);
  AddEmbedding(&config, "embedding", 60);
  AddDropout(&config, "dropout", 0.1f);
  AddGru(&config, "gru", 20);
  AddSoftmax(&config, "next");
  return *ResolveGraph(config);
}

v1::TrainOptions Freezing(const std::vector<std::string>& layers) {
  v1::TrainOptions options;
  options.mutable_optimizer()->set_decay_biases(true);
  options.mutable_freeze()->Assign(layers.begin(), layers.end());
  return options;
}

// For every parameter: 0 in no block, 1 penalised, 2 not.
std::vector<int> Treatment(const Graph& graph, const v1::TrainOptions& options) {
  const auto blocks = ParameterBlocks(graph, options);
  EXPECT_TRUE(blocks.ok()) << blocks.status();
  size_t size = 0;
  for (const TensorSpec& spec : TensorTable(graph)) {
    size += spec.shape[0] * (spec.shape.size() > 1 ? spec.shape[1] : 1);
  }
  std::vector<int> treatment(size, 0);
  for (const Block& block : *blocks) {
    for (size_t i = block.begin; i < block.end; ++i) {
      EXPECT_EQ(treatment.at(i), 0) << "twice";
      treatment[i] = block.penalised ? 1 : 2;
    }
  }
  return treatment;
}

// Tensor by tensor, expecting all of a tensor to be treated alike.
std::vector<std::pair<std::string, int>> TreatmentOfTensors(const v1::TrainOptions& options) {
  const Graph graph = BigGraph();
  const std::vector<int> treatment = Treatment(graph, options);
  std::vector<std::pair<std::string, int>> tensors;
  size_t begin = 0;
  for (const TensorSpec& spec : TensorTable(graph)) {
    const size_t size = spec.shape[0] * (spec.shape.size() > 1 ? spec.shape[1] : 1);
    for (size_t i = 0; i < size; ++i) EXPECT_EQ(treatment[begin + i], treatment[begin]);
    tensors.emplace_back(spec.name, treatment[begin]);
    begin += size;
  }
  return tensors;
}

std::string Refusal(const std::vector<std::string>& frozen) {
  return std::string(ToStd(ParameterBlocks(BigGraph(), Freezing(frozen)).status().message()));
}

TEST(ParameterBlocks, HoldEveryParameterOnce) {
  for (const auto& [name, treatment] : TreatmentOfTensors(Freezing({}))) {
    EXPECT_EQ(treatment, 1) << name;
  }
  EXPECT_GT(ParameterBlocks(BigGraph(), Freezing({}))->size(), 2u);
}

TEST(ParameterBlocks, LeaveOutWhatIsFrozen) {
  for (const auto& [name, treatment] : TreatmentOfTensors(Freezing({"embedding", "next"}))) {
    EXPECT_EQ(treatment, name.starts_with("gru.") ? 1 : 0) << name;
  }
}

TEST(ParameterBlocks, KeepBiasesApartIfTheyAreNotPenalised) {
  v1::TrainOptions options = Freezing({});
  options.mutable_optimizer()->set_decay_biases(false);
  for (const auto& [name, treatment] : TreatmentOfTensors(options)) {
    EXPECT_EQ(treatment, name.find("bias") != name.npos ? 2 : 1) << name;
  }
}

TEST(ParameterBlocks, RefuseWhatCannotBeFrozen) {
  EXPECT_EQ(Refusal({"next", "gro"}),
            "train.freeze[1]: expected embedding | gru | next, got 'gro'; did you mean 'gru'?");
  EXPECT_THAT(Refusal({"dropout"}), HasSubstr("got 'dropout'"));
  EXPECT_EQ(Refusal({""}), "train.freeze[0]: expected the name of a layer or head, got nothing");
  EXPECT_EQ(Refusal({"embedding", "gru", "next"}),
            "train.freeze: expected something left to train, got all layers");
}

TEST(AddParts, AddsAsABinaryTree) {
  const RandomStream random(1, 2, 3);
  std::vector<std::vector<float>> parts(5, std::vector<float>(10));
  for (size_t s = 0; s < 5; ++s) {
    for (size_t i = 0; i < 10; ++i) parts[s][i] = static_cast<float>(random.Normal(10 * s + i));
  }
  auto sums = parts;
  AddParts<float>({2, 9, true}, sums);
  for (size_t i = 2; i < 9; ++i) {
    EXPECT_EQ(sums[0][i],
              ((parts[0][i] + parts[1][i]) + (parts[2][i] + parts[3][i])) + parts[4][i]);
  }
  EXPECT_EQ(sums[0][1], parts[0][1]);
  EXPECT_EQ(sums[0][9], parts[0][9]);
}

TEST(SumOfSquares, IsThatOfEveryLength) {
  std::vector<float> values;
  double sum = 0;
  for (int n = 0; n < 40; ++n) {
    EXPECT_DOUBLE_EQ(SumOfSquares<float>(values), sum) << n;
    values.push_back(static_cast<float>(n + 1));
    sum += (n + 1.0) * (n + 1.0);
  }
}

TEST(Clip, ByValueCutsEveryElement) {
  v1::Clip clip;
  clip.set_value(1);
  std::vector<double> gradients = {-3, 0.5, 4};
  EXPECT_EQ(ClipScale(clip, 5), 1);
  ClipValues<double>(clip, 1, gradients);
  EXPECT_EQ(gradients, (std::vector<double>{-1, 0.5, 1}));
}

TEST(Clip, ByNormLeavesSmallOnesAlone) {
  v1::Clip clip;
  clip.set_global_norm(5);
  EXPECT_EQ(ClipScale(clip, 5), 1);
  EXPECT_EQ(ClipScale(clip, 0), 1);
  EXPECT_EQ(ClipScale(clip, 20), 0.25);
}

TEST(Clip, ByNormComesBeforeByValue) {
  v1::Clip clip;
  clip.set_global_norm(5);
  clip.set_value(3.5);
  std::vector<double> gradients = {6, 8};
  ClipValues<double>(clip, ClipScale(clip, 10), gradients);
  EXPECT_EQ(gradients, (std::vector<double>{3, 3.5}));
}

}  // namespace
}  // namespace sequent::train
