#include "core/base/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace sequent {
namespace {

Status Check(bool good, int* evaluations) {
  ++*evaluations;
  return good ? absl::OkStatus() : absl::NotFoundError("nothing there");
}

Status CheckTwice(bool first, bool second, int* evaluations) {
  SEQ_RETURN_IF_ERROR(Check(first, evaluations));
  SEQ_RETURN_IF_ERROR(Check(second, evaluations));
  return absl::OkStatus();
}

StatusOr<std::unique_ptr<int>> Make(int value) {
  if (value < 0) return absl::OutOfRangeError(StrCat("got ", value));
  return std::make_unique<int>(value);
}

StatusOr<int> SumOf(int a, int b) {
  SEQ_ASSIGN_OR_RETURN(const std::unique_ptr<int> first, Make(a));
  SEQ_ASSIGN_OR_RETURN(std::unique_ptr<int> second, Make(b));
  *second += *first;
  return *second;
}

StatusOr<int> LastOf(int a, int b) {
  int last = 0;
  SEQ_ASSIGN_OR_RETURN(last, SumOf(a, 0));
  SEQ_ASSIGN_OR_RETURN(last, SumOf(b, 0));
  return last;
}

TEST(ReturnIfError, GoesOnWhenOk) {
  int evaluations = 0;
  EXPECT_TRUE(CheckTwice(true, true, &evaluations).ok());
  EXPECT_EQ(evaluations, 2);
}

TEST(ReturnIfError, ReturnsTheFirstErrorAndEvaluatesItOnce) {
  int evaluations = 0;
  EXPECT_EQ(CheckTwice(false, false, &evaluations), absl::NotFoundError("nothing there"));
  EXPECT_EQ(evaluations, 1);
}

TEST(ReturnIfError, StandsAloneInABranch) {
  const auto branch = [](bool check, int* evaluations) -> Status {
    if (check)
      SEQ_RETURN_IF_ERROR(Check(false, evaluations));
    else
      return absl::CancelledError("the other branch");
    return absl::OkStatus();
  };
  int evaluations = 0;
  EXPECT_TRUE(absl::IsNotFound(branch(true, &evaluations)));
  EXPECT_TRUE(absl::IsCancelled(branch(false, &evaluations)));
}

TEST(AssignOrReturn, MovesTheValueOut) {
  const StatusOr<int> sum = SumOf(2, 3);
  ASSERT_TRUE(sum.ok());
  EXPECT_EQ(*sum, 5);
}

TEST(AssignOrReturn, ReturnsTheErrorOfTheOneThatFailed) {
  EXPECT_EQ(SumOf(-1, 3).status(), absl::OutOfRangeError("got -1"));
  EXPECT_EQ(SumOf(2, -3).status(), absl::OutOfRangeError("got -3"));
}

TEST(AssignOrReturn, AssignsToWhatIsThereAlready) {
  const StatusOr<int> last = LastOf(4, 7);
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(*last, 7);
}

TEST(Strings, PassBetweenStdAndAbseilWithTheirZeroBytes) {
  const std::string_view bytes("a\0b", 3);
  EXPECT_EQ(ToStd(ToAbsl(bytes)), bytes);
  EXPECT_EQ(ToAbsl(bytes).size(), 3u);
}

TEST(Message, IsTheTextWithoutTheCode) {
  EXPECT_EQ(Message(absl::DataLossError("half a file")), "half a file");
  EXPECT_EQ(Message(absl::OkStatus()), "");
}

}  // namespace
}  // namespace sequent
