// Models whose weights are rounded when they are loaded, or were when they were stored.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "core/model/quantize.h"
#include "tests/core/nn/nn_testing.h"
#include "tests/core/nn/reference_model.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

ModelContents Stored(ModelContents contents, Precision precision) {
  RoundTensors(TensorTable(ResolveGraph(contents.config).value()), precision, &contents.tensors);
  return ParseModelFile(SerializeModel(contents).value()).value();
}

Player Played(const Model& model, size_t steps) {
  Player player(model, RandomSequence(model, steps, 5));
  player.PlayAll();
  return player;
}

// The largest difference from the equations on the same rounded weights, relative to max(1, |y|).
double LargestError(const ModelContents& contents, Precision precision) {
  const ModelContents rounded = Stored(contents, precision);
  const auto model = MakeModel(rounded, precision);
  const Sequence sequence = RandomSequence(*model, 40, 5);
  Player player(*model, sequence);
  player.PlayAll();
  ReferenceModel reference(model->graph(), rounded.tensors);
  double largest = 0;
  const auto said = reference.Run(sequence.steps, sequence.tokens.data(), sequence.features.data());
  for (size_t t = 0; t < sequence.steps; ++t) {
    const auto& expected = said[t];
    for (size_t h = 0; h < expected.size(); ++h) {
      for (size_t j = 0; j < expected[h].size(); ++j) {
        const double want = expected[h][j];
        const double got = player.outputs(h)[t * expected[h].size() + j];
        largest = std::max(largest, std::fabs(got - want) / std::max(1.0, std::fabs(want)));
      }
    }
  }
  return largest;
}

TEST(Precision, IsWhatTheFileStoresUnlessAskedForAnother) {
  for (const Precision stored : kPrecisions) {
    const ModelContents contents = Stored(TinyTextModel(), stored);
    EXPECT_EQ(Model::Create(contents).value()->precision(), stored);
    for (const Precision wanted : kPrecisions) {
      EXPECT_EQ(Model::Create(contents, {.precision = wanted}).value()->precision(), wanted);
    }
  }
}

TEST(Precision, RoundedWhenLoadedIsRoundedWhenStoredBitForBit) {
  for (const auto& [name, contents] : AllModels()) {
    for (const Precision precision : kPrecisions) {
      const auto loaded = MakeModel(contents, precision);
      const auto stored = Model::Create(Stored(contents, precision)).value();
      Player a = Played(*loaded, 30), b = Played(*stored, 30);
      EXPECT_TRUE(SameBits(*loaded, a, b)) << name << " " << PrecisionName(precision);
    }
  }
}

TEST(Precision, Bf16AgreesWithTheEquationsOnItsWeights) {
  for (const auto& [name, contents] : AllModels()) {
    EXPECT_LT(LargestError(contents, Precision::kBf16), 1e-5) << name;
  }
}

// Inputs are rounded too: to 1/254 of the largest of their vector.
TEST(Precision, Int8AgreesWithTheEquationsOnItsWeightsRoughly) {
  for (const auto& [name, contents] : AllModels()) {
    EXPECT_LT(LargestError(contents, Precision::kInt8), 0.05) << name;
  }
}

TEST(Precision, EachIsAnArithmeticOfItsOwn) {
  const ModelContents contents = TinyTextModel();
  const auto fp32 = MakeModel(contents), bf16 = MakeModel(contents, Precision::kBf16),
             int8 = MakeModel(contents, Precision::kInt8);
  Player a = Played(*fp32, 10), b = Played(*bf16, 10), c = Played(*int8, 10);
  EXPECT_FALSE(SameBits(*fp32, a, b));
  EXPECT_FALSE(SameBits(*fp32, a, c));
  EXPECT_FALSE(SameBits(*fp32, b, c));
}

TEST(Precision, Int8ModelsComputeInWholeNumbers) {
  // The same weights with fp32 arithmetic give other bits.
  const ModelContents contents = Stored(TinyTextModel(), Precision::kInt8);
  const auto whole = MakeModel(contents, Precision::kInt8), floats = MakeModel(contents);
  Player a = Played(*whole, 10), b = Played(*floats, 10);
  EXPECT_FALSE(SameBits(*whole, a, b));
}

}  // namespace
}  // namespace sequent
