// Fits on two ranks, started by the real mpirun. Skipped where there is no MPI.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/trainer/small_fit.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

size_t Occurrences(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
  return count;
}

class MpiTest : public SmallFit {
 protected:
  static constexpr int kUpdates = 100;

  void SetUp() override {
    const char* build = std::getenv("SEQUENT_BINARY_DIR");
    if (!std::filesystem::exists(std::string(build == nullptr ? "." : build) +
                                 "/lib/sequent/sequent_mpi.so")) {
      GTEST_SKIP() << "built without MPI (libopenmpi-dev)";
    }
    if (std::system("mpirun --version > /dev/null 2>&1") != 0) {
      GTEST_SKIP() << "there is no mpirun (openmpi-bin)";
    }
  }

  // `np` ranks on whatever cores there are. When a job has to end, mpirun sends its ranks a
  // SIGTERM, sleeps for `grace` seconds and kills them.
  static Surroundings Mpirun(int np, int grace = 0) {
    Surroundings around;
    around.launcher = {"mpirun",
                       "--allow-run-as-root",
                       "--oversubscribe",
                       "--bind-to",
                       "none",
                       "--mca",
                       "odls_base_sigkill_timeout",
                       std::to_string(grace),
                       "-np",
                       std::to_string(np)};
    // Open MPI leaks, and takes its own locks in more than one order.
    around.environment = {{"ASAN_OPTIONS", "detect_leaks=0"},
                          {"TSAN_OPTIONS", "detect_deadlocks=0"}};
    return around;
  }

  std::vector<Json> TimelessMetrics(const std::string& name) const {
    std::vector<Json> lines = MetricLines(name);
    for (Json& line : lines) line.erase("seconds");
    return lines;
  }

  // Processes that `parent` has started.
  static std::vector<pid_t> Children(pid_t parent) {
    const std::string id = std::to_string(parent);
    std::ifstream file("/proc/" + id + "/task/" + id + "/children");
    std::vector<pid_t> children;
    for (pid_t child; file >> child;) children.push_back(child);
    return children;
  }
};

TEST_F(MpiTest, TwoRanksGiveTheFileOfOne) {
  const Arguments recipes[] = {
      {},
      Sets({"train.optimizer={sgd: {lr: 0.5, momentum: 0.9}}", "train.accumulate=2",
            "train.shards=4"}),
      Sets({"train.dtype=float64", "train.ema={decay: 0.9}"}),
  };
  for (const Arguments& recipe : recipes) {
    ASSERT_EQ(RunProgram(TextFit("one", kUpdates, recipe)).exit_code, 0);
    const Outcome two = RunProgram(TextFit("two", kUpdates, recipe), Mpirun(2));
    ASSERT_EQ(two.exit_code, 0) << two.error;
    EXPECT_FALSE(ModelBytes("one").empty());
    EXPECT_EQ(ModelBytes("one"), ModelBytes("two"));
    EXPECT_EQ(TimelessMetrics("one"), TimelessMetrics("two"));
  }
}

TEST_F(MpiTest, ThreeRanksGiveTheFileOfOne) {
  const Arguments shards = Sets({"train.shards=3"});
  ASSERT_EQ(RunProgram(SeriesFit("one", kUpdates, shards)).exit_code, 0);
  const Outcome three = RunProgram(SeriesFit("three", kUpdates, shards), Mpirun(3));
  ASSERT_EQ(three.exit_code, 0) << three.error;
  EXPECT_EQ(ModelBytes("one"), ModelBytes("three"));
}

TEST_F(MpiTest, OnlyTheFirstRankPrints) {
  const Outcome two = RunProgram(TextFit("two", 20), Mpirun(2));
  EXPECT_EQ(Occurrences(two.out, "stopped: max_updates"), 1u);
  EXPECT_EQ(Occurrences(two.error, "validation loss"), 1u);
}

TEST_F(MpiTest, AnErrorOfAllIsPrintedOnceAndEndsAll) {
  const Outcome data = RunProgram(TextFit("two", 20, {"--data", "/no/such/file"}), Mpirun(2));
  EXPECT_EQ(data.exit_code, 3) << data.error;
  EXPECT_EQ(Occurrences(data.error, "sequent-train: "), 1u) << data.error;

  const Outcome shards = RunProgram(TextFit("two", 20, Sets({"train.shards=3"})), Mpirun(2));
  EXPECT_EQ(shards.exit_code, 2) << shards.error;
  EXPECT_THAT(shards.error, HasSubstr("train.shards: expected 2 processes times a power of two"));

  const Outcome loss = RunProgram(
      TextFit("two", 20, Sets({"train.optimizer={sgd: {lr: 1e300}}", "train.clip={}"})), Mpirun(2));
  EXPECT_EQ(loss.exit_code, 4) << loss.error;
  EXPECT_EQ(Occurrences(loss.error, "expected finite weights"), 1u) << loss.error;
}

TEST_F(MpiTest, AnErrorOfTheFirstRankEndsAll) {
  std::filesystem::create_directory(folder_.File("two"));
  folder_.Write("two/checkpoints", "a file where a folder belongs");
  const Outcome outcome = RunProgram(TextFit("two", 40), Mpirun(2));
  EXPECT_EQ(outcome.exit_code, 1) << outcome.error;
  EXPECT_THAT(outcome.error, HasSubstr("two/checkpoints"));
  EXPECT_THAT(outcome.error, Not(HasSubstr("rank 1")));
}

TEST_F(MpiTest, InterruptedItWritesItsBestAndOneRankGoesOn) {
  const Arguments constant = Sets({"train.schedule={constant: {}}"});
  // While mpirun sleeps nobody reads what the ranks print, and it may end before it has passed that
  // on: so they print nothing.
  Child child(TextFit("two", 1000000, With(constant, {"--progress", "none"})), Mpirun(2, 3));
  child.WaitUntil([&] { return HasLines("two", 33); });
  child.Signal(SIGINT);
  const Outcome outcome = child.Wait();
  ASSERT_FALSE(ModelBytes("two").empty()) << outcome.error;

  const int updates = MetricLines("two").back()["update"].get<int>() + 30;
  ASSERT_EQ(RunProgram(TextFit("one", updates, constant)).exit_code, 0);
  ASSERT_EQ(RunProgram(TextFit("two", updates, With(constant, {"--resume"}))).exit_code, 0);
  EXPECT_EQ(ModelBytes("one"), ModelBytes("two"));
}

TEST_F(MpiTest, ARankThatIsKilledTakesTheOthersAlongAndTheyGoOn) {
  ASSERT_EQ(RunProgram(TextFit("one", kUpdates)).exit_code, 0);
  Child child(TextFit("two", kUpdates), Mpirun(2));
  child.WaitUntil([&] { return HasLines("two", 33); });
  const std::vector<pid_t> ranks = Children(child.pid());
  ASSERT_EQ(ranks.size(), 2u);
  kill(ranks[1], SIGKILL);
  EXPECT_NE(child.Wait().exit_code, 0);
  EXPECT_TRUE(ModelBytes("two").empty());
  const Outcome resumed = RunProgram(TextFit("two", kUpdates, {"--resume"}), Mpirun(2));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.error;
  EXPECT_EQ(ModelBytes("one"), ModelBytes("two"));
  EXPECT_EQ(TimelessMetrics("one"), TimelessMetrics("two"));
}

}  // namespace
}  // namespace sequent
