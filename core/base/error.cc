#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"

namespace sequent {
namespace {

using absl::StatusCode;

struct ReasonRow {
  std::string_view name;
  StatusCode code;
};

constexpr std::array<ReasonRow, kReasonCount> kReasons = {{
    {"REASON_UNSPECIFIED", StatusCode::kUnknown},
    {"BAD_REQUEST", StatusCode::kInvalidArgument},
    {"INPUT_KIND", StatusCode::kInvalidArgument},
    {"INPUT_WIDTH", StatusCode::kInvalidArgument},
    {"INPUT_NOT_FINITE", StatusCode::kInvalidArgument},
    {"INPUT_TOO_LONG", StatusCode::kInvalidArgument},
    {"INPUT_TIME", StatusCode::kInvalidArgument},
    {"TOKEN_OUT_OF_RANGE", StatusCode::kInvalidArgument},
    {"UNKNOWN_HEAD", StatusCode::kInvalidArgument},
    {"MODEL_UNKNOWN", StatusCode::kNotFound},
    {"SESSION_UNKNOWN", StatusCode::kNotFound},
    {"SESSION_EXPIRED", StatusCode::kNotFound},
    {"MODEL_MISMATCH", StatusCode::kFailedPrecondition},
    {"MODEL_NOT_STREAMABLE", StatusCode::kFailedPrecondition},
    {"MODEL_RETIRED", StatusCode::kFailedPrecondition},
    {"STATE_MISMATCH", StatusCode::kFailedPrecondition},
    {"SESSION_REPLACED", StatusCode::kFailedPrecondition},
    {"STEP_TOO_OLD", StatusCode::kAlreadyExists},
    {"SESSION_EXISTS", StatusCode::kAlreadyExists},
    {"STEP_GAP", StatusCode::kOutOfRange},
    {"STEP_OVERLAP", StatusCode::kOutOfRange},
    {"PREVIOUS_STEP_FAILED", StatusCode::kAborted},
    {"QUEUE_FULL", StatusCode::kResourceExhausted},
    {"SESSION_LIMIT", StatusCode::kResourceExhausted},
    {"OUTPUT_TOO_LONG", StatusCode::kResourceExhausted},
    {"DEADLINE", StatusCode::kDeadlineExceeded},
    {"DRAINING", StatusCode::kUnavailable},
    {"STORE_UNAVAILABLE", StatusCode::kUnavailable},
    {"STATE_LOST", StatusCode::kDataLoss},
    {"BAD_TOKEN", StatusCode::kUnauthenticated},
    {"INTERNAL_ERROR", StatusCode::kInternal},
}};

constexpr char kReasonUrl[] = "sequent/reason";
constexpr char kNextStepUrl[] = "sequent/next_step";
constexpr size_t kMaxMessageBytes = 1024;

const ReasonRow& Row(Reason reason) {
  const int index = static_cast<int>(reason);
  return kReasons[index >= 0 && index < kReasonCount ? index : 0];
}

// Letters left out, added, changed, or two neighbours exchanged.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last, row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view ReasonName(Reason reason) { return Row(reason).name; }

absl::StatusCode ReasonCode(Reason reason) { return Row(reason).code; }

Status MakeError(Reason reason, std::string_view message) {
  std::string text(message.substr(0, kMaxMessageBytes));
  if (message.size() > kMaxMessageBytes) {
    text.resize(kMaxMessageBytes - 3);
    text += "...";
  }
  Status status(ReasonCode(reason), text);
  status.SetPayload(kReasonUrl, absl::Cord(StrCat(static_cast<int>(reason))));
  return status;
}

Reason ReasonOf(const Status& status) {
  const auto payload = status.GetPayload(kReasonUrl);
  int value = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &value)) {
    return Reason::kUnspecified;
  }
  return value >= 0 && value < kReasonCount ? static_cast<Reason>(value) : Reason::kUnspecified;
}

Status WithNextStep(Status status, uint64_t next_step) {
  status.SetPayload(kNextStepUrl, absl::Cord(StrCat(next_step)));
  return status;
}

std::optional<uint64_t> NextStepOf(const Status& status) {
  const auto payload = status.GetPayload(kNextStepUrl);
  uint64_t value = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &value)) return std::nullopt;
  return value;
}

std::string Quoted(std::string_view bytes, size_t max_bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char c : bytes.substr(0, max_bytes)) {
    if (c >= 0x20 && c < 0x7f && c != '\\') {
      out.push_back(static_cast<char>(c));
    } else {
      out.append({'\\', 'x', kHex[c >> 4], kHex[c & 15]});
    }
  }
  if (bytes.size() > max_bytes) out.append("...");
  return out;
}

std::string_view Nearest(std::string_view word, const std::string_view* candidates, size_t count) {
  const size_t allowed = std::max<size_t>(1, word.size() / 3);
  size_t best_distance = allowed + 1;
  std::string_view best;
  for (size_t i = 0; i < count; ++i) {
    const size_t distance = EditDistance(word, candidates[i]);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidates[i];
    }
  }
  return best;
}

}  // namespace sequent
