// The token input of a model, its codec fitted.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_TEXT_INPUT_H_
#define SEQUENT_TRAINER_TEXT_INPUT_H_

#include <span>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "sequent/v1/model.pb.h"
#include "sequent/v1/train.pb.h"

namespace sequent {

// Learned from `texts` alone. `known_pieces` (or none): a SentencePiece model to take rather than
// learn one. INVALID_ARGUMENT names the key under `path` ("model.input[0].tokens").
StatusOr<v1::TokenInput> FitTokenInput(const std::string& path, const v1::TokenSpec& spec,
                                       std::span<const std::string_view> texts,
                                       std::string_view known_pieces = {});

}  // namespace sequent

#endif  // SEQUENT_TRAINER_TEXT_INPUT_H_
