// Which measures are baselines', and which of those a model beats.
#include "trainer/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "trainer/json_text.h"

#include <nlohmann/json.hpp>

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(IsBaseline, KnowsThemByTheEndOfTheMeasuresName) {
  for (const char* name :
       {"loss_unigram", "rmse_persistence", "mae_seasonal", "rmse_ar", "nll_constant",
        "accuracy_majority", "kind/accuracy_naive_bayes", "rmse_ar.north"}) {
    EXPECT_TRUE(IsBaseline(name)) << name;
  }
}

TEST(IsBaseline, HeadsLabelsAndSeriesMayBeCalledAsBaselinesAre) {
  for (const char* name : {"f1.is_artist", "recall._naive", "rmse.zone_ar", "my_ar/accuracy",
                           "big_area/f1.x", "f1.a/b_ar", "loss"}) {
    EXPECT_FALSE(IsBaseline(name)) << name;
  }
}

TEST(JudgeMeasures, CountsTheBaselinesAndThoseBeaten) {
  const Judgement judgement = JudgeMeasures(
      {{"rmse", 2}, {"rmse_persistence", 3}, {"rmse_seasonal", 2}, {"rmse_ar", 1}, {"mae", 9}});
  EXPECT_EQ(judgement.there, 3u);
  EXPECT_EQ(judgement.beaten, 1u);
  EXPECT_THAT(judgement.lines, ElementsAre("the model does NOT beat the baseline seasonal",
                                           "the model does NOT beat the baseline ar"));
}

TEST(JudgeMeasures, OfSeveralHeadsNamesTheOneThatLoses) {
  const Judgement judgement = JudgeMeasures({{"kind/accuracy", 0.9},
                                             {"kind/accuracy_majority", 0.5},
                                             {"kind/accuracy_naive_bayes", 0.9},
                                             {"mood/accuracy", 0.6},
                                             {"mood/accuracy_majority", 0.5}});
  EXPECT_EQ(judgement.there, 3u);
  EXPECT_EQ(judgement.beaten, 2u);
  EXPECT_THAT(
      judgement.lines,
      ElementsAre(
          "kind/the model does NOT beat the naive baseline (naive Bayes on word presence)"));
}

TEST(JudgeMeasures, WithoutBaselinesThereIsNothingToBeat) {
  const Judgement judgement =
      JudgeMeasures({{"loss", 1}, {"rmse", std::nan("")}, {"rmse_persistence", 1}});
  EXPECT_EQ(judgement.there, 0u);
  EXPECT_THAT(judgement.lines, IsEmpty());
}

TEST(JsonText, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(JsonText(nlohmann::json{"a\xFF"}), "[\"a\xEF\xBF\xBD\"]");
}

}  // namespace
}  // namespace sequent
