// What matters when there are many sessions: listing them, their expiry, what an idle one costs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <prometheus/gauge.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "tests/server/engine/engine_harness.h"

namespace sequent::engine {
namespace {

using testing::IsEmpty;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // their malloc counts nothing
#else
constexpr bool kSanitized = false;
#endif

// 36 characters, spread as random ids are.
std::string IdOf(size_t session) {
  char id[37];
  std::snprintf(id, sizeof id, "%016llx-%019zu",
                static_cast<unsigned long long>(RandomStream(1, 0, 0).Bits(session)), session);
  return id;
}

class ManySessions : public testing::Test {
 protected:
  void Begin(size_t session, EngineHarness* harness) {
    ASSERT_TRUE(harness->Ask(RowsRequest(IdOf(session), 1, row))->status.ok());
  }
  void End(size_t session, EngineHarness* harness) {
    StepRequest request;
    request.session_id = IdOf(session);
    request.end = true;
    ASSERT_TRUE(harness->Ask(request)->status.ok());
  }
  // A request without steps that says that the first reply has arrived.
  void Acknowledge(size_t session, EngineHarness* harness) {
    StepRequest request;
    request.session_id = IdOf(session);
    request.acked_step = 1;
    ASSERT_TRUE(harness->Ask(request)->status.ok());
  }
  // All pages; `between` is called after each.
  template <typename Between>
  std::vector<std::string> List(EngineHarness* harness, uint32_t page_size, Between between,
                                const std::string& model = "") {
    std::vector<std::string> ids;
    std::string token;
    do {
      const auto page = harness->engine()->ListSessions(model, page_size, token);
      EXPECT_TRUE(page.ok());
      for (const SessionInfo& info : page->sessions) ids.push_back(info.session_id);
      EXPECT_TRUE(page->sessions.size() == page_size || page->next_page_token.empty());
      token = page->next_page_token;
      between();
    } while (!token.empty());
    return ids;
  }

  const float row[2] = {1, 2};
};

// ---- lists ----

TEST_F(ManySessions, AreListedInOrderEachOnce) {
  EngineHarness harness;
  std::vector<std::string> expected;
  for (size_t i = 0; i < 3000; ++i) {
    Begin(i, &harness);
    expected.push_back(IdOf(i));
  }
  std::sort(expected.begin(), expected.end());
  for (const uint32_t page_size : {1, 99, 1000}) {
    EXPECT_EQ(List(&harness, page_size, [] {}), expected) << page_size;
  }
}

TEST_F(ManySessions, AListOfOneModelFindsItsFewAmongThoseOfAnother) {
  EngineHarness harness;
  std::vector<std::string> expected;
  for (size_t i = 0; i < 3000; ++i) {
    if (i % 50 != 0) {
      Begin(i, &harness);
      continue;
    }
    expected.push_back(IdOf(i));
    ASSERT_TRUE(harness.Ask(TextRequest(expected.back(), 1, "a"))->status.ok());
  }
  std::sort(expected.begin(), expected.end());
  for (const uint32_t page_size : {1, 7, 1000}) {
    EXPECT_EQ(List(&harness, page_size, [] {}, "text"), expected) << page_size;
  }
}

TEST_F(ManySessions, AreListedWithoutThoseThatHaveEnded) {
  EngineHarness harness;
  for (size_t i = 0; i < 500; ++i) Begin(i, &harness);
  for (size_t i = 0; i < 500; ++i) {
    if (i != 77) End(i, &harness);
  }
  EXPECT_EQ(List(&harness, 10, [] {}), std::vector<std::string>{IdOf(77)});
}

TEST_F(ManySessions, AListMissesNoneThatWasThereAllTheTimeWhileOthersComeAndGo) {
  EngineHarness harness;
  constexpr size_t kStay = 1000, kGo = 2000;
  std::set<std::string> stay;
  for (size_t i = 0; i < kGo; ++i) Begin(i, &harness);
  for (size_t i = 0; i < kStay; ++i) stay.insert(IdOf(i));
  size_t come = kGo, go = kStay;
  const std::vector<std::string> ids = List(&harness, 50, [&] {
    for (int i = 0; i < 20 && go < kGo; ++i) End(go++, &harness);
    for (int i = 0; i < 20; ++i) Begin(come++, &harness);
  });
  ASSERT_GT(ids.size(), kStay);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  for (const std::string& id : ids) stay.erase(id);
  EXPECT_THAT(stay, IsEmpty());
}

// ---- expiry ----

TEST_F(ManySessions, ThatExpireAtOnceGoInPieces) {
  EngineOptions options;
  options.session_ttl_seconds = 100;
  EngineHarness harness(options);
  constexpr size_t kCount = 3000, kMostAtOnce = 1000;
  for (size_t i = 0; i < kCount; ++i) Begin(i, &harness);
  harness.clock.AdvanceSeconds(102);
  uint64_t left = kCount;
  for (int ticks = 0; left > 0; ++ticks) {
    ASSERT_LT(ticks, 100) << left << " sessions never expired";
    harness.engine()->RunTick();
    const uint64_t now = harness.engine()->SessionsOf("series", 1);
    EXPECT_LE(left - now, kMostAtOnce);
    left = now;
  }
}

TEST_F(ManySessions, ThatAreUsedStayAmongThoseThatExpire) {
  EngineOptions options;
  options.session_ttl_seconds = 100;
  EngineHarness harness(options);
  constexpr size_t kCount = 500;
  for (size_t i = 0; i < kCount; ++i) Begin(i, &harness);
  for (int round = 0; round < 5; ++round) {
    harness.clock.AdvanceSeconds(60);
    for (size_t i = 0; i < kCount; i += 5) Acknowledge(i, &harness);
  }
  EXPECT_EQ(harness.engine()->SessionsOf("series", 1), kCount / 5);
  harness.clock.AdvanceSeconds(102);
  harness.engine()->RunTick();
  EXPECT_EQ(harness.engine()->SessionsOf("series", 1), 0u);
}

TEST_F(ManySessions, ALifeInThePlaceOfAnEndedOneExpiresAtItsOwnTime) {
  EngineOptions options;
  options.session_ttl_seconds = 5;
  options.reply_retention_seconds = 1000;
  EngineHarness harness(options);
  Begin(0, &harness);
  StepRequest last = RowsRequest(IdOf(0), 2, row);
  last.end = true;
  ASSERT_TRUE(harness.Ask(last)->status.ok());
  StepRequest start = RowsRequest(IdOf(0), 1, row);
  start.start = true;
  start.epoch = 2;
  ASSERT_TRUE(harness.Ask(start)->status.ok());
  harness.clock.AdvanceSeconds(8);
  harness.engine()->RunTick();
  EXPECT_EQ(harness.engine()->SessionsOf("series", 1), 0u);
}

// ---- memory ----

TEST_F(ManySessions, AnIdleOneThatIsAcknowledgedKeepsNoReplies) {
  EngineHarness harness;
  const auto reply_bytes = [&] {
    harness.metrics()->Update();
    return harness.metrics()->OfModel("series", 1)->state_bytes_replies->Value();
  };
  for (size_t i = 0; i < 10; ++i) Begin(i, &harness);
  EXPECT_GT(reply_bytes(), 0);
  for (size_t i = 0; i < 10; ++i) Acknowledge(i, &harness);
  EXPECT_EQ(reply_bytes(), 0);
}

TEST_F(ManySessions, RowsThatStepsHaveWorkedInDoNotCountAsState) {
  EngineHarness harness;
  const auto row_bytes = [&] {
    harness.metrics()->Update();
    return harness.metrics()->OfModel("series", 1)->state_bytes_memory->Value();
  };
  for (size_t i = 0; i < 10; ++i) {
    Begin(i, &harness);
    Acknowledge(i, &harness);
  }
  const auto one = static_cast<double>(harness.engine()->GetSession(IdOf(0))->state_bytes);
  EXPECT_EQ(row_bytes(), 10 * one);
}

// The bound is also that of session_bench, for a whole server and a million sessions.
TEST_F(ManySessions, AnIdleOneThatIsAcknowledgedTakesAtMost256BytesBesideItsRow) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer's malloc counts nothing";
  EngineHarness harness;
  size_t begun = 0;
  const auto grow_to = [&](size_t count) {
    for (; begun < count; ++begun) {
      Begin(begun, &harness);
      Acknowledge(begun, &harness);
    }
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const size_t before = grow_to(1000);
  const size_t row_bytes = harness.engine()->GetSession(IdOf(0))->state_bytes;
  // Around where the tables of the shards double, too.
  for (const size_t count : {30'000, 60'000, 90'000, 120'000}) {
    const size_t grown = grow_to(count) - before;
    EXPECT_LE(grown / (count - 1000), row_bytes + 256) << count;
  }
}

}  // namespace
}  // namespace sequent::engine
