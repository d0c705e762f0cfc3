// A ModelConfig as the JSON text that a model file stores.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_CONFIG_JSON_H_
#define SEQUENT_CORE_MODEL_CONFIG_JSON_H_

#include <string>
#include <string_view>

#include "core/base/status.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

// Field names as in model.proto. Numbers survive the way there and back bit for bit; the same
// message gives the same text.
StatusOr<std::string> ConfigToJson(const v1::ModelConfig& config);

// Strict: duplicate keys, unknown fields, and what is no JSON are refused (INVALID_ARGUMENT). What
// the fields hold is not checked: ResolveGraph does that.
StatusOr<v1::ModelConfig> ConfigFromJson(std::string_view json);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_CONFIG_JSON_H_
