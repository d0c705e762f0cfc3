// Smaller weights from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/trainer/small_fit.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class QuantizeTest : public SmallFit {
 protected:
  void SetUp() override { ASSERT_EQ(RunProgram(TextFit("a", 60)).exit_code, 0); }

  Outcome Quantize(const std::string& precision, const Arguments& more = {}) const {
    return RunProgram(
        With({"quantize", Model("a"), "--precision", precision, "-o", Model(precision), "--json"},
             more));
  }
  Arguments Data() const { return {"--data", folder_.File("text.txt")}; }
  Json Evaluate(const std::string& model, const Arguments& more = {}) const {
    const Outcome outcome =
        RunProgram(With(With({"evaluate", Model(model), "--json"}, Data()), more));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    return Json::parse(outcome.out, nullptr, false);
  }
};

TEST_F(QuantizeTest, WhatItWritesHasTheLossThatEvaluateGivesWhenItRounds) {
  for (const std::string precision : {"bf16", "int8"}) {
    ASSERT_EQ(Quantize(precision).exit_code, 0);
    const Json rounded = Evaluate("a", {"--precision", precision});
    EXPECT_EQ(Evaluate(precision)["measures"], rounded["measures"]);
    EXPECT_EQ(rounded["loss_fp32"], Evaluate("a")["measures"]["loss"]);
    EXPECT_NE(rounded["loss_fp32"], rounded["measures"]["loss"]);
  }
}

TEST_F(QuantizeTest, SaysTheLossInBothAndTheDifference) {
  const Json rounded = Evaluate("a", {"--precision", "int8"});
  const double fp32 = rounded["loss_fp32"], loss = rounded["measures"]["loss"];
  EXPECT_DOUBLE_EQ(rounded["loss_change_percent"], 100 * (loss - fp32) / fp32);
  EXPECT_LT(std::fabs(rounded["loss_change_percent"].get<double>()), 1);
  EXPECT_EQ(rounded["precision"], "int8");
  const Outcome people = RunProgram(With({"evaluate", Model("a"), "--precision", "int8"}, Data()));
  EXPECT_THAT(people.out, HasSubstr(" in fp32, "));
  EXPECT_THAT(people.out, HasSubstr(" in int8: "));
}

TEST_F(QuantizeTest, MeasuresTheLossItCostsWhenGivenData) {
  const Outcome outcome = Quantize("bf16", Data());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  const Json loss = Json::parse(outcome.out)["loss"];
  EXPECT_EQ(loss["fp32"], Evaluate("a")["measures"]["loss"]);
  EXPECT_EQ(loss["rounded"], Evaluate("bf16")["measures"]["loss"]);
}

TEST_F(QuantizeTest, SaysOfEveryTensorHowLargeAndHowFarOffItIs) {
  const Json tensors = Json::parse(Quantize("int8").out)["tensors"];
  EXPECT_EQ(tensors["l.weight_state"]["dtype"], "I8");
  EXPECT_EQ(tensors["l.weight_state"]["bytes_before"], 48 * 12 * 4);
  EXPECT_EQ(tensors["l.weight_state"]["bytes"], 48 * 12 + 48 * 4);  // and a scale per row
  EXPECT_GT(tensors["l.weight_state"]["relative_error"], 0);
  EXPECT_LT(tensors["l.weight_state"]["relative_error"], 0.01);
  EXPECT_EQ(tensors["l.bias"]["relative_error"], 0);
  EXPECT_LT(ModelBytes("int8").size(), ModelBytes("a").size());
}

TEST_F(QuantizeTest, InspectShowsThePrecisionAndWhereTheModelComesFrom) {
  ASSERT_EQ(Quantize("int8").exit_code, 0);
  const Json before = Json::parse(RunProgram({"inspect", Model("a"), "--json"}).out);
  const Json after = Json::parse(RunProgram({"inspect", Model("int8"), "--json"}).out);
  EXPECT_EQ(before["precision"], "fp32");
  EXPECT_EQ(after["precision"], "int8");
  EXPECT_EQ(after["dtypes"]["e.weight"], "BF16");
  EXPECT_EQ(after["training"]["quantized"]["from"], before["fingerprint"]);
  EXPECT_EQ(after["training"]["validation"], before["training"]["validation"]);
}

TEST_F(QuantizeTest, PublishesTheNextVersion) {
  const Arguments publish = {"quantize", Model("a"),  "--precision",
                             "bf16",     "--publish", folder_.File("models/m")};
  ASSERT_EQ(RunProgram(publish).exit_code, 0);
  ASSERT_EQ(Quantize("bf16").exit_code, 0);
  EXPECT_EQ(folder_.Read("models/m/1/model.safetensors"), ModelBytes("bf16"));
}

TEST_F(QuantizeTest, RoundedModelsCanBeTrainedOn) {
  ASSERT_EQ(Quantize("int8").exit_code, 0);
  ASSERT_EQ(RunProgram(TextFit("b", 1, {"--init-from", Model("int8")})).exit_code, 0);
  const Json inspect = Json::parse(RunProgram({"inspect", Model("b"), "--json"}).out);
  EXPECT_EQ(inspect["precision"], "fp32");
  EXPECT_LT(MetricLines("b")[0]["loss"].get<double>(), MetricLines("a")[0]["loss"].get<double>());
}

TEST_F(QuantizeTest, RefusesWhatItCannotDo) {
  EXPECT_EQ(Quantize("fp16").exit_code, 2);
  EXPECT_EQ(Quantize("fp32").exit_code, 2);
  EXPECT_EQ(RunProgram({"quantize", Model("a"), "--precision", "int8"}).exit_code, 2);
  ASSERT_EQ(Quantize("int8").exit_code, 0);
  const Outcome twice =
      RunProgram({"quantize", Model("int8"), "--precision", "bf16", "-o", Model("c")});
  EXPECT_EQ(twice.exit_code, 2);
  EXPECT_THAT(twice.error, HasSubstr("expected a model in fp32, got one in int8"));
  EXPECT_EQ(RunProgram({"quantize", folder_.Write("m", "no model"), "--precision", "int8", "-o",
                        Model("c")})
                .exit_code,
            3);
}

}  // namespace
}  // namespace sequent
