// A session's state row as bytes that leave the process.
//
//   "SQ" | format 1 | precision (0: fp32, 1: bf16, 2: int8) | 4 zero bytes | the row
//
// Precisions differ in their sums, so a state goes on only in the one it was made in.
//
// Thread safety: pure functions.
#ifndef SEQUENT_SERVER_ENGINE_STATE_FORMAT_H_
#define SEQUENT_SERVER_ENGINE_STATE_FORMAT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/nn/model.h"

namespace sequent::engine {

std::string PackState(const Model& model, const std::byte* row);

// Fills `row` [state_size] from bytes of unknown origin. STATE_MISMATCH unless they are a state
// this model could have written; `row` is then unspecified.
Status UnpackState(const Model& model, std::string_view bytes, std::byte* row);

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_STATE_FORMAT_H_
