// Every layer and head against the equations in double.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/nn/nn_testing.h"
#include "tests/core/nn/reference_model.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

struct Case {
  std::string name;
  ModelContents contents;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

// Besides one model per layer kind: several panels of columns, and heads that share or choose.
std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (auto& [name, contents] : AllModels()) cases.push_back({name, contents});
  cases.push_back(
      {"wide_dense",
       FeatureContents("layers { name: 'l' dense { units: 150 } } heads { name: 'y' softmax { "
                       "classes: 70 } }")});
  cases.push_back(
      {"wide_stack",
       TokenContents(
           "layers { name: 'e' embedding { width: 40 } } layers { name: 'l1' lstm { "
           "units: 53 } } layers { name: 'l2' gru { units: 34 } } layers { name: 'l3' gru "
           "{ units: 41 reset: 'before' } } layers { name: 'l4' rnn { units: 70 } } "
           "heads { name: 'y' softmax {} }")});
  cases.push_back(
      {"columns_of_a_point_head",
       FeatureContents("layers { name: 'l' dense { units: 8 } } heads { name: 'y' regression { "
                       "columns: 'c' columns: 'a' } }")});
  cases.push_back(
      {"heads_that_share_an_input",
       TokenContents("layers { name: 'e' embedding { width: 6 } } layers { name: 'l' lstm { units: "
                     "6 } } heads { name: 'x' softmax {} } heads { name: 'y' input: 'e' softmax {} "
                     "} heads { name: 'z' softmax {} }")});
  return cases;
}

class LayerTest : public testing::TestWithParam<Case> {
 protected:
  const ModelContents& contents_ = GetParam().contents;
  const std::shared_ptr<const Model> model_ = MakeModel(contents_);
};

TEST_P(LayerTest, AgreesWithItsEquations) {
  const Sequence sequence = RandomSequence(*model_, 40, 5);
  Player player(*model_, sequence);
  player.PlayAll();
  ReferenceModel reference(model_->graph(), contents_.tensors);
  const auto said = reference.Run(sequence.steps, sequence.tokens.data(), sequence.features.data());
  for (size_t t = 0; t < sequence.steps; ++t) {
    const auto& expected = said[t];
    for (size_t h = 0; h < expected.size(); ++h) {
      for (size_t j = 0; j < expected[h].size(); ++j) {
        const double want = expected[h][j];
        const double got = player.outputs(h)[t * expected[h].size() + j];
        ASSERT_NEAR(got, want, 1e-5 * std::max(1.0, std::fabs(want)))
            << "head " << h << ", step " << t << ", output " << j;
      }
    }
  }
}

TEST_P(LayerTest, CountsItsWeights) {
  uint64_t weights = 0;
  for (const auto& [name, tensor] : contents_.tensors) weights += tensor.values.size();
  EXPECT_EQ(model_->parameters(), weights);
}

INSTANTIATE_TEST_SUITE_P(Nn, LayerTest, testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.name; });

// Behind an embedding, input halves are looked up; behind a relu that changes nothing they are
// worked out at every step.
TEST(InputHalf, SameBitsFromTheTableAndFromTheProduct) {
  for (const char* cell : {"lstm { units: 19 }", "gru { units: 19 }", "rnn { units: 19 }",
                           "gru { units: 19 reset: 'before' }",
                           "lstm { units: 19 peepholes: true }", "lstm { units: 19 projection: 7 }",
                           "indrnn { units: 19 }", "qrnn { units: 19 window: 1 }"}) {
    const auto text = [&](const std::string& between) {
      return "layers { name: 'e' embedding { width: 21 } } layers { name: 'b' " + between +
             " } layers { name: 'l' " + cell + " } heads { name: 'y' softmax {} }";
    };
    ModelContents looked_up = TokenContents(text("dropout { rate: 0.5 }"));
    for (float& v : looked_up.tensors.at("e.weight").values) v = std::fabs(v);
    ModelContents worked_out = TokenContents(text("activation { function: 'relu' }"));
    worked_out.tensors = looked_up.tensors;
    const auto a = MakeModel(looked_up), b = MakeModel(worked_out);
    Player one(*a, RandomSequence(*a, 50, 3)), other(*b, RandomSequence(*b, 50, 3));
    one.PlayAll();
    other.PlayAll();
    EXPECT_TRUE(SameBits(*a, one, other)) << cell;
  }
}

// One unit, c' = s(2 c) c + s(c) tanh(1), h' = s(3 c') tanh(c'), twice.
TEST(Peepholes, GiveWhatIsWorkedOutByHand) {
  ModelContents contents = FeatureContents(
      "layers { name: 'l' lstm { units: 1 peepholes: true } } heads { name: 'y' softmax { classes: "
      "1 } }");
  const auto set = [&](const char* name, AlignedVector<float> values) {
    contents.tensors.at(name).values = std::move(values);
  };
  set("l.weight_input", AlignedVector<float>(12, 0.0f));
  set("l.weight_state", AlignedVector<float>(4, 0.0f));
  set("l.bias", {0, 0, 1, 0});
  set("l.peephole", {1, 2, 3});
  set("y.weight", {1});
  set("y.bias", {0});
  const auto model = MakeModel(contents);
  Player player(*model, RandomSequence(*model, 2, 1));
  player.PlayAll();
  EXPECT_NEAR(player.outputs(0)[0], 0.2754998363452364, 1e-6);
  EXPECT_NEAR(player.outputs(0)[1], 0.5473001236621358, 1e-6);
}

// As many floats as the equations need, each vector on cache lines of its own.
TEST(LayerState, HoldsVectorsOfTheirOwnWidths) {
  const auto size = [](const std::string& cell) {
    const auto model = MakeModel(
        FeatureContents("layers { name: 'l' " + cell + " } heads { name: 'y' regression {} }"));
    const auto none = MakeModel(FeatureContents(
        "layers { name: 'l' dense { units: " + std::to_string(model->graph().nodes[1].width) +
        " } } heads { name: 'y' regression {} }"));
    return model->state_size() - none->state_size();
  };
  EXPECT_EQ(size("lstm { units: 40 projection: 16 }"), 64u * (1 + 3));
  EXPECT_EQ(size("lstm { units: 40 peepholes: true }"), 64u * (3 + 3));
  EXPECT_EQ(size("indrnn { units: 17 }"), 64u * 2);
  EXPECT_EQ(size("qrnn { units: 17 window: 1 }"), 64u * 2);
  EXPECT_EQ(size("qrnn { units: 17 window: 4 }"), 64u * (3 + 2));
}

TEST(LayerState, IsRefusedByThePlaceOfWhatIsWrong) {
  const auto model = MakeModel(FeatureContents(
      "layers { name: 'l' lstm { units: 20 projection: 3 } } heads { name: 'y' regression {} }"));
  Player player(*model, RandomSequence(*model, 5, 1));
  player.PlayAll();
  auto* state = reinterpret_cast<float*>(player.state().data());
  const auto refusal = [&](size_t i, float value) {
    const float kept = std::exchange(state[i], value);
    const std::string message(model->ValidateState(player.state().data()).message());
    state[i] = kept;
    return message;
  };
  EXPECT_EQ(refusal(0, 0.5f), "");
  EXPECT_EQ(refusal(2, INFINITY), "state, layer l: value 2: expected a finite number, got inf");
  EXPECT_EQ(refusal(3, 0.5f), "state, layer l: value 3: expected 0 (padding), got 0.5");
  EXPECT_EQ(refusal(35, 0.5f), "");
  EXPECT_EQ(refusal(36, 0.5f), "state, layer l: value 36: expected 0 (padding), got 0.5");
}

TEST(GaussianHead, DeviationsArePositiveAndFinite) {
  ModelContents contents = FeatureContents(
      "heads { name: 'y' input: 'input' regression { columns: 'a' distribution: 'gaussian' } }");
  contents.tensors.at("y.weight").values = {0, 0, 0, 1, 0, 0};
  contents.tensors.at("y.bias").values = {0, 0};
  const auto model = MakeModel(contents);
  const Sequence sequence{
      .steps = 4, .tokens = {}, .features = {-1000, 0, 0, -20, 0, 0, 0, 0, 0, 1000, 0, 0}};
  Player player(*model, sequence);
  player.PlayAll();
  EXPECT_FLOAT_EQ(player.outputs(0)[1], 1e-6f);
  EXPECT_FLOAT_EQ(player.outputs(0)[3], std::exp(-20.0f) + 1e-6f);
  EXPECT_FLOAT_EQ(player.outputs(0)[5], std::log(2.0f) + 1e-6f);
  EXPECT_FLOAT_EQ(player.outputs(0)[7], 1000);
}

}  // namespace
}  // namespace sequent
