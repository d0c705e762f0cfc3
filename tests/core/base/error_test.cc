#include "core/base/error.h"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <utility>

namespace sequent {
namespace {

using absl::StatusCode;

TEST(Reasons, EachHasANameOfItsOwnInCapitals) {
  std::set<std::string_view> names;
  for (int i = 0; i < kReasonCount; ++i) {
    const std::string_view name = ReasonName(static_cast<Reason>(i));
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_FALSE(name.empty());
    for (const char c : name) EXPECT_TRUE(std::isupper(c) || c == '_') << name;
  }
}

// The codes clients act on: docs of the protocol, table of errors.
TEST(Reasons, HaveTheCodesOfTheProtocol) {
  const std::pair<Reason, StatusCode> expected[] = {
      {Reason::kBadRequest, StatusCode::kInvalidArgument},
      {Reason::kInputKind, StatusCode::kInvalidArgument},
      {Reason::kInputWidth, StatusCode::kInvalidArgument},
      {Reason::kInputNotFinite, StatusCode::kInvalidArgument},
      {Reason::kInputTooLong, StatusCode::kInvalidArgument},
      {Reason::kInputTime, StatusCode::kInvalidArgument},
      {Reason::kTokenOutOfRange, StatusCode::kInvalidArgument},
      {Reason::kUnknownHead, StatusCode::kInvalidArgument},
      {Reason::kModelUnknown, StatusCode::kNotFound},
      {Reason::kSessionUnknown, StatusCode::kNotFound},
      {Reason::kSessionExpired, StatusCode::kNotFound},
      {Reason::kModelMismatch, StatusCode::kFailedPrecondition},
      {Reason::kModelNotStreamable, StatusCode::kFailedPrecondition},
      {Reason::kModelRetired, StatusCode::kFailedPrecondition},
      {Reason::kStateMismatch, StatusCode::kFailedPrecondition},
      {Reason::kSessionReplaced, StatusCode::kFailedPrecondition},
      {Reason::kStepTooOld, StatusCode::kAlreadyExists},
      {Reason::kSessionExists, StatusCode::kAlreadyExists},
      {Reason::kStepGap, StatusCode::kOutOfRange},
      {Reason::kStepOverlap, StatusCode::kOutOfRange},
      {Reason::kPreviousStepFailed, StatusCode::kAborted},
      {Reason::kQueueFull, StatusCode::kResourceExhausted},
      {Reason::kSessionLimit, StatusCode::kResourceExhausted},
      {Reason::kOutputTooLong, StatusCode::kResourceExhausted},
      {Reason::kDeadline, StatusCode::kDeadlineExceeded},
      {Reason::kDraining, StatusCode::kUnavailable},
      {Reason::kStoreUnavailable, StatusCode::kUnavailable},
      {Reason::kStateLost, StatusCode::kDataLoss},
      {Reason::kBadToken, StatusCode::kUnauthenticated},
      {Reason::kInternalError, StatusCode::kInternal},
  };
  ASSERT_EQ(std::size(expected), size_t{kReasonCount} - 1);
  for (const auto& [reason, code] : expected) EXPECT_EQ(ReasonCode(reason), code);
}

TEST(Reasons, NamesOfTheProtocolStandWithTheirNumbers) {
  EXPECT_EQ(ReasonName(static_cast<Reason>(1)), "BAD_REQUEST");
  EXPECT_EQ(ReasonName(static_cast<Reason>(19)), "STEP_GAP");
  EXPECT_EQ(ReasonName(static_cast<Reason>(30)), "INTERNAL_ERROR");
}

TEST(Reasons, ANumberOutsideOfTheListIsUnspecified) {
  EXPECT_EQ(ReasonName(static_cast<Reason>(kReasonCount)), "REASON_UNSPECIFIED");
  EXPECT_EQ(ReasonName(static_cast<Reason>(-1)), "REASON_UNSPECIFIED");
  EXPECT_EQ(ReasonCode(static_cast<Reason>(1000)), StatusCode::kUnknown);
}

TEST(MakeError, CarriesCodeReasonAndMessage) {
  for (int i = 1; i < kReasonCount; ++i) {
    const Reason reason = static_cast<Reason>(i);
    const Status status = MakeError(reason, "expected this, got that");
    EXPECT_EQ(status.code(), ReasonCode(reason));
    EXPECT_EQ(ReasonOf(status), reason);
    EXPECT_EQ(Message(status), "expected this, got that");
  }
}

TEST(MakeError, KeepsAMessageOfExactlyOneKilobyte) {
  const std::string message(1024, 'm');
  EXPECT_EQ(Message(MakeError(Reason::kBadRequest, message)), message);
}

TEST(MakeError, CutsALongerMessageToOneKilobyteWithDots) {
  const std::string_view cut = "...";
  const std::string message =
      std::string(Message(MakeError(Reason::kBadRequest, std::string(1025, 'm'))));
  EXPECT_EQ(message, std::string(1021, 'm').append(cut));
}

TEST(ReasonOf, IsUnspecifiedWithoutAReason) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), Reason::kUnspecified);
  EXPECT_EQ(ReasonOf(absl::InternalError("of another library")), Reason::kUnspecified);
}

TEST(ReasonOf, SurvivesACopyOfTheStatus) {
  const Status original = MakeError(Reason::kQueueFull, "4096 steps wait");
  const Status copy = original;
  EXPECT_EQ(ReasonOf(copy), Reason::kQueueFull);
}

TEST(WithNextStep, AttachesTheNumberAndKeepsTheReason) {
  const Status status = WithNextStep(MakeError(Reason::kStepGap, "expected 7, got 9"), 7);
  EXPECT_EQ(NextStepOf(status), 7u);
  EXPECT_EQ(ReasonOf(status), Reason::kStepGap);
}

TEST(WithNextStep, TakesEverySixtyFourBitNumber) {
  const uint64_t last = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(NextStepOf(WithNextStep(MakeError(Reason::kStepGap, ""), last)), last);
  EXPECT_EQ(NextStepOf(WithNextStep(MakeError(Reason::kStepGap, ""), 0)), 0u);
}

TEST(WithNextStep, TheLastNumberCounts) {
  EXPECT_EQ(NextStepOf(WithNextStep(WithNextStep(MakeError(Reason::kStepGap, ""), 1), 2)), 2u);
}

TEST(NextStepOf, IsNothingWithoutANumber) {
  EXPECT_EQ(NextStepOf(MakeError(Reason::kStepGap, "")), std::nullopt);
  EXPECT_EQ(NextStepOf(absl::OkStatus()), std::nullopt);
}

TEST(Quoted, KeepsPrintableAscii) { EXPECT_EQ(Quoted("lstm1.bias ~"), "lstm1.bias ~"); }

TEST(Quoted, WritesOtherBytesInHexadecimal) {
  EXPECT_EQ(Quoted(std::string_view("a\0\n\x7f\xff", 5)), "a\\x00\\x0a\\x7f\\xff");
}

TEST(Quoted, WritesABackslashInHexadecimalSoThatTextReadsBackOneWay) {
  EXPECT_EQ(Quoted("\\x41"), "\\x5cx41");
}

TEST(Quoted, EveryByteBecomesPrintable) {
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    for (const char out : Quoted(std::string_view(&byte, 1))) {
      EXPECT_TRUE(out >= 0x20 && out < 0x7f) << c;
    }
  }
}

TEST(Quoted, CutsWithDotsBehindTheLimitOnly) {
  EXPECT_EQ(Quoted("abcd", 4), "abcd");
  EXPECT_EQ(Quoted("abcde", 4), "abcd...");
  EXPECT_EQ(Quoted(std::string(65, 'x')), std::string(64, 'x') + "...");
}

constexpr std::array<std::string_view, 4> kKeys = {"learning_rate", "batch", "units", "rate"};

std::string_view NearestKey(std::string_view word) {
  return Nearest(word, kKeys.data(), kKeys.size());
}

TEST(Nearest, FindsAWordWithALetterLeftOutAddedOrChanged) {
  EXPECT_EQ(NearestKey("learnin_rate"), "learning_rate");
  EXPECT_EQ(NearestKey("unitss"), "units");
  EXPECT_EQ(NearestKey("botch"), "batch");
}

TEST(Nearest, FindsAWordWithTwoLettersExchanged) {
  EXPECT_EQ(NearestKey("bacth"), "batch");
  EXPECT_EQ(NearestKey("uinst"), "") << "two exchanges in a short word";
}

TEST(Nearest, AllowsAThirdOfTheLetters) {
  EXPECT_EQ(NearestKey("lerning_rat"), "learning_rate");
  EXPECT_EQ(NearestKey("baxxx"), "");
}

TEST(Nearest, AllowsOneLetterInAShortWord) {
  constexpr std::string_view shorts[] = {"lr"};
  EXPECT_EQ(Nearest("l", shorts, 1), "lr");
  EXPECT_EQ(Nearest("x", shorts, 1), "");
}

TEST(Nearest, PrefersTheCloserAndThenTheEarlier) {
  constexpr std::string_view words[] = {"cats", "cart", "card"};
  EXPECT_EQ(Nearest("carts", words, 3), "cats");
  EXPECT_EQ(Nearest("card", words, 3), "card");
}

TEST(Nearest, IsEmptyWithoutCandidates) { EXPECT_EQ(Nearest("units", nullptr, 0), ""); }

}  // namespace
}  // namespace sequent
