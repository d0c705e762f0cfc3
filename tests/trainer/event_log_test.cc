// The files that TensorBoard reads, parsed back by the rules of their format.
#include "trainer/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/base/hash.h"
#include "sequent/v1/event.pb.h"
#include "tests/trainer/temporary_folder.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;

template <typename T>
T Number(const std::string& bytes, size_t at) {
  T value = 0;
  if (at + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

// The inverse of the mask; a check on the way it is put on.
uint32_t Unmasked(uint32_t masked) {
  const uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

std::vector<v1::Event> Parse(const std::string& bytes) {
  std::vector<v1::Event> events;
  for (size_t at = 0; at < bytes.size();) {
    const auto length = Number<uint64_t>(bytes, at);
    EXPECT_EQ(Unmasked(Number<uint32_t>(bytes, at + 8)), Crc32c(bytes.substr(at, 8)));
    const std::string data = bytes.substr(at + 12, length);
    EXPECT_EQ(data.size(), length);
    EXPECT_EQ(Unmasked(Number<uint32_t>(bytes, at + 12 + length)), Crc32c(data));
    events.emplace_back();
    EXPECT_TRUE(events.back().ParseFromString(data));
    at += length + 16;
  }
  return events;
}

class EventLogTest : public ::testing::Test {
 protected:
  // Of the names in the folder, in order.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.File("."))) {
      files.push_back(entry.path().filename().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  std::string Folder() const { return folder_.File(""); }

  TemporaryFolder folder_;
};

train::UpdateEvent Update(uint64_t update, double loss) {
  train::UpdateEvent event;
  event.update = update;
  event.loss = loss;
  event.grad_norm = 0.5;
  event.lr = 0.25;
  return event;
}

// "123456789" has CRC-32C e3069283; of "" it is 0, masked a282ead8.
TEST(EventRecord, IsFramedAsTensorFlowFramesIt) {
  const std::string record = EventRecord("123456789");
  EXPECT_EQ(record.size(), 8u + 4 + 9 + 4);
  EXPECT_EQ(record[0], 9);
  EXPECT_EQ(Unmasked(Number<uint32_t>(record, 21)), 0xe3069283u);
  EXPECT_EQ(Number<uint32_t>(EventRecord(""), 12), 0xa282ead8u);
}

TEST_F(EventLogTest, HasACurveForEveryMeasure) {
  auto log = *EventLog::Open(Folder(), 0);
  log->Add(Update(1, 4.5));
  log->Add(train::ValidationEvent{1, 0.5, {{"loss", 3.5}, {"perplexity", 33}}, true});
  ASSERT_TRUE(log->Close().ok());
  ASSERT_EQ(Files().size(), 1u);
  EXPECT_TRUE(Files()[0].starts_with("events.out.tfevents."));
  const auto events = Parse(folder_.Read(Files()[0]));
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_GT(events[0].wall_time(), 1.6e9);
  EXPECT_EQ(events[1].session_log().status(), v1::SessionLog::START);
  EXPECT_EQ(events[2].step(), 1);
  std::vector<std::string> tags;
  for (const size_t i : {2, 3}) {
    for (const auto& value : events[i].summary().value()) tags.push_back(value.tag());
  }
  EXPECT_THAT(tags, ElementsAre("train/loss", "train/grad_norm", "train/lr", "validation/loss",
                                "validation/perplexity"));
  EXPECT_EQ(events[2].summary().value(0).simple_value(), 4.5f);
  EXPECT_EQ(events[3].summary().value(1).simple_value(), 33.0f);
}

TEST_F(EventLogTest, ARunThatGoesOnVoidsWhatCameAfterItsCheckpoint) {
  auto first = *EventLog::Open(Folder(), 0);
  ASSERT_TRUE(first->Close().ok());
  auto second = *EventLog::Open(Folder(), 5);
  second->Add(Update(6, 1));
  ASSERT_TRUE(second->Close().ok());
  ASSERT_EQ(Files().size(), 2u);
  const auto events = Parse(folder_.Read(Files()[1]));
  EXPECT_EQ(events[1].session_log().status(), v1::SessionLog::START);
  EXPECT_EQ(events[1].step(), 6);
}

TEST_F(EventLogTest, ARunThatBeginsAnewRemovesTheFilesBefore) {
  ASSERT_TRUE((*EventLog::Open(Folder(), 0))->Close().ok());
  ASSERT_TRUE((*EventLog::Open(Folder(), 0))->Close().ok());
  EXPECT_EQ(Files().size(), 1u);
}

// Needs tensorboard from PyPI in python3: tried with 2.14.0 and numpy 1.26.
TEST_F(EventLogTest, TensorBoardReadsIt) {
  if (std::system("python3 -c 'import tensorboard, numpy; numpy.string_' 2>/dev/null") != 0) {
    GTEST_SKIP() << "python3 has no tensorboard that works";
  }
  auto log = *EventLog::Open(Folder(), 0);
  log->Add(Update(1, 4.5));
  log->Add(Update(2, 3.5));
  log->Add(train::ValidationEvent{2, 0.5, {{"loss", 3.25}}, true});
  ASSERT_TRUE(log->Close().ok());
  const std::string script = folder_.Write(
      "read.py",
      "import sys\n"
      "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
      "a = EventAccumulator(sys.argv[1]); a.Reload()\n"
      "print([(e.step, e.value) for e in a.Scalars('train/loss')],\n"
      "      [(e.step, e.value) for e in a.Scalars('validation/loss')])\n");
  const std::string out = folder_.File("out");
  ASSERT_EQ(
      std::system(StrCat("python3 ", script, " ", Folder(), " > ", out, " 2>/dev/null").c_str()),
      0);
  EXPECT_EQ(folder_.Read("out"), "[(1, 4.5), (2, 3.5)] [(2, 3.25)]\n");
}

TEST(EventLog, AFolderThatIsNotThereIsAnError) {
  EXPECT_FALSE(EventLog::Open("/no/such/folder", 0).ok());
}

}  // namespace
}  // namespace sequent
