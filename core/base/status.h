// Returning early on errors. absl::Status is the one error type inside Sequent.
#ifndef SEQUENT_CORE_BASE_STATUS_H_
#define SEQUENT_CORE_BASE_STATUS_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#define SEQ_CONCAT_INNER(a, b) a##b
#define SEQ_CONCAT(a, b) SEQ_CONCAT_INNER(a, b)

// Evaluates an absl::Status expression once; returns it from the enclosing function unless it is
// OK.
#define SEQ_RETURN_IF_ERROR(expression)                                              \
  do {                                                                               \
    if (absl::Status seq_status = (expression); !seq_status.ok()) return seq_status; \
  } while (false)

// SEQ_ASSIGN_OR_RETURN(auto x, ComputeX()): moves the value out of a StatusOr, or returns its
// status.
#define SEQ_ASSIGN_OR_RETURN(declaration, expression) \
  SEQ_ASSIGN_OR_RETURN_INNER(SEQ_CONCAT(seq_status_or_, __LINE__), declaration, expression)
#define SEQ_ASSIGN_OR_RETURN_INNER(name, declaration, expression) \
  auto name = (expression);                                       \
  if (!name.ok()) return std::move(name).status();                \
  declaration = *std::move(name)

namespace sequent {

using absl::Status;
using absl::StatusOr;
using absl::StrCat;

// Debian's absl::string_view is its own type, with no conversion to or from std::string_view.
inline absl::string_view ToAbsl(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view ToStd(absl::string_view s) { return {s.data(), s.size()}; }
inline std::string_view Message(const Status& status) { return ToStd(status.message()); }

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_STATUS_H_
