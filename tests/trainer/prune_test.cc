// Sparse models from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer/small_fit.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class PruneTest : public SmallFit {
 protected:
  void SetUp() override { ASSERT_EQ(RunProgram(TextFit("a", 60)).exit_code, 0); }

  Outcome Prune(const Arguments& rule, const Arguments& more = {}) const {
    return RunProgram(With(With({"prune", Model("a"), "-o", Model("p")}, rule), more));
  }
  double Loss(const std::string& model) const {
    const Outcome outcome =
        RunProgram({"evaluate", Model(model), "--data", folder_.File("text.txt"), "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    return Json::parse(outcome.out)["measures"]["loss"];
  }
};

TEST_F(PruneTest, SaysTheSparsityOfEachTensorAndTheLossItCosts) {
  const Outcome outcome =
      Prune({"--keep-largest", "0.25"}, {"--json", "--data", folder_.File("text.txt")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["tensors"].size(), 3u) << "the LSTM's two and the head's; no embedding, no bias";
  for (const auto& [name, tensor] : json["tensors"].items()) {
    EXPECT_NEAR(tensor["sparsity"].get<double>(), 0.75, 0.01) << name;
  }
  EXPECT_EQ(json["loss"]["dense"], Loss("a"));
  EXPECT_EQ(json["loss"]["pruned"], Loss("p"));
  EXPECT_GT(Loss("p"), Loss("a"));
}

TEST_F(PruneTest, BothRulesAreThere) {
  const Outcome largest = Prune({"--keep-largest", "0.1", "--among", "all"});
  EXPECT_THAT(largest.out, HasSubstr("   90.0"));
  const Outcome below = Prune({"--zero-below", "0.1"}, {"--data", folder_.File("text.txt")});
  EXPECT_EQ(below.exit_code, 0) << below.error;
  EXPECT_THAT(below.out, HasSubstr(" dense, "));
  EXPECT_EQ(Prune({}).exit_code, 2);
  EXPECT_EQ(Prune({"--keep-largest", "0.1", "--zero-below", "0.1"}).exit_code, 2);
  EXPECT_EQ(Prune({"--keep-largest", "1.5"}).exit_code, 2);
}

TEST_F(PruneTest, RemembersWhereTheModelCameFrom) {
  ASSERT_EQ(Prune({"--keep-largest", "0.5"}).exit_code, 0);
  const Json record = Json::parse(RunProgram({"inspect", Model("p"), "--json"}).out)["training"];
  EXPECT_EQ(record["pruned"]["rule"], "keep_largest");
  EXPECT_EQ(record["pruned"]["fraction"], "0.5");
}

TEST_F(PruneTest, FitPrunesStepByStepAndSaysHowFarItCame) {
  const Outcome fit =
      RunProgram(TextFit("b", 40,
                         With({"--init-from", Model("a"), "--json"},
                              Sets({"train.prune={keep_largest: {fraction: 0.25}}"}))));
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  const Json sparsity = Json::parse(fit.out)["sparsity"];
  EXPECT_FALSE(sparsity.empty());
  for (const auto& [name, share] : sparsity.items()) {
    EXPECT_NEAR(share.get<double>(), 0.75, 0.01) << name;
  }
  ASSERT_EQ(Prune({"--keep-largest", "0.25"}).exit_code, 0);
  EXPECT_LT(Loss("b"), Loss("p")) << "training on makes up for some of it";
}

TEST_F(PruneTest, RefusesRulesThatAreNone) {
  const auto refusal = [&](const std::string& rule) {
    const Outcome outcome = RunProgram(TextFit("b", 40, Sets({"train.prune=" + rule})));
    EXPECT_EQ(outcome.exit_code, 2);
    return outcome.error;
  };
  EXPECT_THAT(refusal("{keep_largest: {fraction: 2}}"),
              HasSubstr("train.prune.keep_largest.fraction: expected 0 < x <= 1, got 2"));
  EXPECT_THAT(refusal("{keep_largest: {fraction: 0.5}, end_update: 41}"),
              HasSubstr("train.prune.end_update: expected at most the run's 40 updates"));
}

}  // namespace
}  // namespace sequent
