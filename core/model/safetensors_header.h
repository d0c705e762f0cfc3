// The JSON header of a safetensors file as events; a part of ParseSafetensors.
#ifndef SEQUENT_CORE_MODEL_SAFETENSORS_HEADER_H_
#define SEQUENT_CORE_MODEL_SAFETENSORS_HEADER_H_

#include <string_view>

#include "core/base/status.h"
#include "core/model/safetensors.h"

namespace sequent {

// Fills in metadata and tensors, in the header's order; offsets are not checked against each other
// or the data yet. Pure.
Status ReadSafetensorsHeader(std::string_view json, Safetensors* out);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_SAFETENSORS_HEADER_H_
