// JSON from outside, before anything lenient reads it.
#ifndef SEQUENT_CORE_MODEL_STRICT_JSON_H_
#define SEQUENT_CORE_MODEL_STRICT_JSON_H_

#include <string_view>

#include "core/base/status.h"

namespace sequent {

// `text` is one JSON value (RFC 8259, no comments or trailing commas), at most 32 levels deep, and
// no object has a key twice. INVALID_ARGUMENT says which and where. Thread safety: pure.
Status CheckStrictJson(std::string_view text);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_STRICT_JSON_H_
