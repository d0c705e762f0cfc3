// The type of a model's weights, and with it the arithmetic of everything computed from them.
//
// fp32: floats. bf16: fp32 arithmetic on weights rounded to nearest even to their upper 16 bits.
// int8: matrices of whole numbers with a scale per output, inputs quantised row by row; embeddings
// in bf16. Biases are floats in each. Thread safety: pure functions.
#ifndef SEQUENT_CORE_BASE_PRECISION_H_
#define SEQUENT_CORE_BASE_PRECISION_H_

#include <string_view>

#include "core/base/status.h"

namespace sequent {

// Values are stored in exported states: for life.
enum class Precision { kFp32 = 0, kBf16 = 1, kInt8 = 2 };

// "fp32", "bf16", "int8". Static storage.
const char* PrecisionName(Precision precision);

// INVALID_ARGUMENT unless it is one of these names.
StatusOr<Precision> ParsePrecision(std::string_view name);

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_PRECISION_H_
