// sequent-train as people run it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>

#include <string>

#include "core/model/model_file.h"
#include "tests/trainer/small_fit.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

class CommandTest : public SmallFit {
 protected:
  static int ExitOf(const Arguments& arguments) { return RunProgram(arguments).exit_code; }

  int ExitOfForecast(const std::string& csv) {
    return ExitOf(
        With({"fit", "--task", "forecast", "--data", folder_.Write("f.csv", csv), "--out",
              folder_.File("f.safetensors"), "--run-dir", folder_.File("f"), "--progress", "none"},
             Sets({"data.time=t", "train.epochs=1"})));
  }

  // "1.25" of the line "  loss   1.25".
  static std::string PrintedLoss(const std::string& text) {
    const size_t name = text.find("  loss ");
    if (name == text.npos) return "no loss in: " + text;
    const size_t begin = text.find_first_not_of(' ', name + 7);
    return text.substr(begin, text.find('\n', begin) - begin);
  }
};

TEST_F(CommandTest, EvaluateGivesTheBitsThatFitPrinted) {
  const Outcome fit = RunProgram(TextFit("a", 60, {"--json"}));
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  for (const char* threads : {"1", "2"}) {
    const Outcome evaluate = RunProgram({"evaluate", Model("a"), "--data", folder_.File("text.txt"),
                                         "--json", "--threads", threads});
    ASSERT_EQ(evaluate.exit_code, 0) << evaluate.error;
    EXPECT_EQ(Json::parse(fit.out)["validation"], Json::parse(evaluate.out)["measures"]);
  }
}

TEST_F(CommandTest, EvaluateGivesTheBitsOfForecastsToo) {
  const Outcome fit = RunProgram(SeriesFit("a", 60, {"--json"}));
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  for (const std::string part : {"validation", "test"}) {
    const Outcome evaluate = RunProgram(
        {"evaluate", Model("a"), "--data", folder_.File("series.csv"), "--json", "--part", part});
    ASSERT_EQ(evaluate.exit_code, 0) << evaluate.error;
    EXPECT_EQ(Json::parse(fit.out)[part], Json::parse(evaluate.out)["measures"]) << part;
  }
}

TEST_F(CommandTest, EvaluateGivesTheBitsOfWordsToo) {
  const Outcome fit = RunProgram(WordFit("a", 60, {"--json"}));
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  for (const std::string part : {"validation", "test"}) {
    const Outcome evaluate = RunProgram(
        {"evaluate", Model("a"), "--data", folder_.File("text.txt"), "--json", "--part", part});
    ASSERT_EQ(evaluate.exit_code, 0) << evaluate.error;
    EXPECT_EQ(Json::parse(fit.out)[part], Json::parse(evaluate.out)["measures"]) << part;
    // 30 lines of 5 words and an end; the first word is given.
    EXPECT_EQ(Json::parse(fit.out)[part]["tokens"], 179) << part;
  }
}

TEST_F(CommandTest, CountsBitsByCharacterWhereTokensAreNone) {
  const Outcome words = RunProgram(WordFit("a", 5, {"--json"}));
  ASSERT_EQ(words.exit_code, 0) << words.error;
  const Json measures = Json::parse(words.out)["validation"];
  // 30 lines "line 123 of a song" of about 18 characters; the first word, of 4, is given.
  const double bits = measures["bits_per_token"].get<double>() * 179;
  EXPECT_NEAR(bits / measures["bits_per_character"].get<double>(), 30 * 18, 30);
  const Outcome characters = RunProgram(TextFit("b", 5, {"--json"}));
  ASSERT_EQ(characters.exit_code, 0) << characters.error;
  EXPECT_FALSE(Json::parse(characters.out)["validation"].contains("bits_per_character"));
}

TEST_F(CommandTest, WritesWordsWithSpacesAndLines) {
  ASSERT_EQ(ExitOf(WordFit("a", 120)), 0);
  const Outcome outcome = RunProgram({"predict", Model("a"), "--data", folder_.File("text.txt"),
                                      "--steps", "60", "--temperature", "0.2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, HasSubstr(" of a song\n"));
}

TEST_F(CommandTest, TheLossForPeopleHasAllItsDigits) {
  const Outcome fit = RunProgram(TextFit("a", 60));
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  const Outcome evaluate = RunProgram({"evaluate", Model("a"), "--data", folder_.File("text.txt")});
  const std::string loss = PrintedLoss(fit.out);
  EXPECT_EQ(loss, PrintedLoss(evaluate.out));
  const Outcome inspect = RunProgram({"inspect", Model("a"), "--json"});
  EXPECT_EQ(std::stod(loss),
            Json::parse(inspect.out)["training"]["validation"]["loss"].get<double>());
  EXPECT_EQ(std::stod(loss), MetricLines("a").back()["validation"]["loss"].get<double>());
}

TEST_F(CommandTest, OfOtherDataEvaluateMeasuresAll) {
  ASSERT_EQ(ExitOf(TextFit("a", 5)), 0);
  const Outcome outcome =
      RunProgram({"evaluate", Model("a"), "--data",
                  folder_.Write("other.txt", "line 1 of another song"), "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(Json::parse(outcome.out)["part"], "all");
  EXPECT_EQ(Json::parse(outcome.out)["measures"]["tokens"], 21);
}

TEST_F(CommandTest, MetricsHaveALineForEveryUpdateAndValidation) {
  ASSERT_EQ(ExitOf(TextFit("a", 45)), 0);
  uint64_t updates = 0;
  std::vector<uint64_t> validations;
  for (const Json& line : MetricLines("a")) {
    ASSERT_TRUE(line.is_object());
    if (line.contains("validation")) {
      EXPECT_TRUE(line["validation"]["loss"].is_number());
      EXPECT_EQ(line.size(), 2u);
      validations.push_back(line["update"]);
      continue;
    }
    EXPECT_EQ(line["update"], ++updates);
    for (const char* key : {"epoch", "loss", "grad_norm", "lr", "seconds"}) {
      EXPECT_TRUE(line[key].is_number()) << key;
    }
    EXPECT_EQ(line.size(), 6u);
  }
  EXPECT_EQ(updates, 45u);
  EXPECT_EQ(validations, (std::vector<uint64_t>{20, 40, 45}));
}

TEST_F(CommandTest, PublishesTheNextVersion) {
  const Arguments publish = {"--publish", folder_.File("models/m")};
  ASSERT_EQ(ExitOf(TextFit("a", 5, publish)), 0);
  ASSERT_EQ(ExitOf(TextFit("b", 5, publish)), 0);
  EXPECT_EQ(folder_.Read("models/m/2/model.safetensors"), ModelBytes("b"));
  EXPECT_FALSE(folder_.Read("models/m/1/model.safetensors").empty());
}

TEST_F(CommandTest, WritesTheSameTextForTheSameSeed) {
  ASSERT_EQ(ExitOf(TextFit("a", 20)), 0);
  const Arguments predict = {"predict", Model("a"), "--data", folder_.File("text.txt"),
                             "--steps", "40"};
  const Outcome one = RunProgram(predict);
  ASSERT_EQ(one.exit_code, 0) << one.error;
  EXPECT_GT(one.out.size(), 40u);
  EXPECT_EQ(one.out, RunProgram(predict).out);
}

TEST_F(CommandTest, WritesNothingAfterNothing) {
  ASSERT_EQ(ExitOf(WordFit("a", 5, Sets({"model.input={tokens: {codec: words}}"}))), 0);
  const Outcome predict = RunProgram(
      {"predict", Model("a"), "--data", folder_.Write("blank.txt", " \n \n"), "--steps", "5"});
  EXPECT_EQ(predict.exit_code, 3);
  EXPECT_THAT(predict.error, HasSubstr("expected a part with tokens, got none"));
}

TEST_F(CommandTest, ForecastsAreNotWrittenAsText) {
  ASSERT_EQ(ExitOf(SeriesFit("a", 5)), 0);
  const Arguments predict = {"predict", Model("a"), "--data", folder_.File("series.csv")};
  EXPECT_THAT(RunProgram(predict).out, StartsWith("time,column,forecast,truth\n1,x,"));
  EXPECT_EQ(ExitOf(With(predict, {"--steps", "5"})), 2);
}

TEST_F(CommandTest, EvaluatesFromAnOriginAsFitDidOrAsItIsTold) {
  const Outcome fit = RunProgram(
      With(SeriesFit("a", 5, {"--json"}),
           Sets({"forecast.evaluation=fixed_origin", "forecast.horizon=7", "forecast.period=3"})));
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  const Arguments evaluate = {"evaluate", Model("a"), "--data", folder_.File("series.csv"),
                              "--part",   "test",     "--json"};
  const Json measures = Json::parse(RunProgram(evaluate).out)["measures"];
  EXPECT_EQ(measures, Json::parse(fit.out)["test"]);
  EXPECT_EQ(measures["values"], 7);
  const Json rolling = Json::parse(
      RunProgram(With(evaluate, {"--evaluation", "rolling_origin", "--stride", "10"})).out);
  EXPECT_EQ(rolling["measures"]["values"], 15);  // five origins, a period of three each
  EXPECT_EQ(ExitOf(With(evaluate, {"--evaluation", "rolling"})), 2);
  for (const char* option : {"--horizon", "--context", "--stride"}) {
    const Outcome alone = RunProgram(With(evaluate, {option, "2"}));
    EXPECT_EQ(alone.exit_code, 2);
    EXPECT_THAT(alone.error, HasSubstr(StrCat(option, ": expected --evaluation beside it")));
  }
}

TEST_F(CommandTest, EvaluatesDirectForecastsAsFitDidOrAsFarAsTheyGo) {
  for (const std::string head : {"point", "gaussian", "student_t", "quantiles"}) {
    const Outcome fit = RunProgram(With(
        SeriesFit("a", 5, {"--json"}),
        Sets({"forecast.evaluation=fixed_origin", "forecast.horizon=7", "forecast.output=direct",
              "model.heads=[{name: forecast, regression: {distribution: " + head + "}}]"})));
    ASSERT_EQ(fit.exit_code, 0) << fit.error;
    const Arguments data = {Model("a"), "--data", folder_.File("series.csv"), "--part", "test"};
    const Arguments evaluate = With(With({"evaluate"}, data), {"--json"});
    const Json measures = Json::parse(RunProgram(evaluate).out)["measures"];
    EXPECT_EQ(measures, Json::parse(fit.out)["test"]);
    EXPECT_EQ(measures["values"], 7);
    const Arguments rolling = {"--evaluation", "rolling_origin", "--stride", "10"};
    const Json rolled = Json::parse(RunProgram(With(evaluate, rolling)).out);
    EXPECT_EQ(rolled["measures"]["values"], 35) << "five origins, all its steps each";
    const Outcome far = RunProgram(With(With(evaluate, rolling), {"--horizon", "8"}));
    EXPECT_EQ(far.exit_code, 2);
    EXPECT_THAT(far.error, HasSubstr("horizon: expected at most the 7 steps that head 'forecast'"));
    const std::string rows = RunProgram(With({"predict"}, data)).out;
    EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 8);
  }
}

TEST_F(CommandTest, OnlyForecastsHaveAnEvaluation) {
  ASSERT_EQ(ExitOf(TextFit("a", 5)), 0);
  const Outcome evaluate = RunProgram(
      {"evaluate", Model("a"), "--data", folder_.File("text.txt"), "--evaluation", "one_step"});
  EXPECT_EQ(evaluate.exit_code, 2);
  EXPECT_THAT(evaluate.error, HasSubstr("--evaluation: expected a model of series"));
}

TEST_F(CommandTest, ARecordOfPartsThatItsDataDoesNotHaveIsRefused) {
  ASSERT_EQ(ExitOf(SeriesFit("a", 5)), 0);
  auto model = ReadModelFile(Model("a"));
  ASSERT_TRUE(model.ok()) << model.status();
  Json record = Json::parse(model->training);
  record["data"]["train"] = {0, 1000000};
  model->training = record.dump();
  ASSERT_TRUE(WriteModelFile(Model("b"), *model).ok());
  const Outcome evaluate =
      RunProgram({"evaluate", Model("b"), "--data", folder_.File("series.csv"), "--part", "test"});
  EXPECT_EQ(evaluate.exit_code, 3);
  EXPECT_THAT(evaluate.error, HasSubstr("within the 400 rows of its data, got one up to 1000000"));
}

TEST_F(CommandTest, FilesMayHaveAnyName) {
  ASSERT_EQ(ExitOf(TextFit("a\xFF", 5, {"--json"})), 0);
  const Outcome evaluate =
      RunProgram({"evaluate", Model("a\xFF"), "--data", folder_.File("text.txt"), "--json"});
  EXPECT_EQ(evaluate.exit_code, 0) << evaluate.error;
  EXPECT_THAT(evaluate.out, HasSubstr("a\xEF\xBF\xBD.safetensors"));
}

TEST_F(CommandTest, StartsFromTheWeightsOfAnotherModel) {
  ASSERT_EQ(ExitOf(TextFit("a", 60)), 0);
  ASSERT_EQ(ExitOf(TextFit("b", 1, {"--init-from", Model("a")})), 0);
  EXPECT_LT(MetricLines("b")[0]["loss"].get<double>(), MetricLines("a")[0]["loss"].get<double>());
}

TEST_F(CommandTest, DumpsAConfigurationThatItReads) {
  const Outcome first = RunProgram({"fit", "examples/melbourne/config.yaml", "--dump-config"});
  ASSERT_EQ(first.exit_code, 0) << first.error;
  const Outcome again = RunProgram({"fit", folder_.Write("c.yaml", first.out), "--dump-config"});
  EXPECT_EQ(again.exit_code, 0) << again.error;
  EXPECT_EQ(first.out, again.out);
}

TEST_F(CommandTest, TheCommandLineWinsOverTheEnvironmentOverTheFile) {
  const std::string file = folder_.Write(
      "c.yaml",
      "task: language_model\ndata: {path: x}\ntrain: {batch: 11, bptt: 12, epochs: 13}\n");
  Surroundings around;
  around.environment = {{"SEQUENT_TRAIN__BATCH", "21"}, {"SEQUENT_TRAIN__BPTT", "22"}};
  const Outcome dump =
      RunProgram({"fit", file, "--set", "train.batch=31", "--dump-config"}, around);
  EXPECT_THAT(dump.out, HasSubstr("  batch: 31\n  bptt: 22\n  epochs: 13\n"));
}

TEST_F(CommandTest, RefusesAMisspeltVariable) {
  Surroundings around;
  around.environment = {{"SEQUENT_TRAIN__BACTH", "21"}};
  const Outcome outcome = RunProgram(TextFit("a", 5), around);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("train.bacth: unknown key"));
  EXPECT_THAT(outcome.error, HasSubstr("SEQUENT_TRAIN__BACTH"));
}

TEST_F(CommandTest, ShowsABarOnATerminalThatIsNoWiderThanIt) {
  int terminal = -1, program = -1;
  winsize size{.ws_row = 24, .ws_col = 60, .ws_xpixel = 0, .ws_ypixel = 0};
  if (openpty(&terminal, &program, nullptr, nullptr, &size) != 0) {
    GTEST_SKIP() << "no terminal to be had: is /dev/pts mounted?";
  }
  Surroundings around;
  around.error_to = program;
  ASSERT_EQ(RunProgram(TextFit("a", 30), around).exit_code, 0);
  close(program);
  std::string shown;
  char bytes[4096];
  for (ssize_t got; (got = read(terminal, bytes, sizeof(bytes))) > 0;) {
    shown.append(bytes, static_cast<size_t>(got));
  }
  close(terminal);
  EXPECT_THAT(shown, StartsWith("\r\x1b[K"));
  for (size_t begin = 0, end; (end = shown.find('\r', begin)) != shown.npos; begin = end + 1) {
    EXPECT_LT(end - begin, 60u + 3) << shown.substr(begin, end - begin);  // 3: the escape
  }
}

TEST_F(CommandTest, ShowsPlainLinesElsewhere) {
  const Outcome outcome = RunProgram(TextFit("a", 30));
  EXPECT_THAT(outcome.error, StartsWith("epoch 0."));
  EXPECT_THAT(outcome.error, HasSubstr("characters/s"));
  EXPECT_THAT(outcome.error, HasSubstr("validation loss"));
  EXPECT_THAT(outcome.error, Not(HasSubstr("\r")));
}

TEST_F(CommandTest, EveryCommandHasHelp) {
  EXPECT_THAT(RunProgram({"--help"}).out, HasSubstr("Exit codes"));
  for (const char* command :
       {"fit", "evaluate", "predict", "quantize", "prune", "tune", "cv", "inspect"}) {
    const Outcome outcome = RunProgram({command, "--help"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_THAT(outcome.out, HasSubstr(StrCat("sequent-train ", command)));
  }
}

TEST_F(CommandTest, EndsWithTwoOnBadUsage) {
  EXPECT_EQ(ExitOf({}), 2);
  EXPECT_EQ(ExitOf({"fit", "--nonsense"}), 2);
  EXPECT_EQ(ExitOf({"fit", "no-such-file.yaml"}), 2);
  EXPECT_EQ(ExitOf(TextFit("a", 5, Sets({"train.optmizer={}"}))), 2);
  EXPECT_EQ(ExitOf(TextFit("a", 5, Sets({"train.clip.global_norm=-1"}))), 2);
  EXPECT_EQ(ExitOf(TextFit("a", 5, {"--progress", "loud"})), 2);
}

TEST_F(CommandTest, EndsWithThreeOnBadData) {
  EXPECT_EQ(ExitOfForecast(""), 3);
  EXPECT_EQ(ExitOfForecast("t,x\n"), 3);
  EXPECT_EQ(ExitOfForecast("t,x\n1,2\n2\n"), 3);
  EXPECT_EQ(ExitOfForecast("t,x\n1,2\n2,x\n"), 3);
  EXPECT_EQ(ExitOfForecast("t,x\n1,2\n1,3\n"), 3);
  EXPECT_EQ(ExitOfForecast("t,x\n1,1\n2,4\n3,9\n4,16\n5,25\n"), 3) << "shorter than its window";
  EXPECT_EQ(ExitOfForecast("t,x\n1,5\n2,5\n3,5\n4,5\n5,5\n6,5\n7,5\n8,5\n9,5\n10,5\n"), 3);
  EXPECT_EQ(ExitOf({"fit", "--task", "language_model", "--data", folder_.Write("bad.txt", "a\xFF"),
                    "--run-dir", folder_.File("a"), "--out", Model("a")}),
            3);
  EXPECT_EQ(ExitOf({"fit", "--task", "language_model", "--data", folder_.File("none.txt"),
                    "--run-dir", folder_.File("a"), "--out", Model("a")}),
            3);
}

TEST_F(CommandTest, EndsWithThreeOnABadModelFile) {
  EXPECT_EQ(ExitOf({"inspect", folder_.Write("m", "no model")}), 3);
  EXPECT_EQ(ExitOf({"inspect", folder_.File("none")}), 3);
}

TEST_F(CommandTest, EndsWithFourWhenTheLossIsNotFinite) {
  const Outcome outcome =
      RunProgram(TextFit("a", 200, Sets({"train.optimizer={sgd: {lr: 1e60}}", "train.clip={}"})));
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.error, HasSubstr("update 1:"));
  EXPECT_THAT(outcome.error, HasSubstr("gradient norm"));
}

TEST_F(CommandTest, AnOutputThatCannotBeWrittenIsFoundBeforeTraining) {
  folder_.Write("file", "");
  const Outcome outcome =
      RunProgram({"fit", "--task", "language_model", "--data", folder_.Write("t", "text"), "--out",
                  folder_.File("file/m"), "--run-dir", folder_.File("a")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("output.model"));
  EXPECT_EQ(Metrics("a"), "");
}

}  // namespace
}  // namespace sequent
