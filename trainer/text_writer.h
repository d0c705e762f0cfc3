// Text that a language model writes.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_TEXT_WRITER_H_
#define SEQUENT_TRAINER_TEXT_WRITER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "core/nn/model.h"
#include "core/nn/sampling.h"

namespace sequent {

// Reads `context` and then gives `take` what the model writes after it, symbol by symbol; nothing
// after no context. The same seed gives the same text.
void WriteText(const Model& model, std::span<const int32_t> context, uint64_t symbols,
               const SamplingOptions& sampling, uint64_t seed,
               const std::function<void(const std::string& text)>& take);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_TEXT_WRITER_H_
