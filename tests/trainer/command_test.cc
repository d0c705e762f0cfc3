// sequent-train as people run it.

#include <csignal>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/base/status.h"
#include "tests/trainer/run_program.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using Arguments = std::vector<std::string>;

std::string Text() {
  std::string text;
  for (int i = 0; text.size() < 6000; ++i) text += StrCat("line ", i * 7919 % 1000, " of a song\n");
  return text;
}

std::string SeriesCsv(int rows) {
  std::string csv = "t,x\n";
  for (int i = 0; i < rows; ++i) csv += StrCat(i, ",", i * i % 37, "\n");
  return csv;
}

class CommandTest : public ::testing::Test {
 protected:
  // A small language model, fitted in `updates` updates, with a checkpoint at every fifth.
  Arguments Fit(const std::string& name, int updates, const Arguments& more = {}) {
    Arguments arguments = {"fit",
                           "--task",
                           "language_model",
                           "--data",
                           folder_.Write("text.txt", Text()),
                           "--out",
                           folder_.File(name + ".safetensors"),
                           "--run-dir",
                           folder_.File(name),
                           "--progress",
                           "none",
                           "--json"};
    for (const char* set :
         {"train.batch=4", "train.bptt=8", "train.epochs=1000",
          "train.checkpoint={every_updates: 5}", "train.validate.every_updates=20",
          "train.early_stopping.patience=0",
          "model.layers=[{name: e, embedding: {width: 8}}, {name: d, dropout: {rate: 0.1}}, "
          "{name: l, lstm: {units: 12}}]"}) {
      arguments.insert(arguments.end(), {"--set", set});
    }
    arguments.insert(arguments.end(), {"--set", StrCat("train.max_updates=", updates)});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  // Returns once metrics.jsonl of the run has `lines` lines, or the child is gone.
  void WaitForLines(const std::string& name, int lines, pid_t child) {
    while (waitid(P_PID, static_cast<id_t>(child), nullptr, WEXITED | WNOHANG | WNOWAIT) == 0) {
      siginfo_t info{};
      waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT);
      if (info.si_pid == child) return;
      const std::string log = folder_.Read(name + "/metrics.jsonl");
      if (std::count(log.begin(), log.end(), '\n') >= lines) return;
      std::this_thread::yield();
    }
  }

  int ExitOfForecast(const std::string& csv) {
    return RunProgram({"fit", "--task", "forecast", "--data", folder_.Write("f.csv", csv), "--out",
                       folder_.File("f.safetensors"), "--run-dir", folder_.File("f"), "--set",
                       "data.time=t", "--set", "train.epochs=1", "--progress", "none"})
        .exit_code;
  }

  TemporaryFolder folder_;
};

TEST_F(CommandTest, EvaluateGivesTheBitsThatFitPrinted) {
  const Outcome fit = RunProgram(Fit("a", 60));
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  const Outcome evaluate = RunProgram(
      {"evaluate", folder_.File("a.safetensors"), "--data", folder_.File("text.txt"), "--json"});
  ASSERT_EQ(evaluate.exit_code, 0) << evaluate.error;
  EXPECT_EQ(Json::parse(fit.out)["validation"], Json::parse(evaluate.out)["measures"]);
}

TEST_F(CommandTest, EvaluateGivesTheBitsOfForecastsToo) {
  const std::string csv = folder_.Write("f.csv", SeriesCsv(400));
  const Outcome fit =
      RunProgram({"fit", "--task", "forecast", "--data", csv, "--out",
                  folder_.File("f.safetensors"), "--run-dir", folder_.File("f"), "--set",
                  "data.time=t", "--set", "data.split={validation: 50, test: 50}", "--set",
                  "train.epochs=2", "--json", "--progress", "none"});
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  for (const std::string part : {"validation", "test"}) {
    const Outcome evaluate = RunProgram(
        {"evaluate", folder_.File("f.safetensors"), "--data", csv, "--json", "--part", part});
    ASSERT_EQ(evaluate.exit_code, 0) << evaluate.error;
    EXPECT_EQ(Json::parse(fit.out)[part], Json::parse(evaluate.out)["measures"]) << part;
  }
}

TEST_F(CommandTest, OneThreadAndTwoGiveTheSameFile) {
  ASSERT_EQ(RunProgram(Fit("a", 40, {"--set", "train.threads=1"})).exit_code, 0);
  ASSERT_EQ(RunProgram(Fit("b", 40, {"--set", "train.threads=2"})).exit_code, 0);
  EXPECT_FALSE(folder_.Read("a.safetensors").empty());
  EXPECT_EQ(folder_.Read("a.safetensors"), folder_.Read("b.safetensors"));
}

TEST_F(CommandTest, AKilledAndResumedFitGivesTheSameFile) {
  constexpr int kUpdates = 300;
  ASSERT_EQ(RunProgram(Fit("whole", kUpdates)).exit_code, 0);
  int killed = 0;
  for (const int lines : {1, 7, 33, 90, 171}) {
    const std::string name = StrCat("killed", lines);
    Child child(Fit(name, kUpdates));
    WaitForLines(name, lines, child.pid());
    kill(child.pid(), SIGKILL);
    killed += child.Wait().exit_code == 128 + SIGKILL;
    const Outcome resumed = RunProgram(Fit(name, kUpdates, {"--resume"}));
    ASSERT_EQ(resumed.exit_code, 0) << resumed.error;
    EXPECT_EQ(folder_.Read("whole.safetensors"), folder_.Read(name + ".safetensors")) << lines;
  }
  EXPECT_GT(killed, 0);
}

TEST_F(CommandTest, InterruptedItWritesTheBestWeightsAndSucceeds) {
  Child child(Fit("a", 1000000));
  WaitForLines("a", 30, child.pid());
  kill(child.pid(), SIGINT);
  const Outcome outcome = child.Wait();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(Json::parse(outcome.out)["stop_reason"], "interrupted");
  EXPECT_EQ(RunProgram({"inspect", folder_.File("a.safetensors")}).exit_code, 0);
}

TEST_F(CommandTest, PublishesTheNextVersion) {
  const Arguments publish = {"--publish", folder_.File("models/m")};
  ASSERT_EQ(RunProgram(Fit("a", 5, publish)).exit_code, 0);
  ASSERT_EQ(RunProgram(Fit("b", 5, publish)).exit_code, 0);
  EXPECT_EQ(folder_.Read("models/m/2/model.safetensors"), folder_.Read("b.safetensors"));
  EXPECT_FALSE(folder_.Read("models/m/1/model.safetensors").empty());
}

TEST_F(CommandTest, WritesTheSameTextForTheSameSeed) {
  ASSERT_EQ(RunProgram(Fit("a", 20)).exit_code, 0);
  const Arguments predict = {"predict", folder_.File("a.safetensors"),
                             "--data",  folder_.File("text.txt"),
                             "--steps", "40"};
  const Outcome one = RunProgram(predict);
  ASSERT_EQ(one.exit_code, 0) << one.error;
  EXPECT_GT(one.out.size(), 40u);
  EXPECT_EQ(one.out, RunProgram(predict).out);
}

TEST_F(CommandTest, DumpsAConfigurationThatItReads) {
  const Outcome first = RunProgram({"fit", "examples/melbourne/config.yaml", "--dump-config"});
  ASSERT_EQ(first.exit_code, 0) << first.error;
  const Outcome again = RunProgram({"fit", folder_.Write("c.yaml", first.out), "--dump-config"});
  EXPECT_EQ(again.exit_code, 0) << again.error;
  EXPECT_EQ(first.out, again.out);
}

TEST_F(CommandTest, EndsWithTwoOnBadUsage) {
  EXPECT_EQ(RunProgram({"fit", "--nonsense"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"fit", "no-such-file.yaml"}).exit_code, 2);
  EXPECT_EQ(RunProgram(Fit("a", 5, {"--set", "train.optmizer={}"})).exit_code, 2);
}

TEST_F(CommandTest, EndsWithThreeOnBadData) {
  EXPECT_EQ(ExitOfForecast(""), 3);
  EXPECT_EQ(ExitOfForecast("t,x\n"), 3);
  EXPECT_EQ(ExitOfForecast("t,x\n1,2\n2\n"), 3);
  EXPECT_EQ(ExitOfForecast("t,x\n1,2\n2,x\n"), 3);
  EXPECT_EQ(ExitOfForecast("t,x\n1,2\n1,3\n"), 3);
  EXPECT_EQ(ExitOfForecast(SeriesCsv(30)), 3) << "shorter than its window";
  EXPECT_EQ(ExitOfForecast("t,x\n1,5\n2,5\n3,5\n4,5\n5,5\n6,5\n7,5\n8,5\n9,5\n10,5\n"), 3);
  EXPECT_EQ(
      RunProgram({"fit", "--task", "language_model", "--data", folder_.Write("bad.txt", "abc\xFF")})
          .exit_code,
      3);
}

TEST_F(CommandTest, EndsWithThreeOnABadModelFile) {
  EXPECT_EQ(RunProgram({"inspect", folder_.Write("m", "no model")}).exit_code, 3);
  EXPECT_EQ(RunProgram({"inspect", folder_.File("none")}).exit_code, 3);
}

TEST_F(CommandTest, EndsWithFourWhenTheLossIsNotFinite) {
  const Outcome outcome = RunProgram(
      Fit("a", 200, {"--set", "train.optimizer={sgd: {lr: 1e60}}", "--set", "train.clip={}"}));
  EXPECT_EQ(outcome.exit_code, 4) << outcome.error;
}

}  // namespace
}  // namespace sequent
