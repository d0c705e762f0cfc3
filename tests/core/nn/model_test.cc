#include "core/nn/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "tests/core/nn/nn_testing.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

using testing::Each;
using testing::HasSubstr;

const char kTwoHeads[] =
    "layers { name: 'l' lstm { units: 5 } } layers { name: 'd' dense { units: 4 } } heads { name: "
    "'p' regression { columns: 'a' columns: 'b' } } heads { name: 's' input: 'l' softmax { "
    "classes: 3 } }";

constexpr size_t kWidths[] = {2, 3};  // of the two heads

class ModelTest : public testing::Test {
 protected:
  void Run(const TickRow& row) { model_->Run({.rows = {&row, 1}}, &workspace_, nullptr); }

  // What the head said in steps first .. last - 1 of a player.
  static std::vector<float> Slice(const Player& player, size_t head, size_t first, size_t last) {
    const auto& all = player.outputs(head);
    return {all.begin() + first * kWidths[head], all.begin() + last * kWidths[head]};
  }

  const std::shared_ptr<const Model> model_ = MakeModel(FeatureContents(kTwoHeads));
  const Sequence sequence_ = RandomSequence(*model_, 10, 1);
  Player player_{*model_, sequence_};
  Workspace workspace_;
};

TEST_F(ModelTest, StateIsWholeCacheLines) {
  for (const auto& [name, contents] : AllModels()) {
    EXPECT_EQ(MakeModel(contents)->state_size() % 64, 0u) << name;
  }
}

TEST_F(ModelTest, KnowsWhatItWasMadeFrom) {
  EXPECT_EQ(model_->config().name(), "test");
  EXPECT_EQ(model_->graph().heads.size(), 2u);
  EXPECT_EQ(model_->input_width(), 3u);
  EXPECT_EQ(model_->fingerprint().size(), 64u);
  EXPECT_EQ(model_->precision(), Precision::kFp32);
}

TEST_F(ModelTest, HasTheCodecOfItsInput) {
  EXPECT_NE(model_->series_codec(), nullptr);
  EXPECT_EQ(model_->text_codec(), nullptr);
  const auto text = MakeModel(TinyTextModel());
  EXPECT_NE(text->text_codec(), nullptr);
  EXPECT_EQ(text->series_codec(), nullptr);
  EXPECT_EQ(text->input_width(), 0u);
  const auto ids = MakeModel(
      TokenContents("layers { name: 'e' embedding { width: 2 } } heads { name: 'y' softmax {} }"));
  EXPECT_EQ(ids->text_codec(), nullptr);
  EXPECT_EQ(ids->series_codec(), nullptr);
}

TEST_F(ModelTest, TheCodecsStateIsItsOwn) {
  const auto text = MakeModel(TinyTextModel());
  Player player(*text, RandomSequence(*text, 6, 1));
  std::vector<int32_t> tokens;
  text->text_codec()->Encode(text->codec_state(player.state().data()), "a\xC3", false, &tokens);
  player.PlayAll();
  const std::byte* codec = text->codec_state(player.state().data());
  EXPECT_EQ(text->text_codec()->PendingBytes(codec), 1u);
  EXPECT_TRUE(text->ValidateState(player.state().data()).ok());
}

TEST_F(ModelTest, AnswersFromFirstOutputOnly) {
  player_.PlayAll();
  Player other(*model_, sequence_);
  TickRow row = other.Next(10);
  std::vector<float> p(3 * 2), s(3 * 3);
  float* outputs[] = {p.data(), s.data()};
  row.outputs = outputs;
  row.first_output = 7;
  Run(row);
  EXPECT_EQ(p, Slice(player_, 0, 7, 10));
  EXPECT_EQ(s, Slice(player_, 1, 7, 10));
  EXPECT_EQ(other.state(), player_.state());
}

TEST_F(ModelTest, LeavesOutHeadsNobodyWants) {
  player_.PlayAll();
  Player other(*model_, sequence_);
  TickRow row = other.Next(10);
  std::vector<float> s(10 * 3);
  float* outputs[] = {nullptr, s.data()};
  row.outputs = outputs;
  Run(row);
  EXPECT_EQ(s, Slice(player_, 1, 0, 10));
  EXPECT_EQ(other.state(), player_.state());
}

TEST_F(ModelTest, AdvancesTheStateWithoutAnyOutput) {
  player_.PlayAll();
  Player other(*model_, sequence_);
  TickRow row = other.Next(10);
  row.outputs = nullptr;
  Run(row);
  EXPECT_EQ(other.state(), player_.state());
}

TEST_F(ModelTest, RepeatsTheLastOutputInFront) {
  player_.PlayAll();
  Player other(*model_, sequence_);
  other.Play(4);
  TickRow row = other.Next(6);
  std::vector<float> p(7 * 2), s(7 * 3);
  float* outputs[] = {p.data(), s.data()};
  row.outputs = outputs;
  row.output_last = true;
  Run(row);
  EXPECT_EQ(p, Slice(player_, 0, 3, 10));
  EXPECT_EQ(s, Slice(player_, 1, 3, 10));
  EXPECT_EQ(other.state(), player_.state());
}

TEST_F(ModelTest, WithoutStepsAnswersTheLastOutputAndLeavesTheState) {
  player_.Play(4);
  const AlignedVector<std::byte> before = player_.state();
  TickRow row;
  row.state = player_.state().data();
  std::vector<float> p(2), s(3);
  float* outputs[] = {p.data(), s.data()};
  row.outputs = outputs;
  row.output_last = true;
  Run(row);
  EXPECT_EQ(p, Slice(player_, 0, 3, 4));
  EXPECT_EQ(s, Slice(player_, 1, 3, 4));
  EXPECT_EQ(player_.state(), before);
}

TEST_F(ModelTest, BeforeTheFirstStepTheLastOutputIsNotANumber) {
  TickRow row = player_.Next(2);
  std::vector<float> p(3 * 2), s(3 * 3);
  float* outputs[] = {p.data(), s.data()};
  row.outputs = outputs;
  row.output_last = true;
  Run(row);
  for (size_t j = 0; j < p.size(); ++j) EXPECT_EQ(std::isnan(p[j]), j < 2) << j;
  for (size_t j = 0; j < s.size(); ++j) EXPECT_EQ(std::isnan(s[j]), j < 3) << j;
}

TEST_F(ModelTest, MixesAllKindsOfRowsInOneBatch) {
  player_.PlayAll();
  Player fresh(*model_, sequence_), running(*model_, sequence_), resting(*model_, sequence_);
  running.Play(4);
  resting.Play(4);
  std::vector<float> a(1 * 3), b(10 * 3), c(7 * 3);
  float* resting_outputs[] = {nullptr, a.data()};
  float* fresh_outputs[] = {nullptr, b.data()};
  float* running_outputs[] = {nullptr, c.data()};
  TickRow rows[] = {resting.Next(0), fresh.Next(10), running.Next(6)};
  rows[0].outputs = resting_outputs;
  rows[0].output_last = true;
  rows[1].outputs = fresh_outputs;
  rows[2].outputs = running_outputs;
  rows[2].output_last = true;
  model_->Run({.rows = rows}, &workspace_, nullptr);
  EXPECT_EQ(a, Slice(player_, 1, 3, 4));
  EXPECT_EQ(b, Slice(player_, 1, 0, 10));
  EXPECT_EQ(c, Slice(player_, 1, 3, 10));
}

TEST_F(ModelTest, TakesAnEmptyBatch) {
  model_->Run({}, &workspace_, nullptr);
  ThreadPool pool(2);
  model_->Run({}, &workspace_, &pool);
  player_.PlayAll();
  EXPECT_THAT(player_.outputs(0), Each(testing::Truly([](float v) { return std::isfinite(v); })));
}

TEST_F(ModelTest, KnowsWhetherAStepHasBeenMade) {
  EXPECT_FALSE(model_->HasLast(player_.state().data()));
  player_.Play(1);
  EXPECT_TRUE(model_->HasLast(player_.state().data()));
  model_->InitState(player_.state().data());
  EXPECT_FALSE(model_->HasLast(player_.state().data()));
}

TEST_F(ModelTest, OneWorkspaceServesModelsOfAllSizes) {
  const auto wide = MakeModel(FeatureContents(
      "layers { name: 'l' lstm { units: 100 } } heads { name: 'y' regression {} }"));
  Player first(*wide, RandomSequence(*wide, 20, 3));
  first.PlayAll();
  Player again(*wide, RandomSequence(*wide, 20, 3));
  Run(Player(*model_, sequence_).Next(3));
  const TickRow row = again.Next(20);
  wide->Run({.rows = {&row, 1}}, &workspace_, nullptr);
  EXPECT_TRUE(SameBits(*wide, first, again));
}

TEST_F(ModelTest, AcceptsEveryStateItWrites) {
  for (const auto& [name, contents] : OneModelPerLayerKind()) {
    const auto model = MakeModel(contents);
    Player player(*model, RandomSequence(*model, 20, 1));
    EXPECT_TRUE(model->ValidateState(player.state().data()).ok()) << name;
    while (player.left() > 0) {
      player.Play(1);
      const Status status = model->ValidateState(player.state().data());
      ASSERT_TRUE(status.ok()) << name << ": " << status;
    }
  }
}

// Sets the float at `offset` bytes of a played row and tells what ValidateState says.
class ForeignState : public ModelTest {
 protected:
  Status With(size_t offset, float value) {
    AlignedVector<std::byte> row = player_.state();
    std::memcpy(row.data() + offset, &value, sizeof(value));
    return model_->ValidateState(row.data());
  }
  Status WithFlag(uint32_t flag) {
    AlignedVector<std::byte> row = player_.state();
    std::memcpy(row.data() + kLast, &flag, sizeof(flag));
    return model_->ValidateState(row.data());
  }

  // lstm h (5 floats), c (5 floats), a cache line each; the codec keeps nothing; last: d, l.
  static constexpr size_t kH = 0, kC = 64;
  const size_t kLast = model_->state_size() - 64;
};

TEST_F(ForeignState, IsRefusedIfAValueIsNotFinite) {
  player_.Play(3);
  for (float bad : {NAN, INFINITY, -INFINITY}) {
    for (size_t offset : {kH, kH + 16, kC, kC + 16, kLast + 4, kLast + 4 + 8 * 4}) {
      const Status status = With(offset, bad);
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << offset;
      EXPECT_THAT(std::string(Message(status)), HasSubstr("expected a finite number")) << offset;
    }
  }
}

TEST_F(ForeignState, IsRefusedWithTheNameOfItsLayer) {
  EXPECT_THAT(std::string(Message(With(kC + 4, NAN))), HasSubstr("layer l: value 17"));
}

TEST_F(ForeignState, IsRefusedIfItsPaddingIsUsed) {
  EXPECT_EQ(With(kH + 5 * 4, 1).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(With(kLast + 4 + 9 * 4, 1).code(), absl::StatusCode::kDataLoss);
  const auto text = MakeModel(TinyTextModel());
  AlignedVector<std::byte> row(text->state_size());
  text->InitState(row.data());
  ASSERT_TRUE(text->ValidateState(row.data()).ok());
  text->codec_state(row.data())[text->text_codec()->state_size()] = std::byte{1};
  EXPECT_EQ(text->ValidateState(row.data()).code(), absl::StatusCode::kDataLoss);
}

TEST_F(ForeignState, IsRefusedIfItsFlagIsNone) {
  player_.Play(3);
  EXPECT_TRUE(WithFlag(1).ok());
  for (uint32_t flag : {2u, 0x01000000u, UINT32_MAX}) {
    EXPECT_EQ(WithFlag(flag).code(), absl::StatusCode::kDataLoss) << flag;
  }
}

TEST_F(ForeignState, IsRefusedIfAnAttentionCountsStepsItCannotHave) {
  const auto model = MakeModel(
      FeatureContents("layers { name: 'l' attention { window: 3 } } heads { name: 'y' input: 'l' "
                      "regression {} }"));
  Player player(*model, RandomSequence(*model, 5, 1));
  player.PlayAll();
  constexpr size_t kCount = 2 * 64;  // behind two vectors of six floats
  for (const float count : {0.0f, 2.0f, 3.0f, -1.0f, 0.5f}) {
    std::memcpy(player.state().data() + kCount, &count, sizeof(count));
    const bool possible = count == 0 || count == 2;
    EXPECT_EQ(model->ValidateState(player.state().data()).ok(), possible) << count;
  }
}

TEST_F(ForeignState, IsRefusedIfItHasALastOutputBeforeTheFirstStep) {
  player_.Play(3);
  EXPECT_EQ(WithFlag(0).code(), absl::StatusCode::kDataLoss);
}

TEST_F(ForeignState, IsRefusedIfItsCodecSaysSo) {
  const auto text = MakeModel(TinyTextModel());
  AlignedVector<std::byte> row(text->state_size());
  text->InitState(row.data());
  std::memset(text->codec_state(row.data()), 0xFF, text->text_codec()->state_size());
  const Status status = text->ValidateState(row.data());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("codec"));
}

TEST(CreateModel, RefusesWeightsThatDoNotFitTheConfig) {
  ModelContents contents = FeatureContents(kTwoHeads);
  contents.tensors.erase("l.bias");
  const auto model = Model::Create(contents);
  EXPECT_FALSE(model.ok());
  EXPECT_THAT(std::string(Message(model.status())), HasSubstr("l.bias"));
}

TEST(CreateModel, RefusesAConfigThatDoesNotResolve) {
  ModelContents contents = FeatureContents(kTwoHeads);
  contents.config.mutable_layers(0)->mutable_lstm()->set_units(0);
  const auto model = Model::Create(contents);
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(model.status())), HasSubstr("units"));
}

TEST(LoadModel, GivesWhatWasWritten) {
  const ModelContents contents = FeatureContents(kTwoHeads);
  const std::string path = testing::TempDir() + "/sequent_load_model_test.safetensors";
  ASSERT_TRUE(WriteModelFile(path, contents).ok());
  const auto loaded = Model::Load(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  std::remove(path.c_str());
  const auto made = MakeModel(contents);
  EXPECT_EQ((*loaded)->fingerprint(), made->fingerprint());
  Player a(*made, RandomSequence(*made, 12, 1)), b(**loaded, RandomSequence(*made, 12, 1));
  a.PlayAll();
  b.PlayAll();
  EXPECT_TRUE(SameBits(*made, a, b));
}

TEST(LoadModel, NamesAFileThatIsNotThere) {
  const auto model = Model::Load("/nonexistent/model.safetensors");
  EXPECT_FALSE(model.ok());
  EXPECT_THAT(std::string(Message(model.status())), HasSubstr("/nonexistent/model.safetensors"));
}

}  // namespace
}  // namespace sequent
