// Fits that are killed, interrupted or run into a full disk, as real processes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "tests/trainer/small_fit.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

const Arguments kMomentum = {
    "--set", "train.optimizer={sgd: {lr: 0.5, momentum: 0.9}}", "--set",
    "model.layers=[{name: e, embedding: {width: 8}}, {name: d, dropout: {rate: 0.2}}, "
    "{name: g, gru: {units: 9}}, {name: r, rnn: {units: 7}}]"};
const Arguments kInDouble = {"--set", "train.dtype=float64"};

// A file system in memory over a folder, for as long as it lives.
class SmallDisk {
 public:
  SmallDisk(const std::string& folder, const char* options)
      : folder_(folder), mounted_(mount("none", folder.c_str(), "tmpfs", 0, options) == 0) {}
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  void Resize(const char* options) {
    EXPECT_EQ(mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT, options), 0);
  }

 private:
  const std::string folder_;
  const bool mounted_;
};

class ResumeTest : public SmallFit {
 protected:
  static constexpr int kUpdates = 150;

  // Everything but the clock's readings.
  std::vector<Json> TimelessMetrics(const std::string& name) const {
    std::vector<Json> lines = MetricLines(name);
    for (Json& line : lines) line.erase("seconds");
    return lines;
  }

  uint64_t LastLoggedUpdate(const std::string& name) const {
    const std::string log = Metrics(name);
    const size_t end = log.rfind('\n');
    if (end == log.npos || end == 0) return 0;
    const size_t begin = log.rfind('\n', end - 1) + 1;  // npos + 1 = 0
    const Json line = Json::parse(log.substr(begin, end - begin), nullptr, false);
    return line.is_object() ? line.value("update", uint64_t{0}) : 0;
  }

  // Kills `fit` again and again, each time after some more updates, until it comes to its end.
  void ExpectTheSameAfterManyKills(const Arguments& fit, const std::string& name, uint64_t seed) {
    const RandomStream random(seed, 0, 0);
    int killed = 0;
    for (uint64_t i = 0; i < 100; ++i) {
      const uint64_t at = LastLoggedUpdate(name) + random.Bits(i) % 60;
      Child child(With(fit, {"--resume"}));
      child.WaitUntil([&] { return LastLoggedUpdate(name) > at; });
      child.Signal(SIGKILL);
      const Outcome outcome = child.Wait();
      if (outcome.exit_code == 128 + SIGKILL) {
        ++killed;
        continue;
      }
      ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
      break;
    }
    EXPECT_GT(killed, 1);
    EXPECT_FALSE(ModelBytes("whole").empty());
    EXPECT_EQ(ModelBytes("whole"), ModelBytes(name)) << "seed " << seed;
    EXPECT_EQ(TimelessMetrics("whole"), TimelessMetrics(name)) << "seed " << seed;
  }
};

TEST_F(ResumeTest, AFitKilledManyTimesGivesTheSameFile) {
  ASSERT_EQ(RunProgram(TextFit("whole", kUpdates)).exit_code, 0);
  for (const uint64_t seed : {1, 2}) {
    const std::string name = StrCat("killed", seed);
    ExpectTheSameAfterManyKills(TextFit(name, kUpdates), name, seed);
  }
}

TEST_F(ResumeTest, SoDoesOneWithMomentumAndOtherCells) {
  ASSERT_EQ(RunProgram(TextFit("whole", kUpdates, kMomentum)).exit_code, 0);
  ExpectTheSameAfterManyKills(TextFit("killed", kUpdates, kMomentum), "killed", 3);
}

// Between them every optimiser and schedule, accumulation, a moving average, a frozen layer.
TEST_F(ResumeTest, SoDoesOneWithAnyOtherTechnique) {
  const Arguments recipes[] = {
      Sets({"train.optimizer={rmsprop: {centered: true, momentum: 0.5, lr: 0.002}}",
            "train.schedule={inverse_sqrt: {warmup_updates: 9}}", "train.accumulate=3"}),
      Sets({"train.optimizer={nadam: {l1: 0.0001}}", "train.schedule={plateau: {patience: 1}}",
            "train.ema={decay: 0.95}"}),
      Sets({"train.optimizer={adam: {amsgrad: true, weight_decay: 0.1}, decay_biases: false}",
            "train.schedule={step: {every_updates: 40, factor: 0.3}}", "train.freeze=e"}),
      Sets({"train.optimizer={adagrad: {lr: 0.05}}", "train.accumulate=2",
            "train.schedule={exponential: {factor: 0.99}}", "train.ema={decay: 0.9}"}),
  };
  uint64_t seed = 6;
  for (const Arguments& recipe : recipes) {
    const std::string name = StrCat("killed", ++seed);
    ASSERT_EQ(RunProgram(TextFit("whole", kUpdates, recipe)).exit_code, 0);
    ExpectTheSameAfterManyKills(TextFit(name, kUpdates, recipe), name, seed);
  }
}

TEST_F(ResumeTest, SoDoesOneInDouble) {
  ASSERT_EQ(RunProgram(TextFit("whole", kUpdates, kInDouble)).exit_code, 0);
  ExpectTheSameAfterManyKills(TextFit("killed", kUpdates, kInDouble), "killed", 4);
}

TEST_F(ResumeTest, SoDoesAForecaster) {
  ASSERT_EQ(RunProgram(SeriesFit("whole", kUpdates)).exit_code, 0);
  ExpectTheSameAfterManyKills(SeriesFit("killed", kUpdates), "killed", 5);
}

TEST_F(ResumeTest, AKillInTheMiddleOfACheckpointLosesNothing) {
  const Arguments every_update = Sets({"train.checkpoint={every_updates: 1, keep_last: 1}"});
  ASSERT_EQ(RunProgram(TextFit("whole", 60, every_update)).exit_code, 0);
  const Arguments fit = TextFit("killed", 60, every_update);
  const std::filesystem::path checkpoints = folder_.File("killed/checkpoints");
  int killed = 0;
  for (int i = 0; i < 10; ++i) {
    Child child(With(fit, {"--resume"}));
    child.WaitUntil([&] {
      std::error_code error;
      for (const auto& entry : std::filesystem::directory_iterator(checkpoints, error)) {
        if (entry.path().string().find(".tmp.") != std::string::npos) return true;
      }
      return false;
    });
    child.Signal(SIGKILL);
    killed += child.Wait().exit_code == 128 + SIGKILL;
  }
  const Outcome outcome = RunProgram(With(fit, {"--resume"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_GT(killed, 0);
  EXPECT_EQ(ModelBytes("whole"), ModelBytes("killed"));
}

TEST_F(ResumeTest, OneThreadAndTwoGiveTheSameFile) {
  for (const Arguments& recipe : {Arguments(), kMomentum, kInDouble}) {
    ASSERT_EQ(RunProgram(With(TextFit("a", 60, recipe), Sets({"train.threads=1"}))).exit_code, 0);
    ASSERT_EQ(RunProgram(With(TextFit("b", 60, recipe), Sets({"train.threads=2"}))).exit_code, 0);
    EXPECT_FALSE(ModelBytes("a").empty());
    EXPECT_EQ(ModelBytes("a"), ModelBytes("b"));
  }
}

TEST_F(ResumeTest, WithoutACheckpointItBeginsAtTheBeginning) {
  ASSERT_EQ(RunProgram(TextFit("a", 30)).exit_code, 0);
  const Outcome outcome = RunProgram(TextFit("b", 30, {"--resume"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(ModelBytes("a"), ModelBytes("b"));
}

TEST_F(ResumeTest, AChangedKeyIsRefusedByNameAndNothingIsTouched) {
  ASSERT_EQ(RunProgram(TextFit("a", 30)).exit_code, 0);
  const std::string metrics = Metrics("a"), model = ModelBytes("a");
  const Outcome outcome = RunProgram(
      TextFit("a", 30, With({"--resume"}, Sets({"train.optimizer.adam.lr=0.02", "seed=7"}))));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("train.optimizer.adam.lr: 0.01 -> 0.02"));
  EXPECT_THAT(outcome.error, HasSubstr("seed: 1 -> 7"));
  EXPECT_EQ(metrics, Metrics("a"));
  EXPECT_EQ(model, ModelBytes("a"));
}

TEST_F(ResumeTest, AFinishedFitSaysSoAndSucceeds) {
  ASSERT_EQ(RunProgram(TextFit("a", 30)).exit_code, 0);
  const std::string model = ModelBytes("a"), metrics = Metrics("a");
  const Outcome outcome = RunProgram(TextFit("a", 30, {"--resume"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, HasSubstr("finished already"));
  EXPECT_EQ(model, ModelBytes("a"));
  EXPECT_EQ(metrics, Metrics("a"));
}

TEST_F(ResumeTest, InterruptedItWritesTheBestWeightsAndSucceeds) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string name = StrCat("stopped", signal);
    Child child(TextFit(name, 1000000, {"--json"}));
    child.WaitUntil([&] { return HasLines(name, 50); });
    child.Signal(signal);
    const Outcome outcome = child.Wait();
    ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
    const Json result = Json::parse(outcome.out);
    EXPECT_EQ(result["stop_reason"], "interrupted");
    double best = 1e9;
    for (const Json& line : MetricLines(name)) {
      if (line.contains("validation")) {
        best = std::min(best, line["validation"]["loss"].get<double>());
      }
    }
    EXPECT_EQ(result["validation"]["loss"].get<double>(), best);
    const Outcome evaluate =
        RunProgram({"evaluate", Model(name), "--data", folder_.File("text.txt"), "--json"});
    EXPECT_EQ(Json::parse(evaluate.out)["measures"]["loss"].get<double>(), best);
  }
}

TEST_F(ResumeTest, AnInterruptedFitGoesOnAsIfNothingHadHappened) {
  ASSERT_EQ(RunProgram(TextFit("whole", kUpdates)).exit_code, 0);
  Child child(TextFit("a", kUpdates));
  child.WaitUntil([&] { return HasLines("a", 33); });
  child.Signal(SIGINT);
  ASSERT_EQ(child.Wait().exit_code, 0);
  ASSERT_EQ(RunProgram(TextFit("a", kUpdates, {"--resume"})).exit_code, 0);
  EXPECT_EQ(ModelBytes("whole"), ModelBytes("a"));
}

// The first validation makes checkpoints larger: they hold the best weights from then on.
TEST_F(ResumeTest, AFullDiskKeepsTheLastCheckpoint) {
  const Arguments keep = Sets({"train.checkpoint={every_updates: 5, keep_last: 100}"});
  ASSERT_EQ(RunProgram(TextFit("whole", 40, keep)).exit_code, 0);
  const auto small = std::filesystem::file_size(folder_.File("whole/checkpoints/15.ckpt"));
  ASSERT_LT(small, std::filesystem::file_size(folder_.File("whole/checkpoints/20.ckpt")));

  Surroundings full;
  full.largest_file = small;
  const Outcome failed = RunProgram(TextFit("a", 40, keep), full);
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_THAT(failed.error, HasSubstr("20.ckpt"));
  EXPECT_TRUE(std::filesystem::exists(folder_.File("a/checkpoints/15.ckpt")));
  EXPECT_FALSE(std::filesystem::exists(folder_.File("a/checkpoints/20.ckpt")));

  const Outcome resumed = RunProgram(TextFit("a", 40, With(keep, {"--resume"})));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.error;
  EXPECT_EQ(ModelBytes("whole"), ModelBytes("a"));
}

// A disk of its own that really is full, where the system lets us make one.
TEST_F(ResumeTest, ADiskThatFillsUpKeepsTheLastCheckpoint) {
  const Arguments keep = Sets({"train.checkpoint={every_updates: 2, keep_last: 1000}"});
  ASSERT_EQ(RunProgram(TextFit("whole", 80, keep)).exit_code, 0);
  std::filesystem::create_directory(folder_.File("a"));
  SmallDisk disk(folder_.File("a"), "size=300k");
  if (!disk.mounted()) GTEST_SKIP() << "a small disk cannot be mounted here";

  const Outcome failed = RunProgram(TextFit("a", 80, keep));
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_THAT(failed.error, HasSubstr(".ckpt"));
  EXPECT_TRUE(std::filesystem::exists(folder_.File("a/checkpoints/2.ckpt")));
  EXPECT_FALSE(std::filesystem::exists(Model("a")));

  disk.Resize("size=30m");
  const Outcome resumed = RunProgram(TextFit("a", 80, With(keep, {"--resume"})));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.error;
  EXPECT_EQ(ModelBytes("whole"), ModelBytes("a"));
}

TEST_F(ResumeTest, ARunFolderThatCannotBeWrittenIsAnErrorThatNamesIt) {
  std::filesystem::create_directory(folder_.File("a"));
  folder_.Write("a/checkpoints", "a file where a folder belongs");
  const Outcome outcome = RunProgram(TextFit("a", 40));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("a/checkpoints"));
}

}  // namespace
}  // namespace sequent
