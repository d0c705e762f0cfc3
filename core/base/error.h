// The closed list of reasons a request can be refused for, and the one table that ties each to its
// status code. Values equal sequent.v1.Reason on the wire (checked where the two meet, in
// server/rpc).
//
// A reason travels inside an absl::Status as a payload, so layers that only pass errors on never
// see it. Thread safety: all functions are pure.
#ifndef SEQUENT_CORE_BASE_ERROR_H_
#define SEQUENT_CORE_BASE_ERROR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace sequent {

enum class Reason : int {
  kUnspecified = 0,
  kBadRequest = 1,
  kInputKind = 2,
  kInputWidth = 3,
  kInputNotFinite = 4,
  kInputTooLong = 5,
  kInputTime = 6,
  kTokenOutOfRange = 7,
  kUnknownHead = 8,
  kModelUnknown = 9,
  kSessionUnknown = 10,
  kSessionExpired = 11,
  kModelMismatch = 12,
  kModelNotStreamable = 13,
  kModelRetired = 14,
  kStateMismatch = 15,
  kSessionReplaced = 16,
  kStepTooOld = 17,
  kSessionExists = 18,
  kStepGap = 19,
  kStepOverlap = 20,
  kPreviousStepFailed = 21,
  kQueueFull = 22,
  kSessionLimit = 23,
  kOutputTooLong = 24,
  kDeadline = 25,
  kDraining = 26,
  kStoreUnavailable = 27,
  kStateLost = 28,
  kBadToken = 29,
  kInternalError = 30,
};
inline constexpr int kReasonCount = 31;

// "STEP_GAP". Static storage.
std::string_view ReasonName(Reason reason);

// The status code every error with this reason has.
absl::StatusCode ReasonCode(Reason reason);

// An error with the reason's code and the reason attached. `message` says what was expected, what
// came, and where; it is cut to 1 KB.
Status MakeError(Reason reason, std::string_view message);

// The reason attached to a status; kUnspecified if there is none (or it is OK).
Reason ReasonOf(const Status& status);

// The number the session's next request must carry, attached to step errors.
Status WithNextStep(Status status, uint64_t next_step);
std::optional<uint64_t> NextStepOf(const Status& status);

// Bytes from outside, made safe to quote in a message: printable ASCII kept, the rest as \xNN, cut
// with "..." after `max_bytes`.
std::string Quoted(std::string_view bytes, size_t max_bytes = 64);

// The candidate nearest to `word` (a third of its letters wrong or exchanged, at least one), or "".
// For "unknown key 'x'; did you mean 'y'?".
std::string_view Nearest(std::string_view word, const std::string_view* candidates, size_t count);

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_ERROR_H_
