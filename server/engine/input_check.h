// Whether a request's input is one this model can take: kind, width, values, token ids.
//
// Everything is checked before the first step, so a request is refused whole.
// Thread safety: pure functions.
#ifndef SEQUENT_SERVER_ENGINE_INPUT_CHECK_H_
#define SEQUENT_SERVER_ENGINE_INPUT_CHECK_H_

#include <cstdint>

#include "core/base/status.h"
#include "core/nn/model.h"
#include "server/engine/request.h"

namespace sequent::engine {

// Rows, token ids, or bytes of text.
uint64_t UnitsOf(const Input& input);

// INPUT_KIND, INPUT_WIDTH, INPUT_NOT_FINITE, INPUT_TIME or TOKEN_OUT_OF_RANGE, naming the step.
// Times: one per step if the codec uses them, strictly increasing, within some 8,000 years of 1970;
// else none.
Status CheckTimes(const SeriesCodec& codec, std::string_view path, std::span<const int64_t> unix_ms,
                  size_t steps);
Status CheckInput(const Model& model, const Input& input);

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_INPUT_CHECK_H_
