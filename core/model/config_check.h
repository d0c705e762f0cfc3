// The small checks that all of a configuration's checks are made of, and its limits.
//
// Every error is INVALID_ARGUMENT and reads "<path>: expected <what>, got <what came>", the path
// being the field's as in JSON: "layers[2].lstm.units". Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_CONFIG_CHECK_H_
#define SEQUENT_CORE_MODEL_CONFIG_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace sequent {

// Far above any sensible model, low enough that no product of them overflows 64 bits.
inline constexpr size_t kMaxWidth = 65536;
inline constexpr size_t kMaxQrnnWindow = 64;
inline constexpr size_t kMaxTokens = 1u << 20;
inline constexpr size_t kMaxLayers = 256;
inline constexpr size_t kMaxHeads = 64;
inline constexpr size_t kMaxLevels = 99;
inline constexpr size_t kMaxHorizon = 1024;
inline constexpr size_t kMaxNameBytes = 64;
inline constexpr size_t kMaxLabelBytes = 256;
inline constexpr uint64_t kMaxParameters = uint64_t{1} << 34;

Status Expected(std::string_view path, std::string_view expected, std::string_view got);

// 1 .. max.
Status CheckCount(std::string_view path, uint64_t value, uint64_t max);

// [A-Za-z0-9_-]{1,64}: parts of tensor names.
Status CheckName(std::string_view path, std::string_view name);

// What people call a column or class: 1 to 256 bytes.
Status CheckLabel(std::string_view path, std::string_view label);

// The index of `value` among `choices`; empty is the first one. A value that is none of them: the
// nearest one is named.
StatusOr<size_t> CheckChoice(std::string_view path, std::string_view value,
                             std::span<const std::string_view> choices);

// "layers[2]"
std::string Indexed(std::string_view list, size_t index);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_CONFIG_CHECK_H_
