#include "core/model/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>

#include "core/base/random.h"
#include "core/model/model_file.h"
#include "tests/support/model_bytes.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::array kPrecisions = {Precision::kFp32, Precision::kBf16, Precision::kInt8};

Tensor Matrix(std::vector<size_t> shape, std::initializer_list<float> values) {
  return {.shape = std::move(shape), .values = AlignedVector<float>(values)};
}

float FromBits(uint32_t bits) { return std::bit_cast<float>(bits); }

TEST(RoundToBf16, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(RoundToBf16(FromBits(0x3f800000)), FromBits(0x3f800000));
  EXPECT_EQ(RoundToBf16(FromBits(0x3f807fff)), FromBits(0x3f800000));
  EXPECT_EQ(RoundToBf16(FromBits(0x3f808000)), FromBits(0x3f800000));  // tie, even below
  EXPECT_EQ(RoundToBf16(FromBits(0x3f808001)), FromBits(0x3f810000));
  EXPECT_EQ(RoundToBf16(FromBits(0x3f818000)), FromBits(0x3f820000));  // tie, even above
  EXPECT_EQ(RoundToBf16(FromBits(0xbf818000)), FromBits(0xbf820000));
}

TEST(RoundToBf16, KeepsFiniteValuesFinite) {
  EXPECT_EQ(RoundToBf16(FLT_MAX), FromBits(0x7f7f0000));
  EXPECT_EQ(RoundToBf16(-FLT_MAX), FromBits(0xff7f0000));
}

TEST(Rounded, Int8HasAScalePerRowThatTheLargestWeightSpans) {
  const Tensor rounded = Rounded(Matrix({3, 2}, {1.27f, -0.5f, -254, 1, 0, 0}), Precision::kInt8);
  EXPECT_THAT(rounded.scales, ElementsAre(1.27f / 127, 2, 0));
  EXPECT_EQ(Int8Of(rounded.values[0], rounded.scales[0]), 127);
  EXPECT_EQ(Int8Of(rounded.values[1], rounded.scales[0]), -50);
  EXPECT_EQ(Int8Of(rounded.values[2], rounded.scales[1]), -127);
  EXPECT_EQ(Int8Of(rounded.values[3], rounded.scales[1]), 0);  // half: to even
  EXPECT_EQ(rounded.values[4], 0);
}

TEST(Rounded, Int8RowsWithoutANormalScaleBecomeZero) {
  const Tensor rounded = Rounded(Matrix({1, 2}, {1e-38f, -1e-38f}), Precision::kInt8);
  EXPECT_THAT(rounded.scales, ElementsAre(0));
  EXPECT_THAT(rounded.values, Each(0.0f));
}

TEST(Rounded, Int8IsOffByAtMostHalfAScale) {
  const TensorMap tensors = TinyTextModel().tensors;
  const Tensor& exact = tensors.at("lstm.weight_state");
  const Tensor rounded = Rounded(exact, Precision::kInt8);
  for (size_t i = 0; i < exact.values.size(); ++i) {
    const float scale = rounded.scales[i / exact.shape[1]];
    EXPECT_LE(std::fabs(rounded.values[i] - exact.values[i]), 0.5001f * scale) << i;
  }
}

// Rounds, stores, reads, and wants the very numbers back.
TEST(RoundTensors, WhatIsRoundedSurvivesTheFileBitForBit) {
  for (const auto& [name, model] : AllModels()) {
    for (const Precision precision : kPrecisions) {
      ModelContents contents = model;
      const auto table = TensorTable(ResolveGraph(contents.config).value());
      RoundTensors(table, precision, &contents.tensors);
      const std::string bytes = SerializeModel(contents).value();
      const ModelContents read = ParseModelFile(bytes).value();
      EXPECT_EQ(StoredPrecision(table, read.tensors), precision) << name;
      EXPECT_EQ(SerializeModel(read).value(), bytes) << name;
      for (const auto& [tensor_name, tensor] : contents.tensors) {
        EXPECT_EQ(read.tensors.at(tensor_name).values, tensor.values) << name << tensor_name;
        EXPECT_EQ(read.tensors.at(tensor_name).scales, tensor.scales) << name << tensor_name;
      }
    }
  }
}

TEST(StoredPrecision, IsTheEmbeddingsIfTheHeadIsTiedToItAndThereIsNoOtherMatrix) {
  v1::ModelConfig config = IdsConfig(7);
  AddEmbedding(&config, "e", 4);
  AddSoftmax(&config, "next")->mutable_softmax()->set_tied_to("e");
  ModelContents contents = RandomModel(config, 1);
  const auto table = TensorTable(ResolveGraph(contents.config).value());
  EXPECT_EQ(StoredPrecision(table, contents.tensors), Precision::kFp32);
  RoundTensors(table, Precision::kBf16, &contents.tensors);
  EXPECT_EQ(StoredPrecision(table, contents.tensors), Precision::kBf16);
}

TEST(RoundTensors, RoundingTwiceIsRoundingOnce) {
  ModelContents contents = TinyTextModel();
  const auto table = TensorTable(ResolveGraph(contents.config).value());
  for (const Precision precision : kPrecisions) {
    RoundTensors(table, precision, &contents.tensors);
    const std::string once = SerializeModel(contents).value();
    RoundTensors(table, precision, &contents.tensors);
    EXPECT_EQ(SerializeModel(contents).value(), once);
  }
}

// Scales of all sizes: value / scale must give the whole number back, whatever its rounding was.
TEST(Int8Of, GivesEveryWholeNumberBackUnderAnyScale) {
  const RandomStream random(1, 2, 3);
  for (int trial = 0; trial < 2000; ++trial) {
    const float scale = std::exp(static_cast<float>(random.Uniform(trial) * 160 - 80));
    for (int q = -kInt8Max; q <= kInt8Max; ++q) {
      ASSERT_EQ(Int8Of(static_cast<float>(q) * scale, scale), q) << scale;
    }
  }
}

TEST(RoundTensors, BiasesStayAsTheyAreAndEmbeddingsGoNoFurtherThanBf16) {
  ModelContents contents = TinyTextModel();
  RoundTensors(TensorTable(ResolveGraph(contents.config).value()), Precision::kInt8,
               &contents.tensors);
  EXPECT_EQ(contents.tensors.at("lstm.bias").stored, Precision::kFp32);
  EXPECT_EQ(contents.tensors.at("embedding.weight").stored, Precision::kBf16);
  EXPECT_EQ(contents.tensors.at("next.weight").stored, Precision::kInt8);
}

TEST(RoundTensors, MakesFilesSmaller) {
  v1::ModelConfig config = TextConfig("ab");
  AddEmbedding(&config, "embedding", 32);
  AddLstm(&config, "lstm", 64);
  AddSoftmax(&config, "next");
  ModelContents contents = RandomModel(config, 1);
  const auto table = TensorTable(ResolveGraph(config).value());
  const auto data_bytes = [&] { return ModelBytes::Of(contents).data.size(); };
  const size_t fp32 = data_bytes();
  RoundTensors(table, Precision::kBf16, &contents.tensors);
  EXPECT_LT(data_bytes(), 0.52 * static_cast<double>(fp32));
  RoundTensors(table, Precision::kInt8, &contents.tensors);
  EXPECT_LT(data_bytes(), 0.28 * static_cast<double>(fp32));
}

class CheckRoundedTest : public ::testing::Test {
 protected:
  std::string Check(const std::string& name) {
    return std::string(Message(CheckRounded(tensors_.at(name))));
  }
  void Round(Precision precision) { RoundTensors(table_, precision, &tensors_); }

  const ModelContents contents_ = TinyTextModel();
  const std::vector<TensorSpec> table_ = TensorTable(ResolveGraph(contents_.config).value());
  TensorMap tensors_ = contents_.tensors;
};

TEST_F(CheckRoundedTest, FindsAValueThatBf16DoesNotHave) {
  Round(Precision::kBf16);
  tensors_.at("next.weight").values[5] = 1.0001f;
  EXPECT_THAT(Check("next.weight"), HasSubstr("expected values of dtype BF16, got 1.0001"));
}

TEST_F(CheckRoundedTest, FindsAValueThatIsNoMultipleOfItsScale) {
  Round(Precision::kInt8);
  Tensor& tensor = tensors_.at("next.weight");
  tensor.values[5] = 0.5f * tensor.scales[0];
  EXPECT_THAT(Check("next.weight"), HasSubstr("expected whole multiples of -127 to 127"));
  tensor.values[5] = 128 * tensor.scales[0];
  EXPECT_THAT(Check("next.weight"), HasSubstr("at index 5"));
}

TEST_F(CheckRoundedTest, FindsBadScales) {
  Round(Precision::kInt8);
  for (const float bad : {-1.0f, 1e-40f, std::numeric_limits<float>::infinity(), FLT_MAX,
                          std::numeric_limits<float>::quiet_NaN()}) {
    tensors_.at("next.weight").scales[1] = bad;
    EXPECT_THAT(Check("next.weight"), HasSubstr("expected scales that are 0 or normal numbers"));
  }
  tensors_.at("next.weight").scales.pop_back();
  EXPECT_THAT(Check("next.weight"), HasSubstr("expected a matrix with a scale per row"));
}

TEST_F(CheckRoundedTest, AllMatricesOfAModelHaveOnePrecision) {
  Round(Precision::kInt8);
  tensors_.at("next.weight") = contents_.tensors.at("next.weight");
  EXPECT_THAT(std::string(Message(CheckTensors(table_, tensors_))),
              HasSubstr("tensor 'next.weight': expected dtype I8 in a model of int8 matrices, got "
                        "F32"));
}

}  // namespace
}  // namespace sequent
