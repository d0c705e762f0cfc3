#include "trainer/metrics_log.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/trainer/temporary_folder.h"

namespace sequent {
namespace {

void Write(const std::string& path, uint64_t keep, std::initializer_list<uint64_t> updates) {
  auto log = MetricsLog::Open(path, {keep, true});
  ASSERT_TRUE(log.ok()) << log.status();
  for (const uint64_t update : updates) {
    train::UpdateEvent event;
    event.update = update;
    event.loss = 1.0 / 3;
    (*log)->Add(event);
  }
  ASSERT_TRUE((*log)->Close().ok());
}

TEST(MetricsLog, WritesTheKeysOfAnUpdate) {
  TemporaryFolder folder;
  Write(folder.File("m"), 0, {1});
  const auto json = nlohmann::json::parse(folder.Read("m"));
  for (const char* key : {"update", "epoch", "loss", "grad_norm", "lr", "seconds"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["loss"].get<double>(), 1.0 / 3);
}

TEST(MetricsLog, IsCutBackToTheCheckpoint) {
  TemporaryFolder folder;
  Write(folder.File("m"), 0, {1, 2, 3});
  const std::string whole = folder.Read("m");
  Write(folder.File("m"), 2, {3});
  EXPECT_EQ(folder.Read("m"), whole);
}

TEST(MetricsLog, KeepsTheLastUpdatesValidationOnlyIfItWasOnSchedule) {
  TemporaryFolder folder;
  Write(folder.File("m"), 0, {1, 2});
  const std::string updates = folder.Read("m");
  auto log = *MetricsLog::Open(folder.File("m"), {2, true});
  log->Add(train::ValidationEvent{2, 1, {{"loss", 1}}, true});
  ASSERT_TRUE(log->Close().ok());
  const std::string whole = folder.Read("m");
  ASSERT_TRUE((*MetricsLog::Open(folder.File("m"), {2, true}))->Close().ok());
  EXPECT_EQ(folder.Read("m"), whole);
  ASSERT_TRUE((*MetricsLog::Open(folder.File("m"), {2, false}))->Close().ok());
  EXPECT_EQ(folder.Read("m"), updates);
}

TEST(MetricsLog, DropsAHalfWrittenLine) {
  TemporaryFolder folder;
  Write(folder.File("m"), 0, {1});
  const std::string whole = folder.Read("m");
  folder.Write("m", whole + "{\"update\":2,\"lo");
  Write(folder.File("m"), 9, {});
  EXPECT_EQ(folder.Read("m"), whole);
}

TEST(MetricsLog, BeginsAnewWithoutACheckpoint) {
  TemporaryFolder folder;
  Write(folder.File("m"), 0, {1});
  Write(folder.File("m"), 0, {});
  EXPECT_EQ(folder.Read("m"), "");
}

}  // namespace
}  // namespace sequent
