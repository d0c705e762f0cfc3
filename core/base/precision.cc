#include "core/base/precision.h"

#include "core/base/error.h"

namespace sequent {

const char* PrecisionName(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return "fp32";
    case Precision::kBf16:
      return "bf16";
    case Precision::kInt8:
      return "int8";
  }
  return "unknown";
}

StatusOr<Precision> ParsePrecision(std::string_view name) {
  for (const Precision p : {Precision::kFp32, Precision::kBf16, Precision::kInt8}) {
    if (name == PrecisionName(p)) return p;
  }
  return absl::InvalidArgumentError(
      StrCat("expected fp32, bf16 or int8, got '", Quoted(name), "'"));
}

}  // namespace sequent
